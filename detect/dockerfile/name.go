package dockerfile

import "strings"

// otherFiles are the endings of files that are about Dockerfiles, or happen to be named like one, and are something
// else: dockerfile.go, Dockerfile.md, dockerfile_test.py. Templates (.j2, .tmpl, .in, .erb) and copies (.bak, .orig)
// are not among them: what they hold is a Dockerfile, nearly.
var otherFiles = map[string]bool{
	"dockerignore": true, "containerignore": true,
	"go": true, "py": true, "rb": true, "rs": true, "js": true, "mjs": true, "cjs": true, "jsx": true, "ts": true, "tsx": true, "java": true,
	"kt": true, "scala": true, "c": true, "h": true, "cc": true, "cpp": true, "cs": true, "php": true, "pl": true, "pm": true, "lua": true,
	"vim": true, "el": true, "hs": true, "ex": true, "exs": true, "swift": true, "dart": true, "r": true, "sql": true,
	"sh": true, "bash": true, "zsh": true, "fish": true, "ps1": true, "bat": true, "cmd": true,
	"md": true, "mdx": true, "rst": true, "adoc": true, "html": true, "htm": true, "css": true, "scss": true, "less": true, "xml": true,
	"json": true, "jsonc": true, "json5": true, "yml": true, "yaml": true, "toml": true, "ini": true, "hcl": true, "tf": true, "lock": true,
	"csv": true, "tsv": true, "log": true, "diff": true, "patch": true, "snap": true, "sarif": true, "snippets": true, "tmlanguage": true,
	"cson": true, "ipynb": true, "svg": true, "png": true, "jpg": true, "jpeg": true, "gif": true, "ico": true, "webp": true, "pdf": true,
	"gz": true, "tgz": true, "zip": true, "tar": true, "swp": true, "pyc": true,
}

// IsDockerfile says whether a file of this name, without its folders, is taken to be a Dockerfile: Dockerfile,
// Dockerfile.dev, Dockerfile-dev, Dockerfile_dev, web.Dockerfile, and the same with Containerfile; in any case.
func IsDockerfile(base string) bool {
	// No file system has longer names, and few have ones that are not ASCII.
	if len(base) < len("dockerfile") || len(base) > 255 {
		return false
	}
	name := strings.ToLower(base)
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 && otherFiles[name[dot+1:]] {
		return false
	}
	return named(name, "dockerfile") || named(name, "containerfile")
}

// named says whether the word stands in name with a dot (or the start) before it and a dot, dash or underscore (or the
// end) behind it. A dash or underscore behind is taken only where the word begins the name.
func named(name, word string) bool {
	rest, first := strings.CutPrefix(name, word)
	if !first {
		i := strings.LastIndex(name, "."+word)
		if i <= 0 {
			return false
		}
		rest = name[i+1+len(word):]
	}
	if rest == "" {
		return true
	}
	switch rest[0] {
	case '.':
		return len(rest) > 1
	case '-', '_':
		return first && len(rest) > 1
	}
	return false
}
