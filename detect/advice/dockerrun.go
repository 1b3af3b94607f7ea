package advice

import (
	"slices"
	"strings"
)

// env is an ENV that holds a secret.
func (d *docker) env() {
	name := variable(d.f)
	v, _ := d.variable()
	if v != nil {
		if n := identifier(string(v.Name.Bytes)); n != "" && !within(n, d.f) {
			name = n
		}
	}
	d.w.say("Take it out; every container and `docker inspect` show it:")
	d.pair("ENV")
	id := secretID(&Found{Key: name, Value: d.f.Value})
	if cmd := d.user(name); cmd != "COMMAND" {
		d.w.say(mountsEnv)
		d.w.code(syntaxLine, "RUN --mount=type=secret,id="+id+",env="+name+" "+cmd, "docker build --secret id="+id+",env="+name+" .")
	}
	d.atRunTime(name, id)
}

// atRunTime gives a variable to the container when it runs.
func (d *docker) atRunTime(name, id string) {
	file := fileVariable(d.baseImage(), name)
	d.w.say("Give it to the container when it runs, from a file that neither git nor the image has:")
	d.w.code("docker run --env-file secret.env IMAGE")
	d.w.say("or, with compose:")
	d.w.code("services:", "  app:", "    environment:")
	if file != "" {
		d.w.code("      "+file+": /run/secrets/"+id, "    secrets: ["+id+"]", "secrets:", "  "+id+":", "    environment: "+name)
		return
	}
	d.w.code("      " + name + ": ${" + name + ":?}")
}

// baseImage is the image that the stage is built on, empty when a variable or another stage stands there.
func (d *docker) baseImage() string {
	f := d.a.docker
	stage := d.outer.Stage
	for n := 0; stage >= 0 && stage < len(f.Stages) && n < 16; n++ {
		s := &f.Stages[stage]
		if s.Parent < 0 || s.Parent >= stage {
			return string(s.Base.Value.Bytes)
		}
		stage = s.Parent
	}
	return ""
}

// command is CMD, ENTRYPOINT and HEALTHCHECK.
func (d *docker) command() {
	name := variable(d.f)
	d.w.say("The command stands in the image's configuration. Let it refer to a variable of the container:")
	if text, ok := d.withHole(); ok && d.a.spend(len(text)) {
		c := newCommand(text, d.a.within(d.in.Span))
		c.unquote()
		d.w.code(d.in.Name + " " + plain(c.text("${"+name+"}", nil), maxLine))
		if d.in.JSON {
			d.w.say("(in this form, without brackets, so that a shell puts the variable in)")
		}
	}
	d.w.say("and give it one when it runs:")
	d.w.code("docker run --env-file secret.env IMAGE")
}

// unquote lets a shell see the reference that stands in single quotes.
func (c *command) unquote() {
	for i := range c.pieces {
		p := &c.pieces[i]
		if !strings.Contains(p.text, hole) {
			continue
		}
		if n := len(p.text); n > 1 && p.text[0] == '\'' && p.text[n-1] == '\'' && !strings.ContainsAny(p.text[1:n-1], "\"$`\\'") {
			p.text = `"` + p.text[1:n-1] + `"`
		}
	}
}

// run is a RUN that holds a secret.
func (d *docker) run() {
	text, ok := d.withHole()
	name, id := variable(d.f), secretID(d.f)
	if !ok || !d.a.spend(len(text)) {
		d.w.say(mountsEnv)
		d.w.code(syntaxLine, "RUN --mount=type=secret,id="+id+",env="+name+" COMMAND", "docker build --secret id="+id+",env="+name+" .")
		d.w.say("The text of RUN, heredocs included, stands in the history of the image.")
		return
	}
	c := newCommand(text, d.a.within(d.in.Span))
	c.unquote()
	m := c.mend(name, id)
	keep := func(list []piece) bool {
		for i := range list {
			if strings.Contains(list[i].text, hole) || strings.Contains(list[i].text, m.shows) && m.shows != "" {
				return true
			}
		}
		return false
	}
	if len(text) <= maxLine/2 {
		keep = nil
	}
	d.w.say(m.say)
	shown := plain(c.text(m.reference, keep), maxLine)
	if shown == "" {
		shown = "COMMAND"
	}
	d.w.code(syntaxLine, "RUN "+m.mount+" "+d.otherFlags()+shown)
	d.w.say("Build with:")
	d.w.code("docker build --secret " + m.source + " .")
	for _, n := range m.notes {
		d.w.say(n)
	}
}

