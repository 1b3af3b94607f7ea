package dockerfile

import (
	"bytes"
	"strings"
)

// mount is a --mount=type=secret of RUN.
type mount struct {
	id     Text   // its id, where that is given; else its target
	env    []byte // the variable that holds it
	target string // the file that holds it, empty for none
}

// maxMounts bounds the secrets of one RUN that are followed.
const maxMounts = 64

// secretMounts are the secrets that RUN mounts. Options may stand in any order; source is another word for id, the
// target is /run/secrets and the id unless something else is said (docs.docker.com/reference/dockerfile, RUN --mount).
func secretMounts(in *Instruction) []mount {
	var list []mount
	for i := range in.Flags {
		f := &in.Flags[i]
		if len(list) == maxMounts {
			break
		}
		if f.Name != "mount" {
			continue
		}
		if t, ok := f.Option("type"); !ok || !bytes.EqualFold(t.Value.Bytes, []byte("secret")) {
			continue
		}
		var m mount
		id, hasID := f.Option("id", "source", "src")
		target, hasTarget := f.Option("target", "dst", "destination")
		env, hasEnv := f.Option("env")
		switch {
		case hasID:
			m.id = id.Value
		case hasTarget:
			m.id = target.Value
		case hasEnv:
			m.id = env.Value
		default:
			continue
		}
		m.env = env.Value.Bytes
		switch {
		case hasTarget:
			m.target = target.Value.String()
		case !hasEnv:
			m.target = "/run/secrets/" + m.id.String()[strings.LastIndexByte(m.id.String(), '/')+1:]
		}
		list = append(list, m)
	}
	return list
}

// flow follows mounted secrets through the commands of one RUN: variables that hold one, pipes that carry one, files
// that one is written to and that stay in the layer.
type flow struct {
	mounts  []mount
	held    map[string]int // variables by name: the mount that they hold
	sourced int            // the mount whose file a shell has read as its own text, -1 for none
	carried int            // the mount whose secret the pipe into the next command carries, -1 for none
	writes  []write
}

// write is a secret that reaches a file.
type write struct {
	mount int
	file  string
}

// persists notes the mounted secrets of a RUN, and those that it writes into its layer.
func (x *facts) persists(file *File, in *Instruction) {
	mounts := secretMounts(in)
	if len(mounts) == 0 {
		return
	}
	f := flow{mounts: mounts, held: map[string]int{}, carried: -1, sourced: -1}
	for i, m := range mounts {
		for _, name := range []string{plainName(m.id.Bytes), plainName(m.env)} {
			if name != "" {
				x.mounts = append(x.mounts, name)
			}
		}
		if len(m.env) > 0 {
			f.held[string(m.env)] = i
		}
	}
	for _, s := range file.Shell(in) {
		if !s.Shell {
			if w := f.holds(s.Text.Bytes); w >= 0 && s.Target.Len() > 0 && !s.Heredoc.Quoted {
				f.write(w, s.Target.String())
			}
			continue
		}
		Commands(s.Text, s.Escape, f.command)
	}
	seen := make([]bool, len(mounts))
	for _, w := range f.writes {
		if !seen[w.mount] {
			seen[w.mount] = true
			x.written = append(x.written, mounts[w.mount].id.Place())
		}
	}
}

// holds is the mount whose secret a text brings in, -1 for none: it names the file of one, or a variable that holds it.
func (f *flow) holds(b []byte) int {
	for i, m := range f.mounts {
		if m.target != "" && bytes.Contains(b, []byte(m.target)) {
			return i
		}
	}
	for i := bytes.IndexByte(b, '$'); i >= 0 && i < len(b); i++ {
		if b[i] != '$' {
			continue
		}
		j := i + 1
		if j < len(b) && b[j] == '{' {
			j++
		}
		end := j
		for end < len(b) && (letter(b[end]) || digit(b[end]) || b[end] == '_') {
			end++
		}
		if m, ok := f.held[string(b[j:end])]; ok {
			return m
		}
	}
	return -1
}

func (f *flow) write(mount int, file string) {
	if stays(file) {
		f.writes = append(f.writes, write{mount, file})
	}
}

// stays says whether what is written to a file ends in the layer.
func stays(file string) bool {
	for _, p := range []string{"/dev/", "/proc/", "/sys/", "/run/secrets/", "&"} {
		if strings.HasPrefix(file, p) {
			return false
		}
	}
	return true
}

