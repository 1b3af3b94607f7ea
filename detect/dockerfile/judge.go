package dockerfile

import (
	"strings"

	"rummage/detect/assignment"
)

var builder = &assignment.Remark{Builder: true}

// Practices returns the ways in which the file leaks secrets whatever their values are, in the order of the
// instructions.
func Practices(f *File) []assignment.Assignment {
	list := make([]stated, len(f.Instructions))
	for i := range f.Instructions {
		x := factsOf(f, &f.Instructions[i])
		list[i] = stated{facts: &x, stage: f.Instructions[i].Stage, from: f.Instructions[i].Name == "FROM"}
	}
	return judge(f.Stages, f.byName, list, nil)
}

// stated is the facts of an instruction with its place.
type stated struct {
	*facts
	base  int // what is to be added to the offsets in facts
	stage int // index, -1 before the first FROM
	from  bool
}

// judgement goes through the facts of a file.
type judgement struct {
	list  []assignment.Assignment
	final []bool
	// secrets are the names under which secrets are mounted anywhere in the file.
	secrets map[string]bool
	// given says by stage which variables hold what an ARG brought in. A stage sees those of the one that it is built on.
	given   []map[string]bool
	args    int // instructions with an ARG, about
	stages  []Stage
	copies  []copied
	beside  string
	context *assignment.Remark // of copies of the whole context: in final stages, in builder stages
	inside  *assignment.Remark
}

// copied is a file of credentials that was copied.
type copied struct {
	*source
	at    int // in list
	stage int
}

// judge appends the practices of a file to list.
func judge(stages []Stage, byName map[string]int, all []stated, list []assignment.Assignment) []assignment.Assignment {
	j := judgement{list: list, stages: stages, final: finals(stages, byName, all), given: make([]map[string]bool, len(stages))}
	for i := range all {
		for _, m := range all[i].mounts {
			if j.secrets == nil {
				j.secrets = map[string]bool{}
			}
			j.secrets[m] = true
		}
		if j.beside == "" {
			j.beside = all[i].beside
		}
	}
	for i := range all {
		if s := &all[i]; s.stage >= 0 && len(s.args) > 0 {
			j.args++
		}
	}
	for i := range all {
		j.instruction(&all[i])
	}
	return j.list
}

func (j *judgement) add(c assignment.Context, s *stated, a assignment.Assignment) {
	a.Context = c
	a.Name, a.Value = moved(a.Name, s.base), moved(a.Value, s.base)
	if a.Remark == nil && s.stage >= 0 && !j.final[s.stage] {
		a.Remark = builder
	}
	j.list = append(j.list, a)
}

func moved(s assignment.Span, by int) assignment.Span {
	return assignment.Span{Start: s.Start + by, End: s.End + by}
}

// alone is an assignment that is a name alone.
func alone(s assignment.Span) assignment.Assignment {
	return assignment.Assignment{Name: s, Value: assignment.Span{Start: s.End, End: s.End}}
}

func (j *judgement) instruction(s *stated) {
	if s.stage >= 0 {
		j.variables(s)
	}
	for i := range s.copies {
		j.copied(s, &s.copies[i])
	}
	for _, path := range s.removed {
		j.removed(s.stage, path)
	}
	for _, name := range s.written {
		j.add(ContextSecretWritten, s, alone(name))
	}
}

// variables looks at the ARGs and ENVs of a stage.
func (j *judgement) variables(s *stated) {
	for i := range s.args {
		j.add(ContextArgOpen, s, s.args[i].Assignment)
		j.give(s.stage, s.args[i].name, true)
	}
	for i := range s.envs {
		p := &s.envs[i]
		given := false
		for _, ref := range p.refs {
			given = given || j.isGiven(s.stage, ref)
		}
		switch {
		case given:
			j.add(ContextEnvArg, s, p.Assignment)
		case len(j.secrets) > 0 && !p.path && j.final[s.stage] && j.secrets[plainName([]byte(p.name))]:
			j.add(ContextSecretEnv, s, p.Assignment)
		}
		if given || j.isGiven(s.stage, p.name) {
			j.give(s.stage, p.name, given)
		}
	}
}

func (j *judgement) give(stage int, name string, given bool) {
	if j.given[stage] == nil {
		j.given[stage] = make(map[string]bool, j.args/len(j.given))
	}
	j.given[stage][name] = given
}

// isGiven says whether a variable holds what an ARG brought in.
func (j *judgement) isGiven(stage int, name string) bool {
	for n := 0; stage >= 0 && n < maxParents; n++ {
		if given, known := j.given[stage][name]; known {
			return given
		}
		stage = j.stages[stage].Parent
	}
	return false
}

func (j *judgement) copied(s *stated, c *source) {
	a := alone(c.at)
	if !c.all {
		j.add(ContextCopyCredential, s, a)
		j.copies = append(j.copies, copied{c, len(j.list) - 1, s.stage})
		return
	}
	remark := &j.context
	if s.stage >= 0 && !j.final[s.stage] {
		remark = &j.inside
	}
	if *remark == nil {
		*remark = &assignment.Remark{Builder: remark == &j.inside, When: assignment.Condition{Kind: assignment.InContext, Path: ".", Beside: j.beside}}
	}
	a.Remark = *remark
	j.add(ContextCopyAll, s, a)
}

// maxCopies bounds with how many copies, the last ones, what is deleted is compared.
const maxCopies = 64

// removed notes that a path is deleted.
func (j *judgement) removed(stage int, path string) {
	for i := max(0, len(j.copies)-maxCopies); i < len(j.copies); i++ {
		if c := &j.copies[i]; deletes(path, c.dest, c.base) && j.sees(stage, c.stage) {
			j.list[c.at].Context = ContextCopyRemoved
		}
	}
}

// sees says whether a stage has the layers of an earlier one.
func (j *judgement) sees(stage, earlier int) bool {
	for n := 0; stage > earlier && n < maxParents; n++ {
		stage = j.stages[stage].Parent
	}
	return stage == earlier
}

// Finals says for each stage whether an image that can be built of the file has its layers: the stage is one that no
// other stage copies from or is built on, or one that such a stage is built on. The others are builder stages: their
// layers stay in caches and, with what they were given, in provenance.
func (f *File) Finals() []bool {
	list := make([]stated, len(f.Instructions))
	for i := range f.Instructions {
		in := &f.Instructions[i]
		list[i] = stated{facts: &facts{}, stage: in.Stage}
		for in.OnBuild != nil {
			in = in.OnBuild
		}
		list[i].takes(in)
	}
	return finals(f.Stages, f.byName, list)
}

func finals(stages []Stage, byName map[string]int, all []stated) []bool {
	used := make([]bool, len(stages))
	for i := range stages {
		if p := stages[i].Parent; p >= 0 {
			used[p] = true
		}
	}
	for i := range all {
		for _, name := range all[i].froms {
			stage, ok := byName[strings.ToLower(name)]
			if !ok {
				stage = number(name)
			}
			if stage >= 0 && stage < all[i].stage {
				used[stage] = true
			}
		}
	}
	final := make([]bool, len(stages))
	for i := len(stages) - 1; i >= 0; i-- {
		if !used[i] || i == len(stages)-1 {
			for k := i; k >= 0 && !final[k]; k = stages[k].Parent {
				final[k] = true
			}
		}
	}
	return final
}

// number is a short decimal number, -1 for anything else.
func number(s string) int {
	if s == "" || len(s) > 4 {
		return -1
	}
	n := 0
	for i := range len(s) {
		if !digit(s[i]) {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}
