package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rummage/scan"
)

// Status says whether a secret is still there.
type Status string

// The statuses, from the one that matters most. A finding has the first that one of its places has.
const (
	StatusLive        Status = "live"        // in the tree of a ref
	StatusPresent     Status = "present"     // in a file, an image or an index: there is no history to ask
	StatusHistory     Status = "history"     // in a commit or tag message, which nothing takes out again
	StatusRemoved     Status = "removed"     // in no ref's tree, or no container, any more; whoever clones or pulls still has it
	StatusUnreachable Status = "unreachable" // in an object that no ref reaches
)

var statuses = []Status{StatusLive, StatusPresent, StatusHistory, StatusRemoved, StatusUnreachable}

func placeStatus(p *scan.Place) Status {
	inHistory := p.Introduced != nil
	switch {
	case p.Image != nil && (p.Image.State == scan.ImageDeleted || p.Image.State == scan.ImageOverwritten):
		return StatusRemoved
	case p.Image != nil: // a history in it too: whoever pulls the image has all of it
		return StatusPresent
	case !p.Reachable && (inHistory || strings.HasPrefix(p.Note, "unreachable")):
		return StatusUnreachable
	case p.Path == "" && strings.HasSuffix(p.Note, "message"):
		return StatusHistory
	case len(p.AtTip) > 0:
		return StatusLive
	case inHistory:
		return StatusRemoved
	}
	return StatusPresent
}

func statusOf(places []place) Status {
	best := len(statuses) - 1
	if len(places) == 0 {
		return StatusPresent
	}
	for i := range places {
		best = min(best, slices.Index(statuses, places[i].status))
	}
	return statuses[best]
}

// severities in the order in which they are listed.
var severities = []string{"critical", "high", "medium", "low", "info"}

// severityRank is 0 for critical and grows as it gets harmless; what is no severity comes last.
func severityRank(s string) int {
	if i := slices.Index(severities, s); i >= 0 {
		return i
	}
	return len(severities)
}

// refName shortens a ref as people say it: "main", "tag v1.2", "origin/main".
func refName(ref string) string {
	switch {
	case strings.HasPrefix(ref, "refs/heads/"):
		return ref[len("refs/heads/"):]
	case strings.HasPrefix(ref, "refs/tags/"):
		return "tag " + ref[len("refs/tags/"):]
	case strings.HasPrefix(ref, "refs/remotes/"):
		return ref[len("refs/remotes/"):]
	}
	return strings.TrimPrefix(ref, "refs/")
}

// refRank sorts refs for people: branches first, then HEAD, remote branches, tags, the rest.
func refRank(ref string) int {
	for i, prefix := range []string{"refs/heads/main", "refs/heads/master", "refs/heads/", "HEAD", "refs/remotes/", "refs/tags/"} {
		if ref == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(ref, prefix) {
			return i
		}
	}
	return 9
}

// tips is every ref that has the finding in its tree, once, in refRank order.
func (f *finding) tips() []string {
	var refs []string
	for i := range f.places {
		refs = append(refs, f.places[i].AtTip...)
	}
	slices.SortFunc(refs, func(a, b string) int {
		if ra, rb := refRank(a), refRank(b); ra != rb {
			return ra - rb
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(refs)
}

// since is when the finding first came in, and whether that is known.
func (f *finding) since() (time.Time, bool) {
	var first time.Time
	for i := range f.places {
		c := f.places[i].Introduced
		if c != nil && c.Date.After(firstDate) && (first.IsZero() || c.Date.Before(first)) {
			first = c.Date
		}
	}
	return first, !first.IsZero()
}

// age tells how long before now t was, in the largest unit that fits; empty when t is later or either is unknown.
func age(now, t time.Time) string {
	if now.IsZero() || !t.After(firstDate) || t.After(now) {
		return ""
	}
	days := int(now.Sub(t).Hours() / 24)
	switch {
	case days == 0:
		return "today"
	case days < 60:
		return count(int64(days), "day") + " ago"
	case days < 730:
		return count(int64(days/30), "month") + " ago"
	}
	return count(int64(float64(days)/365.25), "year") + " ago"
}

// count is "1 place", "12,272 places".
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// byteSize writes n in decimal units with two or three digits: "950 B", "1.8 GB".
func byteSize(n float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for n >= 999.5 && i < len(units)-1 {
		n /= 1000
		i++
	}
	if i > 0 && n < 9.95 {
		return fmt.Sprintf("%.1f %s", n, units[i])
	}
	return fmt.Sprintf("%.0f %s", n, units[i])
}
