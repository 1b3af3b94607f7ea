package advice

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"rummage/detect/dockerfile"
)

const (
	syntaxLine = "# syntax=docker/dockerfile:1"
	mountsEnv  = "Mount the secret for the command that needs it (Dockerfile syntax 1.10 or later):"
	mountsFile = "Mount the file for the command that needs it:"
)

// dockerRemedy is the remedy for what was found in a Dockerfile.
func (a *Advisor) dockerRemedy(w *writer, f *Found) {
	if a.docker == nil {
		a.docker = dockerfile.Parse(a.data)
		a.finals = a.docker.Finals()
	}
	in := a.instruction(f)
	if in == nil {
		if a.comment(f) {
			w.say("Take the comment out: whoever has the file reads it as well as an instruction.")
			return
		}
		dockerGeneral(w, f)
		return
	}
	d := docker{a: a, w: w, f: f, outer: in, in: in}
	for d.in.OnBuild != nil {
		d.in = d.in.OnBuild
	}
	if f.Context == dockerfile.ContextComment {
		w.say("Take the comment out: whoever has the file reads it as well as an instruction.")
		return
	}
	d.remedy()
	if in.Stage >= 0 && in.Stage < len(a.finals) && !a.finals[in.Stage] {
		w.say("The final image has no layer of this stage; build caches (--cache-to mode=max) and provenance carry it all the same.")
	}
}

// instruction is the one in which something was found.
func (a *Advisor) instruction(f *Found) *dockerfile.Instruction {
	list := a.docker.Instructions
	at := f.Match.Start
	if f.Secret.Len() > 0 && !f.Exposure {
		at = f.Secret.Start
	}
	i, _ := slices.BinarySearchFunc(list, at+1, func(in dockerfile.Instruction, at int) int { return cmp.Compare(in.Span.Start, at) })
	if i == 0 || list[i-1].Span.End < at {
		return nil
	}
	return &list[i-1]
}

// comment reports whether what was found stands in a comment line.
func (a *Advisor) comment(f *Found) bool {
	i := f.Match.Start
	for n := 0; i > 0 && a.data[i-1] != '\n' && n < maxInstruction; n++ {
		i--
	}
	return strings.HasPrefix(strings.TrimLeft(string(a.data[i:min(len(a.data), i+64)]), " \t"), "#")
}

// dockerGeneral is for what stands in no instruction.
func dockerGeneral(w *writer, f *Found) {
	id, env := secretID(f), variable(f)
	w.say("Take the value out. What the build needs is mounted for the one command that needs it:")
	w.code(syntaxLine, "RUN --mount=type=secret,id="+id+",env="+env+" "+ellipsis, "docker build --secret id="+id+",env="+env+" .")
	w.say("What the container needs is given to it when it runs (docker run --env-file, or a file under /run/secrets).")
}

// docker makes the remedy of one finding.
type docker struct {
	a         *Advisor
	w         *writer
	f         *Found
	outer, in *dockerfile.Instruction
}

func (d *docker) remedy() {
	switch d.in.Name {
	case "ARG":
		d.arg()
	case "ENV":
		d.env()
	case "LABEL":
		d.w.say("Take the label out: labels stand in the image's configuration, for everybody who can pull it.")
		d.pair("LABEL")
	case "COPY", "ADD":
		d.copies()
	case "RUN":
		if d.f.Context == dockerfile.ContextSecretWritten {
			d.written()
		} else {
			d.run()
		}
	case "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL":
		d.command()
	default:
		dockerGeneral(d.w, d.f)
	}
}

// pair shows the pair of ENV, ARG or LABEL that has to go, and the instruction that stays when it had others.
func (d *docker) pair(name string) {
	v, rest := d.variable()
	if v == nil {
		return
	}
	key := plain(string(v.Name.Bytes), maxName)
	shown := name + " " + key
	if v.Set {
		shown += "=" + d.shownValue(v)
	}
	if len(rest) == 0 {
		d.w.code(shown)
		return
	}
	d.w.code(shown)
	d.w.say("What stays of the instruction:")
	d.w.code(plain(name+" "+strings.Join(rest, " "), maxLine))
}

// shownValue is a reference, or an ellipsis.
func (d *docker) shownValue(v *dockerfile.Var) string {
	raw := string(v.Raw.Bytes)
	if len(raw) < 100 && refers(raw) && !strings.Contains(raw, hole) {
		return plain(raw, 100)
	}
	return ellipsis
}