// otherFlags are the mounts that RUN has already.
func (d *docker) otherFlags() string {
	var b strings.Builder
	for i := range d.in.Flags {
		fl := &d.in.Flags[i]
		if t, ok := fl.Option("type"); ok && fl.Name == "mount" {
			if id, ok := fl.Option("id", "target", "dst"); ok && b.Len() < 120 {
				b.WriteString("--mount=type=" + plain(string(t.Value.Bytes), 12) + ",… ")
				_ = id
			}
		}
	}
	return b.String()
}

// mended says how a command gets the secret once it is mounted.
type mended struct {
	say       string
	mount     string // the flag of RUN
	reference string // what takes the secret's place
	source    string // of docker build --secret
	shows     string // what marks the simple command that matters, where no hole is left
	notes     []string
}

func byVariable(id, name string) mended {
	return mended{say: mountsEnv, mount: "--mount=type=secret,id=" + id + ",env=" + name, reference: "$" + name, source: "id=" + id + ",env=" + name}
}

func byFile(id, target, src string) mended {
	mount := "--mount=type=secret,id=" + id
	if target != "" {
		mount += ",target=" + target
	}
	return mended{say: mountsFile, mount: mount, source: "id=" + id + ",src=" + src}
}

// stores are the files in which programs look for credentials, by the command that would write them.
var stores = []struct{ program, words, base, target string }{
	{"npm", "set", ".npmrc", "/root/.npmrc"}, {"pnpm", "set", ".npmrc", "/root/.npmrc"}, {"yarn", "set", ".yarnrc.yml", "/root/.yarnrc.yml"},
	{"pip", "config", "pip.conf", "/root/.config/pip/pip.conf"}, {"pip3", "config", "pip.conf", "/root/.config/pip/pip.conf"},
	{"git", "config", ".gitconfig", "/root/.gitconfig"}, {"aws", "configure", "credentials", "/root/.aws/credentials"},
	{"composer", "config", "auth.json", "/root/.composer/auth.json"}, {"poetry", "config", "auth.toml", "/root/.config/pypoetry/auth.toml"},
	{"cargo", "login", "credentials.toml", "/root/.cargo/credentials.toml"}, {"bundle", "config", ".bundle", "/root/.bundle/config"},
}

// mend changes the simple command that has the hole so that it gets the secret from a mount.
func (c *command) mend(name, id string) mended {
	start, end := c.holed()
	if start < 0 {
		return byVariable(id, name)
	}
	list := c.pieces[start:end]
	program, at := programOf(list)
	if m, ok := c.mendAssignment(start, end); ok {
		return m
	}
	for _, s := range stores {
		if program == s.program && len(list) > at+1 && hasWord(list[at+1:], s.words) {
			c.remove(start, end)
			return byFile(identifier(strings.TrimPrefix(s.base, ".")), s.target, strings.Replace(s.target, "/root/", "$HOME/", 1))
		}
	}
	if program == "echo" || program == "printf" || program == "cat" {
		if target, ok := redirected(list); ok {
			c.remove(start, end)
			b := baseName(target)
			return byFile(strings.ToLower(identifier(strings.TrimPrefix(b, "."))), target, b)
		}
	}
	if m, ok := c.mendProgram(program, id, start, end); ok {
		return m
	}
	return byVariable(id, name)
}

// mendProgram knows how single programs take a secret that is not an argument.
func (c *command) mendProgram(program, id string, start, end int) (mended, bool) {
	list := c.pieces[start:end]
	switch program {
	case "curl", "wget":
		return c.mendCurl(start, end, id)
	case "docker", "podman", "helm", "skopeo", "buildah", "oras", "crane":
		if i := flagBefore(list); i >= 0 && hasWord(list, "login") {
			c.cut(end, end, "<", "/run/secrets/"+id)
			c.cut(start+i, start+i+2, "--password-stdin")
			m := byFile(id, "", id+".txt")
			m.shows = "--password-stdin"
			m.notes = []string{"`docker login` keeps the credential in ~/.docker/config.json: log out in the same RUN, or log in where the build is started."}
			return m, true
		}
	case "mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin":
		return c.without(start, end, "MYSQL_PWD", id)
	case "redis-cli":
		return c.without(start, end, "REDISCLI_AUTH", id)
	case "sshpass":
		for i := start + 1; i < end; i++ {
			if c.pieces[i-1].text == "-p" && strings.Contains(c.pieces[i].text, hole) {
				c.cut(i-1, i+1, "-e")
				m := byVariable(id, "SSHPASS")
				m.shows = "sshpass"
				return m, true
			}
		}
	case "git":
		return c.mendGit(start, end)
	}
	return mended{}, false
}

