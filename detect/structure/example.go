package structure

import (
	"slices"
	"strings"

	"rummage/detect"
	"rummage/detect/assignment"
)

// Example reads the text of a rule's example as the kind of file that the rule's contexts are of, for detect.Checker.
// The examples of rules that also read free text are free text.
func Example(r *detect.Rule, text string) detect.Reading {
	if slices.Contains(r.In, assignment.Text) || r.Regex != "" {
		return detect.Reading{}
	}
	for k := Kind(1); k < YAML; k++ {
		if !slices.ContainsFunc(r.In, func(c assignment.Context) bool { return k.has(c) }) {
			continue
		}
		reading, _ := k.Read([]byte(text))
		if slices.ContainsFunc(reading.Assignments, func(a assignment.Assignment) bool { return slices.Contains(r.In, a.Context) }) {
			return reading
		}
	}
	return detect.Reading{}
}

// has says whether files of the kind may have assignments of a context.
func (k Kind) has(c assignment.Context) bool {
	family, _, _ := strings.Cut(string(c), ".")
	switch family {
	case "command", "dockerfile":
		return k == Dockerfile || k == Compose // which may hold one
	case "build":
		return k == Compose || k == GitHub || k == Bake
	case "script":
		return Shell <= k && k <= Jenkinsfile
	case "yaml":
		return k == GitHub || k == GitLab || k == Helm || k == Kubernetes
	case "image":
		return k == ImageConfig || k == Provenance
	case "dotenv":
		return k == Dotenv || k == DotenvSample || k == Envrc
	}
	return family == k.String()
}
