package advice

import (
	"slices"

	"rummage/detect"
)

// General texts of Rotate.
const (
	rotateGeneric = "Change it at the service that it is for, first: set a new value there, and let the old one stop working."
	rotateOrder   = "Then give the new value to everything that uses it, from outside the repository, and deploy that. See the service's log for uses of the old one that are not yours."
	rotateHistory = "Rewriting the history comes last and replaces none of it: clones, forks, caches of forges, CI logs, images and backups keep the old value."
	rotateFile    = "Whatever the file holds, or the practice has let out, counts as known: issue each of those credentials anew at the service that it is for."
)

// Rotate says how a value that leaked is replaced, in the order in which that is done. For a provider's rule the first
// line is the rule's own. Nil is for a rule that is not known.
func Rotate(r *detect.Rule) []string {
	first := rotateGeneric
	switch {
	case r == nil:
	case r.Kind == detect.KindExposure || r.NameOnly():
		first = rotateFile
	case r.Remedy != "" && !slices.Contains(r.Tags, "generic"):
		first = r.Remedy
	}
	return []string{first, rotateOrder, rotateHistory}
}