// command follows one command.
func (f *flow) command(c *Command) {
	program := programOf(c)
	in := -1
	if f.carried >= 0 {
		in = f.carried
	}
	f.carried = -1
	for i := range c.Assigns {
		if m := f.holds(c.Assigns[i].Raw.Bytes); m >= 0 {
			f.held[c.Assigns[i].Name.String()] = m
		}
	}
	words := c.Words
	for len(words) > 0 && (program == "sudo" || program == "env" || program == "exec") {
		words = words[1:]
		program = ""
		if len(words) > 0 {
			program = words[0].Value.String()
		}
	}
	arg := -1
	for i := range words {
		w := &words[i]
		m := f.holds(w.Raw.Bytes)
		if m < 0 {
			continue
		}
		if eq := bytes.IndexByte(w.Value.Bytes, '='); eq > 0 && (program == "export" || program == "declare" || program == "local") {
			f.held[string(w.Value.Bytes[:eq])] = m
			continue
		}
		arg = m
	}
	for i := range c.Redirs {
		r := &c.Redirs[i]
		if r.Op == "<" || r.Op == "<<<" {
			if m := f.holds(r.Target.Raw.Bytes); m >= 0 {
				in = m
			}
		}
		if m := f.holds(r.Body.Bytes); m >= 0 && r.Body.Len() > 0 {
			in = m
		}
	}
	f.effect(c, program, words, arg, in)
}

// effect says what a command does with a secret among its arguments (arg) or at its input (in), -1 for none.
func (f *flow) effect(c *Command, program string, words []Word, arg, in int) {
	switch program {
	case "rm", "shred", "unlink":
		for _, w := range words[1:] {
			f.remove(w.Value.String())
		}
		return
	case ".", "source":
		f.sourced = max(f.sourced, arg)
		return
	case "export", "set", "unset", "test", "[", "true", "false", "cd", "read", "if", "while", "until":
		return
	}
	// What comes out of a command that was given a secret is taken for the secret when the command only passes on.
	out := -1
	switch program {
	case "cat", "echo", "printf", "envsubst", "sed", "awk", "tr", "cut", "head", "tail", "base64", "jq", "grep", "tee", "xargs", "openssl", "gpg", "sort":
		out = max(arg, in)
		if program == "envsubst" {
			out = max(out, f.sourced)
			for _, m := range f.held {
				out = max(out, m)
			}
		}
	}
	if out >= 0 {
		for i := range c.Redirs {
			switch r := &c.Redirs[i]; r.Op {
			case ">", ">>", ">|", "&>", "&>>":
				if r.FD != 2 {
					f.write(out, r.Target.Value.String())
					out = -1
				}
			}
		}
	}
	if c.Next == "|" {
		f.carried = out
	}
	f.files(program, words, arg, in)
}

// files looks at programs that write files themselves.
func (f *flow) files(program string, words []Word, arg, in int) {
	switch {
	case len(words) < 2:
	case undoes(words):
		for _, k := range keepers {
			if k.program == program {
				f.remove(k.file)
			}
		}
	case program == "tee" && in >= 0:
		for i := range words[1:] {
			if w := words[1+i].Value; w.Len() > 0 && w.Bytes[0] != '-' {
				f.write(in, w.String())
			}
		}
	case (program == "cp" || program == "install" || program == "mv" || program == "dd" || program == "rsync") && arg >= 0:
		last := words[len(words)-1].Value
		if f.holds(words[len(words)-1].Raw.Bytes) < 0 {
			f.write(arg, strings.TrimPrefix(last.String(), "of="))
		}
	case program == "sed" && arg >= 0 && hasFlag(words, "-i"):
		last := words[len(words)-1].Value
		f.write(arg, last.String())
	case program == "git" && arg >= 0 && words[1].Value.String() == "clone":
		for i := range words[2:] {
			if w := &words[2+i]; bytes.Contains(w.Raw.Bytes, []byte("://")) && bytes.IndexByte(w.Raw.Bytes, '@') > 0 && f.holds(w.Raw.Bytes) >= 0 {
				f.write(arg, cloneFolder(words[2+i:]))
			}
		}
	case arg >= 0 || in >= 0:
		if file, ok := keeps(program, words); ok {
			f.write(max(arg, in), file)
		}
	}
}

