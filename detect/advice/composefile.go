package advice

import (
	"slices"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/compose"
	"rummage/detect/structure"
)

// composeIndex is a compose file by its places.
type composeIndex struct {
	entries []compose.Entry            // by the start of the value, those of whole values first
	names   map[named]int              // of entries, by where the name stands
	images  map[assignment.Span]string // by the owner
}

// named is where a name stands and what it is of: the same text may be read in more than one way.
type named struct {
	at      int
	context assignment.Context
}

func (a *Advisor) composeFile() *composeIndex {
	if a.compose != nil {
		return a.compose
	}
	f := compose.Parse(a.data)
	a.compose = &composeIndex{images: map[assignment.Span]string{}}
	for i := range f.Assignments {
		e := &f.Assignments[i]
		if e.Context == compose.Image {
			a.compose.images[e.Owner] = plain(string(e.Value.Of(a.data)), 200)
		}
		if e.Value.Len() > 0 || e.Name.Len() > 0 {
			a.compose.entries = append(a.compose.entries, *e)
		}
	}
	slices.SortStableFunc(a.compose.entries, func(x, y compose.Entry) int {
		if x.Value.Start != y.Value.Start {
			return x.Value.Start - y.Value.Start
		}
		return y.Value.Len() - x.Value.Len()
	})
	a.compose.names = make(map[named]int, len(a.compose.entries))
	for i := range a.compose.entries {
		if e := &a.compose.entries[i]; e.Name.Len() > 0 {
			a.compose.names[named{e.Name.Start, e.Context}] = i
		}
	}
	return a.compose
}

// entry is the assignment in which something was found, nil when the reader knows none.
func (a *Advisor) entry(f *Found) *compose.Entry {
	x := a.composeFile()
	if i, ok := x.names[named{f.Match.Start, f.Context}]; ok && f.Context != "" {
		return &x.entries[i]
	}
	at := f.Secret
	i, _ := slices.BinarySearchFunc(x.entries, at.Start+1, func(e compose.Entry, at int) int { return e.Value.Start - at })
	var holds *compose.Entry
	for n := 0; i > 0 && n < 256; n++ {
		i--
		e := &x.entries[i]
		switch {
		case e.Value.Start > at.Start || e.Value.End < at.End:
		case f.Context != "" && e.Context == f.Context:
			return e
		case holds == nil || e.Name.Len() > 0 && holds.Name.Len() == 0:
			holds = e
		}
	}
	return holds
}

// composeRemedy is the remedy for what was found in a compose file.
func (a *Advisor) composeRemedy(w *writer, f *Found) {
	switch f.Context {
	case structure.ComposeSecretTracked:
		a.trackedFile(w, f, false)
		return
	case structure.ComposeEnvTracked:
		a.trackedFile(w, f, true)
		return
	case structure.ComposeEnvUnignored:
		rel := plain(f.Key, 200)
		w.say("Before somebody commits the file, add to .gitignore:")
		w.code(gitLine(rel))
		w.say("and to .dockerignore, where images are built from here:")
		w.code("**/" + base(rel))
		return
	}
	if strings.HasPrefix(string(f.Context), "dockerfile.") {
		dockerGeneral(w, f)
		return
	}
	e := a.entry(f)
	c := composer{a: a, w: w, f: f, e: e, context: f.Context, service: "SERVICE"}
	if e != nil {
		c.context = e.Context
		if n := identifierDashed(string(e.Owner.Of(a.data))); n != "" && !within(n, f) {
			c.service = n
		}
		c.image = a.compose.images[e.Owner]
		// "- NAME=value" is an item of a list.
		i := e.Name.Start - 1
		for i > 0 && (a.data[i] == ' ' || a.data[i] == '"' || a.data[i] == '\'') {
			i--
		}
		c.list = e.Name.Len() > 0 && i >= 0 && a.data[i] == '-'
	}
	c.name, c.id = c.variable(), secretID(f)
	c.remedy()
}

// composer makes the remedy of one finding.
type composer struct {
	a              *Advisor
	w              *writer
	f              *Found
	e              *compose.Entry
	context        assignment.Context
	service, image string
	name, id       string
	list           bool
}

// identifierDashed is a service's name, without what cannot be in one.
func identifierDashed(s string) string {
	if len(s) > maxName {
		return ""
	}
	for i := 0; i < len(s); i++ {
		if !wordByte(s[i]) && s[i] != '-' && s[i] != '.' {
			return ""
		}
	}
	return s
}

func (c *composer) variable() string {
	if c.e != nil && c.e.Context != compose.Command && c.e.Context != compose.Healthcheck {
		if n := identifier(string(c.e.Name.Of(c.a.data)[:min(c.e.Name.Len(), 2*maxName)])); len(n) > 1 && !within(n, c.f) {
			return n
		}
	}
	return variable(c.f)
}

func (c *composer) remedy() {
	switch c.context {
	case compose.Environment:
		c.environment()
	case compose.BuildArg:
		c.buildArg()
	case compose.Default:
		c.w.say("Take the default out, so that the variable has to be set:")
		c.w.code("${" + c.name + ":?}")
		c.fromDotenv()
	case compose.Command, compose.Healthcheck:
		c.command()
	case compose.Config:
		c.w.say("A config is no place for a secret. Declare it as one:")
		c.w.code("services:", "  "+c.service+":", "    secrets:", "      - source: "+c.id, "        target: PATH")
		c.declare()
	case compose.Label, compose.Logging, compose.DriverOpts, compose.Provider, compose.Volume:
		c.w.say("Let the value come from a variable:")
		c.w.code("${" + c.name + ":?}")
		c.fromDotenv()
		if c.context == compose.Label {
			c.w.say("Labels can be read by whoever may list containers; a basic-auth label can name a usersfile instead.")
		}
	case compose.Commented:
		c.w.say("Take the comment out: whoever has the file reads it as well.")
	default:
		c.w.say("Let the value come from a variable:")
		c.w.code("${" + c.name + ":?}")
		c.fromDotenv()
	}
}

