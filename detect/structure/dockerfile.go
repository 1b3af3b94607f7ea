package structure

import (
	"cmp"
	"slices"

	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/dockerfile"
)

// variables are the contexts that checks of names in ARG and ENV are about.
var variables = []assignment.Context{dockerfile.ContextEnv, dockerfile.ContextArg, dockerfile.ContextArgOpen, dockerfile.ContextEnvArg,
	dockerfile.ContextSecretEnv}

func readDockerfile(data []byte) (detect.Reading, int) {
	f := dockerfile.Parse(data)
	list := dockerfile.Assignments(f)
	remarkStages(f, list)
	r := detect.Reading{Assignments: append(list, dockerfile.Practices(f)...), Allowed: silenced(f)}
	return r, len(f.Problems)
}

var inBuilder = &assignment.Remark{Builder: true}

// remarkStages notes which assignments stay in builder stages.
func remarkStages(f *dockerfile.File, list []assignment.Assignment) {
	final := f.Finals()
	if !slices.Contains(final, false) {
		return
	}
	for j := range list {
		// The last stage that begins at or before the name.
		at := list[j].Name.Start
		i, _ := slices.BinarySearchFunc(f.Stages, at+1, func(s dockerfile.Stage, at int) int {
			return cmp.Compare(f.Instructions[s.First].Span.Start, at)
		})
		if i > 0 && !final[i-1] && list[j].Context != dockerfile.ContextComment {
			list[j].Remark = inBuilder
		}
	}
}

// silenced are the ranges that comments silence. BuildKit's and hadolint's checks look at the names of ARG and ENV, so
// that is what their comments are about; our own is about all that stands in the instruction.
func silenced(f *dockerfile.File) []detect.Allowed {
	var list []detect.Allowed
	add := func(s *dockerfile.Suppression, span assignment.Span) {
		a := detect.Allowed{Span: span, Reason: s.Reason}
		switch {
		case s.Tool == "rummage":
		case s.Tool == "check" && (s.All || slices.Contains(s.Rules, "SecretsUsedInArgOrEnv")),
			s.Tool == "hadolint" && slices.Contains(s.Rules, "DL3064"):
			a.In = variables
			if a.Reason == "" {
				a.Reason = map[string]string{"check": "check=skip=SecretsUsedInArgOrEnv", "hadolint": "hadolint ignore=DL3064"}[s.Tool]
			}
		default:
			return
		}
		list = append(list, a)
	}
	for i := range f.Suppressions {
		add(&f.Suppressions[i], assignment.Span{End: len(f.Data())})
	}
	for i := range f.Instructions {
		in := &f.Instructions[i]
		for j := range in.Suppressions {
			add(&in.Suppressions[j], in.Span)
		}
	}
	return list
}
