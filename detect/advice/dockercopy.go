package advice

import (
	"slices"
	"strings"

	"rummage/detect/credfile"
	"rummage/detect/dockerfile"
)

// copies is COPY and ADD.
func (d *docker) copies() {
	switch d.f.Context {
	case dockerfile.ContextCopyAll:
		d.w.say("Keep credentials out of the build context: these lines in .dockerignore, beside the folder that is built from")
		d.w.code(".git", "**/.env", "**/.env.*", "!**/.env.example", "**/.npmrc", "**/.netrc", "**/.aws", "**/.ssh", "**/id_*", "**/*.pem", "**/*.key", "**/*.p12")
		d.w.say("or copy what the image needs by name (COPY package.json src/ ./).")
	case dockerfile.ContextCopyCredential, dockerfile.ContextCopyRemoved:
		d.credential()
	default:
		d.copiedText()
	}
}

// copiedText is a secret in a URL of ADD, or in a heredoc.
func (d *docker) copiedText() {
	if text := d.shell(d.in); strings.Contains(text[:min(len(text), maxInstruction)], "://") {
		d.w.say("Take the user part out of the address and give the token to the build, for git and for other addresses:")
		d.w.code("docker build --secret id=GIT_AUTH_TOKEN,env=GIT_AUTH_TOKEN .", "docker build --secret id=HTTP_AUTH_TOKEN_HOST,env=HTTP_AUTH_TOKEN .")
		return
	}
	id := secretID(d.f)
	d.w.say("The document stands in a layer. Leave the value out of it, and mount the file when something reads it:")
	d.w.code("RUN --mount=type=secret,id="+id+",target=PATH COMMAND", "docker build --secret id="+id+",src=FILE .")
}

// credential is a file of credentials that is copied.
func (d *docker) credential() {
	name := plain(d.f.Key, 2*maxName)
	kind := credfile.Copied(name, d.destination())
	ignored := contextPattern(name)
	name = oneOf.Replace(name)
	b := plain(baseName(name), maxName)
	if kind == credfile.GitFolder {
		d.w.say("Take the copy out and keep .git out of the build context (.dockerignore):")
		d.w.code(".git")
		d.w.say("Where a command asks git for a version, give it one, or mount the folder for that command:")
		d.w.code("docker build --build-arg VERSION=$(git describe) .", "RUN --mount=type=bind,source=.git,target=.git COMMAND")
		return
	}
	d.w.say("Take this out:")
	d.w.code(d.shownCopy())
	if d.f.Context == dockerfile.ContextCopyRemoved {
		d.w.say("and the later RUN that deletes it: the layer of the copy keeps the file.")
	}
	target := d.target(b)
	switch kind {
	case credfile.SSHKey:
		d.w.say("Let the build use the SSH agent of whoever builds:")
		d.w.code(syntaxLine, "RUN --mount=type=ssh "+d.next("git", "ssh", "scp", "npm", "yarn", "pip", "go", "composer", "bundle", "rsync", "cargo", "poetry"), "docker build --ssh default .")
	case credfile.Env:
		d.w.say("Give the variables to the container when it runs:")
		d.w.code("docker run --env-file "+b+" IMAGE", "(compose: env_file: "+b+")")
		d.w.say("or, for one command of the build:")
		d.w.code("RUN --mount=type=secret,id=dotenv,target="+target+" COMMAND", "docker build --secret id=dotenv,src="+name+" .")
	case credfile.PrivateKey, credfile.KeyStore, credfile.Htpasswd:
		id := strings.ToLower(identifier(b))
		d.w.say("Mount it when the container runs:")
		d.w.code("docker run --mount type=bind,src=./" + b + ",dst=" + target + ",readonly IMAGE")
		d.w.say("or, with compose:")
		d.w.code("services:", "  app:", "    secrets:", "      - source: "+id, "        target: "+target, "secrets:", "  "+id+":", "    file: ./"+b)
		d.w.say("or, for one command of the build:")
		d.w.code("RUN --mount=type=secret,id="+id+",target="+target+" COMMAND", "docker build --secret id="+id+",src="+name+" .")
	default:
		id := strings.ToLower(identifier(b))
		d.w.say(mountsFile)
		d.w.code(syntaxLine, "RUN --mount=type=secret,id="+id+",target="+target+" "+d.next(programsFor(kind)...), "docker build --secret id="+id+",src="+name+" .")
	}
	if d.in.Flag("from") == nil {
		d.w.say("Keep it out of the build context: in .dockerignore")
		d.w.code(ignored)
	}
}