// variable is the pair in which something was found, with the others of its instruction as they may be shown.
func (d *docker) variable() (found *dockerfile.Var, rest []string) {
	at := d.f.Match.Start
	if d.f.Secret.Len() > 0 && !d.f.Exposure {
		at = d.f.Secret.Start
	}
	vars := d.in.Vars
	i := sort.Search(len(vars), func(i int) bool { return vars[i].Name.Place().Start > at }) - 1
	if i < 0 {
		return nil, nil
	}
	for j := range vars {
		if j == i || len(rest) > 8 {
			continue
		}
		s := plain(string(vars[j].Name.Bytes), maxName)
		if vars[j].Set {
			value := ellipsis
			if raw := string(vars[j].Raw.Bytes); !secretName(s) && len(raw) < 64 {
				value = plain(hideWithin(withoutValues(raw, d.a.within(d.in.Span)), 0), 64)
			}
			s += "=" + value
		}
		rest = append(rest, s)
	}
	return &vars[i], rest
}

// arg is an ARG that brings a secret in.
func (d *docker) arg() {
	v, _ := d.variable()
	name := variable(d.f)
	if v != nil {
		if n := identifier(string(v.Name.Bytes)); n != "" && !within(n, d.f) {
			name = n
		}
	}
	id := secretID(&Found{Key: name, Value: d.f.Value})
	d.w.say("Take the argument out:")
	d.pair("ARG")
	d.w.say(mountsEnv)
	d.w.code(syntaxLine)
	d.w.code("RUN --mount=type=secret,id=" + id + ",env=" + name + " " + d.user(name))
	d.w.say("Build with:")
	d.w.code("docker build --secret id=" + id + ",env=" + name + " .")
}

// user is the command further on that uses a variable, an ellipsis when none does.
func (d *docker) user(name string) string {
	var likely *dockerfile.Instruction
	for in := range d.ahead() {
		if in.Name != "RUN" || in.Text.Len() > maxInstruction {
			continue
		}
		if mentions(string(in.Rest.Bytes), name) {
			return d.shortened(in, func(list []piece) bool {
				for i := range list {
					if mentions(list[i].text, name) {
						return true
					}
				}
				return false
			}, name, "")
		}
		if likely == nil && fetches(string(in.Rest.Bytes), name) {
			likely = in
		}
	}
	if likely != nil {
		return d.shortened(likely, nil, name, "")
	}
	return "COMMAND"
}