// mendAssignment takes NAME=secret out, which the mount sets.
func (c *command) mendAssignment(start, end int) (mended, bool) {
	for i := start; i < end; i++ {
		w := c.pieces[i].text
		if eq := assigns(w); eq > 0 && bare(w[eq+1:]) == hole && len(w[:eq]) <= maxName {
			name := w[:eq]
			from := i
			if i > start && c.pieces[i-1].text == "export" && (i+1 == end) {
				from--
			}
			c.cut(from, i+1)
			c.tidy()
			id := strings.ToLower(name)
			m := byVariable(id, name)
			m.shows = "$" + name
			return m, true
		}
	}
	return mended{}, false
}

// mendCurl takes -u user:password out.
func (c *command) mendCurl(start, end int, id string) (mended, bool) {
	for i := start; i < end; i++ {
		w := c.pieces[i].text
		if !strings.Contains(w, hole) {
			continue
		}
		prev := ""
		if i > start {
			prev = c.pieces[i-1].text
		}
		from := i
		switch {
		case prev == "-u" || prev == "--user":
			from = i - 1
		case strings.HasPrefix(w, "-u") || strings.HasPrefix(w, "--user=") || strings.HasPrefix(w, "--password="):
		default:
			return mended{}, false
		}
		program, _ := programOf(c.pieces[start:end])
		if program == "curl" {
			c.cut(from, i+1, "--netrc-file", "/run/secrets/netrc")
		} else {
			c.cut(from, i+1)
		}
		m := byFile("netrc", "", "$HOME/.netrc")
		if program == "wget" {
			m = byFile("netrc", "/root/.netrc", "$HOME/.netrc")
		}
		m.shows = program
		m.notes = []string{"A line of .netrc: machine HOST login USER password …"}
		return m, true
	}
	return mended{}, false
}

// mendGit takes the user part out of a URL and mounts git's credentials.
func (c *command) mendGit(start, end int) (mended, bool) {
	for i := start; i < end; i++ {
		w := c.pieces[i].text
		scheme, rest, ok := strings.Cut(w, "://")
		if !ok || !strings.Contains(rest, hole) {
			continue
		}
		at := strings.IndexByte(rest, '@')
		if at < 0 || !strings.Contains(rest[:at], hole) {
			continue
		}
		c.pieces[i].text = scheme + "://" + rest[at+1:]
		for j := start; j < i; j++ {
			if c.pieces[j].text == "git" {
				c.cut(j, j+1, "git", "-c", "credential.helper=store")
				break
			}
		}
		m := byFile("git_credentials", "/root/.git-credentials", "$HOME/.git-credentials")
		m.shows = "credential.helper=store"
		m.notes = []string{"ADD https://HOST/REPO.git needs no git in the image and takes a token from: docker build --secret id=GIT_AUTH_TOKEN,env=GIT_AUTH_TOKEN ."}
		return m, true
	}
	return mended{}, false
}

// without takes the word with the hole out, and the flag before it: the program reads a variable instead.
func (c *command) without(start, end int, name, id string) (mended, bool) {
	for i := start; i < end; i++ {
		if !strings.Contains(c.pieces[i].text, hole) {
			continue
		}
		from := i
		if i > start && slices.Contains([]string{"-p", "-a", "--password", "--pass"}, c.pieces[i-1].text) {
			from--
		}
		if !strings.HasPrefix(c.pieces[from].text, "-") {
			break
		}
		c.cut(from, i+1)
		m := byVariable(id, name)
		m.shows, _ = programOf(c.pieces[start : end-(i+1-from)])
		return m, true
	}
	return mended{}, false
}

// holed is the range of the simple command that has the hole.
func (c *command) holed() (start, end int) {
	for start < len(c.pieces) {
		end = start
		found := false
		for end < len(c.pieces) && !endsCommand(c.pieces[end]) {
			found = found || strings.Contains(c.pieces[end].text, hole)
			end++
		}
		if found {
			return start, end
		}
		start = end + 1
	}
	return -1, -1
}