// oneOf makes the name of one file of a pattern.
var oneOf = strings.NewReplacer("*", "NAME", "?", "X")

// contextPattern is the line of .dockerignore that keeps out what is copied. Patterns are the same there and in COPY. A
// file whose name many harmless files have is named with its folder.
func contextPattern(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "./"), "/")
	b := plain(baseName(name), maxName)
	switch {
	case strings.ContainsAny(b, "*?["):
		return "**/" + b
	case b == "config", b == "config.json", b == "credentials", b == "settings.xml":
		return ignoreLine(name)[1:]
	}
	return "**/" + ignoreLine(b)[1:]
}

// destination is where the instruction copies to, as it says it.
func (d *docker) destination() string {
	if n := len(d.in.Args); n > 1 {
		return string(d.in.Args[n-1].Value.Bytes)
	}
	return ""
}

// programsFor are those that read a file of credentials.
func programsFor(k credfile.Kind) []string {
	switch k {
	case credfile.NPM:
		return []string{"npm", "yarn", "pnpm", "bun"}
	case credfile.Python:
		return []string{"pip", "pip3", "poetry", "uv", "pipenv", "twine"}
	case credfile.Netrc:
		return []string{"git", "curl", "wget", "pip", "go"}
	case credfile.Git:
		return []string{"git", "go", "npm", "composer"}
	case credfile.Cloud:
		return []string{"aws", "gcloud", "gsutil", "az"}
	case credfile.Kube:
		return []string{"kubectl", "helm"}
	case credfile.Terraform:
		return []string{"terraform"}
	}
	return []string{"mvn", "gradle", "cargo", "composer", "bundle", "gem", "dotnet"}
}

// next is the next command that runs one of the programs.
func (d *docker) next(programs ...string) string {
	runs := func(list []piece) bool {
		name, _ := programOf(list)
		return slices.Contains(programs, name)
	}
	for in := range d.ahead() {
		if in.Name != "RUN" || in.Text.Len() > maxInstruction {
			continue
		}
		text := d.shell(in)
		if !slices.ContainsFunc(programs, func(p string) bool { return mentions(text, p) }) || !d.a.spend(len(text)) {
			continue
		}
		for list := range (&command{pieces: words(text)}).simple() {
			if runs(list) {
				return d.shortened(in, runs, "", baseName(d.f.Key))
			}
		}
	}
	return "COMMAND"
}

// shownCopy is the instruction as it stands, sources and destination being paths.
func (d *docker) shownCopy() string {
	text := d.shell(d.in)
	if len(text) > maxInstruction {
		text = d.f.Key
	}
	from := ""
	if f := d.in.Flag("from"); f != nil {
		from = "--from=" + plain(string(f.Value.Bytes), maxName) + " "
	}
	return d.in.Name + " " + from + plain(hideWithin(withoutValues(text, d.a.within(d.in.Span)), 0), maxLine)
}

// target is where the file stands in the image, as far as that is known.
func (d *docker) target(base string) string {
	args := d.in.Args
	if len(args) < 2 {
		return "PATH"
	}
	dest := plain(string(args[len(args)-1].Value.Bytes), maxLine/2)
	if strings.Contains(dest, " ") {
		return "PATH"
	}
	switch {
	case dest == "." || dest == "./":
		dest = base
	case strings.HasSuffix(dest, "/") || strings.HasSuffix(dest, "/.") || len(args) > 2:
		dest = strings.TrimRight(strings.TrimSuffix(dest, "/."), "/") + "/" + base
	}
	dest = strings.Replace(dest, "~/", "/root/", 1)
	if strings.HasPrefix(dest, "/") || strings.HasPrefix(dest, "$") {
		return dest
	}
	if dir := d.workdir(); dir != "" {
		return strings.TrimSuffix(dir, "/") + "/" + strings.TrimPrefix(dest, "./")
	}
	return dest
}

// workdir is the folder that the last WORKDIR before the instruction names, if that is an absolute one.
func (d *docker) workdir() string {
	list := d.a.docker.Instructions
	dir := ""
	for n, i := 0, d.index()-1; n < maxAhead && i >= 0 && list[i].Stage == d.outer.Stage; n, i = n+1, i-1 {
		if list[i].Name == "WORKDIR" {
			dir = plain(strings.Trim(string(list[i].Rest.Bytes), `"'`), maxLine/2)
			break
		}
	}
	if !strings.HasPrefix(dir, "/") || strings.ContainsAny(dir, " $") {
		return ""
	}
	return dir
}