// cloneFolder is the folder that git clone makes, as far as its words tell; words begin with the URL.
func cloneFolder(words []Word) string {
	if len(words) > 1 && words[1].Value.Len() > 0 && words[1].Value.Bytes[0] != '-' {
		return words[1].Value.String()
	}
	url := strings.TrimSuffix(words[0].Value.String(), ".git")
	return url[strings.LastIndexByte(url, '/')+1:]
}

func hasFlag(words []Word, flag string) bool {
	for i := range words {
		if strings.HasPrefix(words[i].Value.String(), flag) {
			return true
		}
	}
	return false
}

// keepers are commands that keep what they are given in a file of their own, with that file.
var keepers = []struct{ program, words, file string }{
	{"npm", "config set", ".npmrc"}, {"npm", "set", ".npmrc"}, {"npm", "login", ".npmrc"}, {"pnpm", "config set", ".npmrc"}, {"yarn", "config set", ".yarnrc.yml"},
	{"pip", "config set", "pip.conf"}, {"pip3", "config set", "pip.conf"}, {"git", "config", ".gitconfig"}, {"git", "remote add", ".git/config"},
	{"git", "remote set-url", ".git/config"}, {"poetry", "config", "auth.toml"}, {"composer", "config", "auth.json"}, {"bundle", "config", ".bundle/config"},
	{"docker", "login", ".docker/config.json"}, {"podman", "login", "auth.json"}, {"buildah", "login", "auth.json"}, {"skopeo", "login", "auth.json"},
	{"crane", "auth login", ".docker/config.json"}, {"oras", "login", ".docker/config.json"}, {"helm", "registry login", "registry.json"}, {"helm", "repo add", "repositories.yaml"},
	{"aws", "configure set", ".aws/credentials"}, {"gh", "auth login", "hosts.yml"}, {"glab", "auth login", "config.yml"}, {"gcloud", "auth activate-service-account", ".config/gcloud"},
	{"az", "login", ".azure"}, {"cargo", "login", "credentials.toml"}, {"gem", "signin", "credentials"}, {"nuget", "sources add", "NuGet.Config"},
	{"dotnet", "nuget add", "NuGet.Config"}, {"dotnet", "nuget update", "NuGet.Config"}, {"vault", "login", ".vault-token"}, {"doctl", "auth init", "config.yaml"},
	{"kubectl", "config set-credentials", ".kube/config"}, {"rclone", "config", "rclone.conf"}, {"mc", "alias set", "config.json"}, {"snyk", "auth", "configstore"},
	{"heroku", "authorizations:create", ".netrc"}, {"chpasswd", "", ""}, {"conan", "remote login", "conan"}, {"huggingface-cli", "login", "token"}, {"wandb", "login", ".netrc"},
}

// keeps says whether a command keeps a secret that it is given.
func keeps(program string, words []Word) (file string, ok bool) {
	for _, k := range keepers {
		if k.program != program {
			continue
		}
		want, at := strings.Fields(k.words), 1
		for len(want) > 0 && at < len(words) {
			switch w := words[at].Value.String(); {
			case w == want[0]:
				want = want[1:]
			case strings.HasPrefix(w, "-"):
			default:
				at = len(words)
			}
			at++
		}
		if len(want) == 0 {
			return k.file, true
		}
	}
	return "", false
}

// undoes says whether a command takes out of a client's file what another one put in.
func undoes(words []Word) bool {
	for i := 1; i < len(words) && i < 4; i++ {
		switch words[i].Value.String() {
		case "delete", "logout", "--unset", "--unset-all", "--remove-section", "unset", "rm", "remove", "revoke":
			return true
		}
	}
	return false
}

// remove takes back what was written to a file that is deleted in the same instruction.
func (f *flow) remove(path string) {
	path = strings.TrimRight(path, "/*")
	base := path[strings.LastIndexByte(path, '/')+1:]
	if base == "" {
		return
	}
	kept := f.writes[:0]
	for _, w := range f.writes {
		file := strings.Trim(w.file, "\"'")
		if file == path || strings.HasPrefix(file, path+"/") || file[strings.LastIndexByte(file, '/')+1:] == base ||
			strings.HasSuffix(path, "/.git") && strings.TrimSuffix(path, "/.git") == file {
			continue
		}
		kept = append(kept, w)
	}
	f.writes = kept
}
