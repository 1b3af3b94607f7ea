package structure

import (
	"slices"

	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/dockerfile"
)

// variables are the contexts that checks of names in ARG and ENV are about.
var variables = []assignment.Context{dockerfile.ContextEnv, dockerfile.ContextArg, dockerfile.ContextArgOpen, dockerfile.ContextEnvArg,
	dockerfile.ContextSecretEnv}

// dockerReading is what a Dockerfile holds, as a reading. BuildKit's and hadolint's checks look at the names of ARG and
// ENV, so that is what their comments are about; our own is about all that stands in the instruction.
func dockerReading(c dockerfile.Content) (detect.Reading, int) {
	r := detect.Reading{Assignments: c.Assignments}
	for i := range c.Silenced {
		s := &c.Silenced[i]
		a := detect.Allowed{Span: s.Span, Reason: s.Reason}
		switch {
		case s.Tool == "rummage":
		case s.Tool == "check" && (s.All || slices.Contains(s.Rules, "SecretsUsedInArgOrEnv")),
			s.Tool == "hadolint" && slices.Contains(s.Rules, "DL3064"):
			a.In = variables
			if a.Reason == "" {
				a.Reason = map[string]string{"check": "check=skip=SecretsUsedInArgOrEnv", "hadolint": "hadolint ignore=DL3064"}[s.Tool]
			}
		default:
			continue
		}
		r.Allowed = append(r.Allowed, a)
	}
	return r, c.Problems
}
