package dotenv

import "strings"

// otherFiles are the endings of files that are named like .env files and are something else: programs, documents,
// and what is encrypted.
var otherFiles = map[string]bool{
	"go": true, "py": true, "rb": true, "rs": true, "js": true, "mjs": true, "cjs": true, "jsx": true, "ts": true, "tsx": true, "java": true,
	"kt": true, "scala": true, "c": true, "h": true, "cc": true, "cpp": true, "hpp": true, "cs": true, "php": true, "pl": true, "lua": true,
	"ps1": true, "bat": true, "cmd": true, "fish": true, "vue": true, "svelte": true, "dart": true, "swift": true, "ex": true, "exs": true,
	"md": true, "mdx": true, "rst": true, "adoc": true, "html": true, "htm": true, "css": true, "scss": true, "xml": true, "sql": true,
	"json": true, "jsonc": true, "json5": true, "yml": true, "yaml": true, "toml": true, "ini": true, "tf": true, "hcl": true, "lock": true,
	"diff": true, "patch": true, "snap": true, "map": true, "svg": true, "png": true, "jpg": true, "gif": true, "ico": true, "pdf": true,
	"gz": true, "tgz": true, "zip": true, "tar": true, "swp": true, "pyc": true, "log": true, "mk": true, "cmake": true, "gradle": true,
	"gpg": true, "asc": true, "age": true, "enc": true, "encrypted": true, "vault": true, "j2": true, "erb": true, "eex": true,
}

// sampleWords mark a file that shows what a real one looks like.
var sampleWords = map[string]bool{
	"example": true, "examples": true, "sample": true, "samples": true, "template": true, "tpl": true, "tmpl": true, "dist": true,
	"defaults": true, "default": true, "dummy": true, "skel": true, "skeleton": true, "placeholder": true,
}

// ForName says how a file of this name, without its folders, is read; ok is false if it is not taken for a .env file:
// .env, .env.local, .env-prod, prod.env, .envrc, .flaskenv, .dev.vars, env.production, in any case.
func ForName(base string) (o Options, ok bool) {
	if len(base) < len(".env") || len(base) > 255 {
		return Options{}, false
	}
	name := strings.ToLower(base)
	stem := strings.TrimSuffix(name, "~")
	if dot := strings.LastIndexByte(stem, '.'); dot >= 0 && otherFiles[stem[dot+1:]] {
		return Options{}, false
	}
	words := strings.FieldsFunc(stem, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	for _, w := range words {
		o.Sample = o.Sample || sampleWords[w]
	}
	switch {
	case begins(stem, ".envrc"), stem == ".env.sh", stem == "env.sh":
		o.Shell = true
		return o, true
	case begins(stem, ".env"), begins(stem, ".flaskenv"), begins(stem, ".dev.vars"):
		return o, true
	case strings.HasPrefix(stem, "env.") && len(words) > 1, strings.HasPrefix(stem, "env-") && o.Sample, strings.HasPrefix(stem, "env_") && o.Sample:
		return o, words[len(words)-1] != "sh"
	case strings.HasSuffix(stem, ".env") && len(words) > 1, strings.Contains(stem, ".env."):
		return o, words[len(words)-1] != "sh"
	}
	return Options{}, false
}

// begins reports whether name is word, or word with a dot, dash or underscore and something behind it.
func begins(name, word string) bool {
	rest, ok := strings.CutPrefix(name, word)
	return ok && (rest == "" || strings.IndexByte(".-_", rest[0]) >= 0)
}

// IsDotenv says whether a file of this name, without its folders, is taken for a .env file.
func IsDotenv(base string) bool {
	_, ok := ForName(base)
	return ok
}

// IsSample says whether a .env file of this name is one that shows what a real one looks like: .env.example,
// prod.env.dist, sample.env.
func IsSample(base string) bool {
	o, ok := ForName(base)
	return ok && o.Sample
}
