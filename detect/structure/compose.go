package structure

import (
	"slices"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/compose"
	"rummage/detect/dockerfile"
	"rummage/detect/interpolate"
)

// The contexts of practices around compose files. The name is the path that the file names; they hold on conditions.
const (
	// ComposeSecretTracked is the file of a secret that is itself committed.
	ComposeSecretTracked assignment.Context = "compose.secret-tracked"
	// ComposeEnvTracked is a file of variables that is itself committed, and sets secrets.
	ComposeEnvTracked assignment.Context = "compose.env-tracked"
	// ComposeEnvUnignored is a file of variables that is not committed, but that nothing keeps from being so.
	ComposeEnvUnignored assignment.Context = "compose.env-unignored"
)

// composeAssignments appends what a compose file says.
func composeAssignments(list []assignment.Assignment, data []byte, f *compose.File) []assignment.Assignment {
	list = entries(slices.Grow(list, len(f.Assignments)+len(f.References)), f.Assignments)
	list = append(list, composeFiles(f)...)
	list = append(list, provenanceArgs(data, f.Assignments)...)
	for i := range f.Inlines {
		list = append(list, dockerfile.Inline(f.Inlines[i].Text)...)
	}
	return list
}

// composeFiles are the practices around the files that a compose file names.
func composeFiles(f *compose.File) (list []assignment.Assignment) {
	add := func(c assignment.Context, s assignment.Span, kind assignment.ConditionKind, path string) {
		list = append(list, assignment.Assignment{Context: c, Name: s, Value: assignment.Span{Start: s.End, End: s.End},
			Remark: &assignment.Remark{When: assignment.Condition{Kind: kind, Path: path}}})
	}
	dotenv := false
	for i := range f.References {
		r := &f.References[i]
		path := string(r.Path.Bytes)
		if r.Form != interpolate.Literal || path == "" || path[0] == '/' || path[0] == '~' || strings.Contains(path, "://") {
			continue
		}
		switch r.Context {
		case compose.Secret:
			add(ComposeSecretTracked, r.Path.Place(), assignment.Tracked, path)
		case compose.EnvFile:
			dotenv = dotenv || strings.TrimPrefix(path, "./") == ".env"
			add(ComposeEnvTracked, r.Path.Place(), assignment.TrackedSecrets, path)
			add(ComposeEnvUnignored, r.Path.Place(), assignment.Unignored, path)
		}
	}
	if dotenv {
		return list
	}
	// Compose reads .env by itself for the references in the file.
	for i := range f.Assignments {
		if e := &f.Assignments[i]; e.Form == interpolate.Reference && e.Context != compose.Commented && e.Value.Len() > 0 {
			add(ComposeEnvTracked, e.Value, assignment.TrackedSecrets, ".env")
			list[len(list)-1].Remark.Key = ".env"
			break
		}
	}
	return list
}