// ahead is the next instructions, as far as anybody looks.
func (d *docker) ahead() func(yield func(*dockerfile.Instruction) bool) {
	list := d.a.docker.Instructions
	i := d.index() + 1
	return func(yield func(*dockerfile.Instruction) bool) {
		for n := 0; n < maxAhead && i < len(list); n, i = n+1, i+1 {
			if d.outer.Stage >= 0 && list[i].Stage != d.outer.Stage {
				return
			}
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// index is that of the instruction.
func (d *docker) index() int {
	i, _ := slices.BinarySearchFunc(d.a.docker.Instructions, d.outer.Span.Start, func(in dockerfile.Instruction, at int) int {
		return cmp.Compare(in.Span.Start, at)
	})
	return i
}

// mentions says whether a text has the name as a whole word.
func mentions(s, name string) bool {
	for i := 0; name != ""; {
		n := strings.Index(s[i:], name)
		if n < 0 {
			return false
		}
		start, end := i+n, i+n+len(name)
		if (start == 0 || !wordByte(s[start-1])) && (end == len(s) || !wordByte(s[end])) {
			return true
		}
		i = end
	}
	return false
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// fetchers are programs that need a credential to fetch something, with what the name of that credential has in it.
var fetchers = []struct{ program, in string }{
	{"npm", "NPM NODE REGISTRY GITHUB PACKAGE"}, {"yarn", "NPM NODE YARN REGISTRY GITHUB"}, {"pnpm", "NPM NODE REGISTRY GITHUB"},
	{"pip", "PIP PYPI PYTHON INDEX ARTIFACTORY NEXUS"}, {"poetry", "PIP PYPI POETRY INDEX"}, {"uv", "PIP PYPI UV INDEX"},
	{"git", "GIT SSH DEPLOY BITBUCKET"}, {"go", "GIT GO SSH"}, {"composer", "COMPOSER GITHUB PACKAGIST"}, {"bundle", "BUNDLE GEM"}, {"gem", "GEM"},
	{"mvn", "MAVEN NEXUS ARTIFACTORY"}, {"gradle", "GRADLE MAVEN NEXUS ARTIFACTORY"}, {"cargo", "CARGO"}, {"dotnet", "NUGET"}, {"nuget", "NUGET"},
	{"aws", "AWS"}, {"gcloud", "GOOGLE GCP GCLOUD"}, {"curl", "API HTTP DOWNLOAD"}, {"wget", "HTTP DOWNLOAD"},
}

// fetches says whether a command is one that a credential of that name is for.
func fetches(text, name string) bool {
	name = strings.ToUpper(name)
	for _, f := range fetchers {
		if !mentions(text, f.program) {
			continue
		}
		for w := range strings.FieldsSeq(f.in) {
			if strings.Contains(name, w) {
				return true
			}
		}
	}
	return false
}

// shortened is the command of a RUN, without what may be a credential and, when it is long, without the simple commands
// that keep says do not matter. Assignments of name are left out: the mount makes them. So are commands that delete the
// file called gone, which a mount cannot be.
func (d *docker) shortened(in *dockerfile.Instruction, keep func([]piece) bool, name, gone string) string {
	text := d.shell(in)
	if !d.a.spend(len(text)) {
		return "COMMAND"
	}
	c := newCommand(text, d.a.within(in.Span))
	c.drop(func(list []piece, i int) bool { return name != "" && strings.HasPrefix(list[i].text, name+"=") })
	if gone != "" {
		c.dropRemoval(gone)
	}
	if len(text) <= maxLine/2 {
		keep = nil
	}
	s := plain(c.text("$"+name, keep), maxLine)
	if s == "" {
		return "COMMAND"
	}
	if len(in.Heredocs) > 0 {
		s += " (as before)"
	}
	return s
}

// shell is the command of an instruction as shell text; of the JSON form its words, quoted.
func (d *docker) shell(in *dockerfile.Instruction) string {
	if !in.JSON {
		return string(in.Rest.Bytes)
	}
	var list []string
	size := 0
	for i := range in.Args {
		arg := string(in.Args[i].Value.Bytes)
		if size += len(arg) + 3; size > maxInstruction {
			break
		}
		list = append(list, jsonWord(arg))
	}
	return strings.Join(list, " ")
}

func jsonWord(s string) string {
	if strings.ContainsAny(s, " \t\n;&|<>()") {
		return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
	}
	return s
}

// drop takes words out, and commands of which nothing is left.
func (c *command) drop(out func(list []piece, i int) bool) {
	kept := c.pieces[:0:0]
	for i := range c.pieces {
		if c.pieces[i].operator || !out(c.pieces, i) {
			kept = append(kept, c.pieces[i])
		}
	}
	c.pieces = kept
	c.tidy()
}

// dropRemoval takes out the commands that delete a file.
func (c *command) dropRemoval(base string) {
	for start := 0; start < len(c.pieces); {
		end := start
		mentioned := false
		for end < len(c.pieces) && !endsCommand(c.pieces[end]) {
			mentioned = mentioned || baseName(bare(c.pieces[end].text)) == base
			end++
		}
		program, _ := programOf(c.pieces[start:end])
		if mentioned && (program == "rm" || program == "shred" || program == "unlink") {
			c.pieces = append(c.pieces[:start:start], c.pieces[min(end+1, len(c.pieces)):]...)
			continue
		}
		start = end + 1
	}
	c.tidy()
}

// tidy takes out the operators that have nothing before them, and those at the end.
func (c *command) tidy() {
	kept := c.pieces[:0:0]
	for _, p := range c.pieces {
		if endsCommand(p) && p.text != "(" && (len(kept) == 0 || endsCommand(kept[len(kept)-1]) && kept[len(kept)-1].text != ")") {
			continue
		}
		kept = append(kept, p)
	}
	for len(kept) > 0 && kept[len(kept)-1].operator && kept[len(kept)-1].text != ")" {
		kept = kept[:len(kept)-1]
	}
	c.pieces = kept
}

// withHole is the text of an instruction behind its name and flags, with a hole for the secret.
func (d *docker) withHole() (string, bool) {
	if d.in.JSON {
		return d.shellWithHole()
	}
	rest := d.in.Rest
	text, s := string(rest.Bytes), d.f.Secret
	from := sort.Search(len(text), func(i int) bool { return rest.Span(i, i+1).Start >= s.Start })
	to := sort.Search(len(text), func(i int) bool { return rest.Span(i, i+1).Start >= s.End })
	if s.Len() == 0 || from >= to || rest.Span(from, from+1).Start != s.Start {
		return text, false
	}
	return text[:from] + hole + text[to:], true
}

func (d *docker) shellWithHole() (string, bool) {
	text := d.shell(d.in)
	if v := d.f.Value; len(v) >= minHidden && strings.Count(text, v) == 1 {
		return strings.Replace(text, v, hole, 1), true
	}
	return text, false
}