// cut puts other words in the place of some.
func (c *command) cut(from, to int, put ...string) {
	rest := append([]piece(nil), c.pieces[min(to, len(c.pieces)):]...)
	c.pieces = c.pieces[:from:from]
	for _, p := range put {
		c.pieces = append(c.pieces, piece{p, p == "<"})
	}
	c.pieces = append(c.pieces, rest...)
}

// remove takes a simple command out.
func (c *command) remove(start, end int) {
	c.cut(start, end)
	c.tidy()
}

func hasWord(list []piece, word string) bool {
	for i := range list {
		if bare(list[i].text) == word {
			return true
		}
	}
	return false
}

// flagBefore is the index of the flag whose value has the hole, -1 for none.
func flagBefore(list []piece) int {
	for i := 1; i < len(list); i++ {
		if strings.Contains(list[i].text, hole) && strings.HasPrefix(list[i-1].text, "-") {
			return i - 1
		}
	}
	return -1
}

// redirected is the file that a simple command writes.
func redirected(list []piece) (string, bool) {
	for i := range list {
		if p := &list[i]; p.operator && p.text[0] == '>' && i+1 < len(list) {
			t := bare(list[i+1].text)
			t = strings.Replace(t, "~/", "/root/", 1)
			t = strings.Replace(t, "$HOME/", "/root/", 1)
			if strings.HasPrefix(t, "/dev/") || t == "" || strings.ContainsAny(t, "$`\"' ") {
				return "", false
			}
			return plain(t, maxName*2), true
		}
	}
	return "", false
}

// written is a RUN that writes a mounted secret into its layer.
func (d *docker) written() {
	id := identifier(baseName(d.f.Key))
	if id == "" {
		id = "secret_id"
	}
	text := d.shell(d.in)
	if !d.a.spend(len(text)) {
		d.w.say("Mount the secret at the path where the command looks for it, and write it nowhere:")
		d.w.code("RUN --mount=type=secret,id=" + id + ",target=PATH COMMAND")
		return
	}
	c := newCommand(text, d.a.within(d.in.Span))
	target := ""
	for start := 0; start < len(c.pieces) && target == ""; {
		end := start
		for end < len(c.pieces) && !endsCommand(c.pieces[end]) {
			end++
		}
		list := c.pieces[start:end]
		if d.handles(list, id) {
			if t := writesTo(list); t != "" {
				target = t
				c.remove(start, end)
				break
			}
		}
		start = end + 1
	}
	if target == "" {
		d.w.say("Hand the secret to the command that needs it, or mount it at the path where that looks for it; write it nowhere:")
		d.w.code("RUN --mount=type=secret,id=" + id + ",target=PATH COMMAND")
		return
	}
	d.w.say("Mount the secret where it is looked for instead of writing it there:")
	cmd := plain(c.text("", nil), maxLine)
	if cmd == "" {
		cmd = "COMMAND"
	}
	d.w.code("RUN --mount=type=secret,id=" + id + ",target=" + target + " " + cmd)
	d.w.say("Build with (the file in the form in which it is to stand there):")
	d.w.code("docker build --secret id=" + id + ",src=FILE .")
	if cmd == "COMMAND" {
		d.w.say("The mount is there for one RUN alone: COMMAND is the one that reads the file. What a container reads when it runs is given to it then.")
	}
}

// handles says whether a simple command has to do with the mounted secret.
func (d *docker) handles(list []piece, id string) bool {
	for i := range list {
		if strings.Contains(list[i].text, "/run/secrets/") || strings.Contains(strings.ToLower(list[i].text), strings.ToLower(id)) || strings.Contains(list[i].text, "$") {
			return true
		}
	}
	return false
}

// writesTo is the file that a simple command keeps a secret in, empty when that is not known.
func writesTo(list []piece) string {
	if t, ok := redirected(list); ok {
		return t
	}
	program, at := programOf(list)
	if at < 0 {
		return ""
	}
	for _, s := range stores {
		if program == s.program && hasWord(list[at+1:], s.words) {
			return s.target
		}
	}
	if (program == "cp" || program == "install" || program == "mv" || program == "tee") && len(list) > at+1 {
		t := bare(list[len(list)-1].text)
		if !strings.HasPrefix(t, "-") && !strings.ContainsAny(t, "$`\"' ") && !strings.HasPrefix(t, "/run/secrets/") {
			return plain(t, maxName*2)
		}
	}
	return ""
}