// environment is a variable of a service.
func (c *composer) environment() {
	if file := fileVariable(c.image, c.name); file != "" {
		c.w.say("Give the value as a secret, which this image reads from a file:")
		c.w.code("services:", "  "+c.service+":", "    environment:", "      "+c.item(file, "/run/secrets/"+c.id), "    secrets:", "      - "+c.id)
		c.declare()
		c.w.say("The value is then set in the shell, or in a .env that git ignores (.gitignore):")
		c.w.code(gitLine(".env"))
		return
	}
	c.w.say("Let the value come from outside the file; compose refuses to start when it is missing:")
	text, name := c.reference()
	c.w.code("services:", "  "+c.service+":", "    environment:", "      "+c.item(c.name, text))
	if name != c.name {
		c.name = name
		c.fromDotenv()
		return
	}
	c.fromDotenv()
	c.w.say("If the program can read it from a file, a secret is better, since no `docker inspect` shows that:")
	c.w.code("    secrets: ["+c.id+"]", "secrets:", "  "+c.id+":", "    environment: "+c.name, "(the file is /run/secrets/"+c.id+")")
}

// item is a pair of a map or a list.
func (c *composer) item(name, value string) string {
	if c.list {
		return "- " + name + "=" + value
	}
	return name + ": " + value
}

// reference is the value with a reference where the secret was, and the variable that it refers to; of an address the
// rest stays.
func (c *composer) reference() (text, name string) {
	e, s := c.e, c.f.Secret
	whole := "${" + c.name + ":?}"
	if e == nil || e.Decoded != nil || e.Value.Len() > maxLine || s == e.Value || s.Start < e.Value.Start || s.End > e.Value.End || c.f.Exposure {
		return whole, c.name
	}
	before, after := string(c.a.data[e.Value.Start:s.Start]), string(c.a.data[s.End:e.Value.End])
	if !strings.Contains(before, "://") || strings.ContainsAny(before, "\"'#\n") {
		return whole, c.name
	}
	name = c.name
	for _, end := range []string{"_URL", "_URI", "_DSN"} {
		name = strings.TrimSuffix(name, end)
	}
	name += "_PASSWORD"
	text = withoutValues(before+hole+after, c.a.within(e.Value))
	return plain(strings.ReplaceAll(hideWithin(text, 0), hole, "${"+name+":?}"), maxLine), name
}

// declare is the secret at the top level.
func (c *composer) declare() {
	c.w.code("secrets:", "  "+c.id+":", "    environment: "+c.name)
}

func (c *composer) fromDotenv() {
	name := c.name
	c.w.say("Set " + name + " in the shell, or in a .env beside the compose file that git ignores (.gitignore):")
	c.w.code(gitLine(".env"))
}

// buildArg is an argument of a build.
func (c *composer) buildArg() {
	c.w.say("Take the argument out and give the build a secret:")
	c.w.code("services:", "  "+c.service+":", "    build:", "      secrets:", "        - "+c.id)
	c.declare()
	c.w.say("In the Dockerfile, take ARG " + c.name + " out and mount the secret where it is used:")
	c.w.code(syntaxLine, "RUN --mount=type=secret,id="+c.id+",env="+c.name+" COMMAND")
}

// command is a command or a health check.
func (c *composer) command() {
	c.w.say("A command line can be read by every process of the host and by `docker inspect`. Let the program read a variable or a file:")
	c.w.code("services:", "  "+c.service+":", "    environment:", "      "+c.name+": ${"+c.name+":?}")
	if c.context == compose.Healthcheck {
		c.w.code("    healthcheck:", "      test: … $$"+c.name+" …")
		c.w.say("(two dollar signs: the shell in the container puts the value in, not compose)")
	} else {
		c.w.code("    command: sh -c 'exec … \"$$" + c.name + "\"'")
	}
	c.fromDotenv()
}

// trackedFile is a file beside the compose file that is committed.
func (a *Advisor) trackedFile(w *writer, f *Found, variables bool) {
	rel := plain(f.Key, 200)
	w.say("Take the file out of git, not off the disk, and keep it out:")
	w.code("git rm --cached "+shellPath(rel), ".gitignore:     "+gitLine(rel), ".dockerignore:  **/"+base(rel))
	if variables {
		w.say("Commit a sample without values in its place:")
		w.code(base(rel) + ".example")
		return
	}
	id := "db_password"
	name := "DB_PASSWORD"
	e := a.secretOwner(f)
	if n := strings.ToLower(identifier(e)); len(n) > 1 && !within(n, f) {
		id, name = n, strings.ToUpper(n)
	}
	w.say("Each host brings its own file then, or the secret comes from a variable of whoever starts it, or from the swarm:")
	w.code("secrets:", "  "+id+":", "    environment: "+name+"      # or: external: true")
}

// secretOwner is the name of the secret whose file is told of.
func (a *Advisor) secretOwner(f *Found) string {
	if e := a.entry(&Found{Context: compose.Secret, Match: f.Match, Secret: f.Match}); e != nil && e.Context == compose.Secret {
		return string(e.Owner.Of(a.data)[:min(e.Owner.Len(), maxName)])
	}
	return ""
}
