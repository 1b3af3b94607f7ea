package forge

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Filter says which repositories of a list are meant. The zero Filter means all.
type Filter struct {
	// Include and Exclude are patterns of names: path.Match for each segment, in which ** stands for any number of segments.
	// Letters match whatever their case. Without Include all names are in; Exclude wins.
	Include, Exclude []string
	Visibility       []string // "public", "internal", "private"; empty: all
	Topics           []string // of which one is enough; empty: all
	Archived, Forks  *bool    // only those, or only others; nil: both
	MaxSize          int64    // in bytes; 0: any. What has no known size is in
}

// Check is an error for a pattern that matches nothing because it is none.
func (f Filter) Check() error {
	for _, p := range append(slices.Clone(f.Include), f.Exclude...) {
		if p == "" || len(p) > maxName || strings.Count(p, "**") > 4 {
			return fmt.Errorf("%q is no pattern of names", clip(p))
		}
		for segment := range strings.SplitSeq(p, "/") {
			if _, err := path.Match(segment, ""); err != nil {
				return fmt.Errorf("%q is no pattern of names: %w", clip(p), err)
			}
		}
	}
	for _, v := range f.Visibility {
		if v != "public" && v != "internal" && v != "private" {
			return fmt.Errorf("%q is no visibility: there are public, internal and private", clip(v))
		}
	}
	return nil
}

// Match tells whether a repository is meant, and if not, why.
func (f Filter) Match(r Repository) (ok bool, why string) {
	match := func(p string) bool { return matchName(p, r.Name) }
	switch {
	case len(f.Include) > 0 && !slices.ContainsFunc(f.Include, match):
		return false, "not included by name"
	case slices.ContainsFunc(f.Exclude, match):
		return false, "excluded by name"
	case len(f.Visibility) > 0 && !slices.Contains(f.Visibility, r.Visibility):
		return false, r.Visibility
	case len(f.Topics) > 0 && !slices.ContainsFunc(f.Topics, func(t string) bool { return containsFold(r.Topics, t) }):
		return false, "none of the topics"
	case f.Archived != nil && *f.Archived != r.Archived:
		return false, either(r.Archived, "archived", "not archived")
	case f.Forks != nil && *f.Forks != r.Fork:
		return false, either(r.Fork, "a fork", "no fork")
	case f.MaxSize > 0 && r.Size > f.MaxSize:
		return false, fmt.Sprintf("larger than %d bytes", f.MaxSize)
	}
	return true, ""
}

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(t string) bool { return strings.EqualFold(t, s) })
}

// matchName matches segments. A name has a wiki's or gist's last segment like any other.
func matchName(pattern, name string) bool {
	return matchSegments(strings.Split(strings.ToLower(pattern), "/"), strings.Split(strings.ToLower(name), "/"))
}

func matchSegments(pattern, name []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(name) + 1 {
				if matchSegments(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], name[0]); err != nil || !ok {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return len(name) == 0
}
