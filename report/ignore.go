package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"rummage/scan"
)

const (
	maxIgnoreLine    = 64 << 10 // a path is at most a few kB
	maxIgnoreEntries = 1 << 20
	minFingerprint   = 16 // digits; ours have 32
)

// Ignore is the list of findings that somebody decided to live with, with the reason, and perhaps until a date.
//
// A line of the file (.rummageignore) is
//
//	FINGERPRINT [until=2027-01-31] [# reason]
//
// Lines that are empty or begin with # are comments. expires= is another word for until=; both may stand in the reason
// as well. An entry holds to the end of that day, UTC. The lines of a .gitleaksignore are understood too: FILE:RULE:LINE
// for any commit, COMMIT:FILE:RULE:LINE for one.
//
// An Ignore remembers which entries matched, and belongs to one goroutine.
type Ignore struct {
	name    string
	now     time.Time
	entries []*IgnoreEntry
	// byKey has the entries by fingerprint, or by gitleaks' name of a place.
	byKey map[string][]*IgnoreEntry
}

// IgnoreEntry is a line of an ignore file.
type IgnoreEntry struct {
	Line   int    // in the file, 1-based
	Text   string // fingerprint, or gitleaks' form
	Reason string // empty when none is given
	// Until is the first moment at which the entry holds no more; zero when it always holds.
	Until   time.Time
	byPlace bool
	matched bool
}

// ReadIgnore reads an ignore file as of the moment now. Errors begin with name and the line.
func ReadIgnore(name string, r io.Reader, now time.Time) (*Ignore, error) {
	g := &Ignore{name: name, now: now, byKey: map[string][]*IgnoreEntry{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxIgnoreLine)
	n := 0
	for lines.Scan() {
		n++
		line := lines.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		e, err := parseIgnoreLine(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if len(g.entries) == maxIgnoreEntries {
			return nil, fmt.Errorf("%s:%d: more than %s entries", name, n, thousands(maxIgnoreEntries))
		}
		e.Line = n
		g.entries = append(g.entries, e)
		g.byKey[e.Text] = append(g.byKey[e.Text], e)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("%s:%d: line is longer than %s", name, n+1, byteSize(maxIgnoreLine))
	case err != nil:
		return nil, fmt.Errorf("%s:%d: %w", name, n+1, err)
	}
	return g, nil
}

// parseIgnoreLine takes a line apart. Paths may hold spaces and hashes, so the entry ends at the first " #" before
// which there is a whole entry.
func parseIgnoreLine(line string) (*IgnoreEntry, error) {
	for i := 1; i <= len(line); i++ {
		if i < len(line) && (line[i] != '#' || line[i-1] != ' ' && line[i-1] != '\t') {
			continue
		}
		e := &IgnoreEntry{}
		text, until, err := cutExpiry(line[:i])
		if err != nil {
			return nil, err
		}
		if !e.parseText(strings.TrimSpace(text)) {
			continue
		}
		reason, again, err := cutExpiry(strings.TrimLeft(line[i:], "#"))
		if err != nil {
			return nil, err
		}
		e.Reason, e.Until = strings.TrimSpace(reason), until
		if !again.IsZero() {
			e.Until = again
		}
		return e, nil
	}
	return nil, errors.New("neither a fingerprint nor FILE:RULE:LINE nor COMMIT:FILE:RULE:LINE")
}

// cutExpiry takes the words until=DATE and expires=DATE out of text. The moment is the beginning of the day after.
func cutExpiry(text string) (rest string, until time.Time, err error) {
	if !strings.Contains(text, "until=") && !strings.Contains(text, "expires=") {
		return text, until, nil
	}
	words := strings.Split(text, " ")
	kept := words[:0]
	for _, w := range words {
		date, ok := strings.CutPrefix(w, "until=")
		if !ok {
			date, ok = strings.CutPrefix(w, "expires=")
		}
		if !ok {
			kept = append(kept, w)
			continue
		}
		date = strings.TrimRight(date, ",.;)")
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return "", until, fmt.Errorf("date %q: want one like until=2027-01-31", Escape(cutBytes(date, 40)))
		}
		until = day.AddDate(0, 0, 1)
	}
	return strings.Join(kept, " "), until, nil
}

// parseText understands a fingerprint, or gitleaks' form read from its end, since a path may have colons.
func (e *IgnoreEntry) parseText(text string) bool {
	if isFingerprint(text) {
		e.Text = strings.ToLower(text)
		return true
	}
	rest, line, ok := cutLast(text)
	if _, err := strconv.ParseUint(line, 10, 31); !ok || err != nil {
		return false
	}
	file, rule, ok := cutLast(rest)
	if !ok || rule == "" || strings.ContainsAny(rule, " \t#/\\") {
		return false
	}
	commit := ""
	if c, f, ok := strings.Cut(file, ":"); ok && isObjectID(c) {
		commit, file = strings.ToLower(c), f
	}
	n, _ := strconv.Atoi(line)
	e.Text = gitleaksFingerprint(commit, strings.ReplaceAll(file, `\`, "/"), rule, n)
	e.byPlace = true
	return true
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

func isFingerprint(s string) bool { return len(s) >= minFingerprint && len(s) <= 128 && isHex(s) }

func isObjectID(s string) bool { return (len(s) == 40 || len(s) == 64) && isHex(s) }

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// Match reports whether the finding is to be ignored, and why. A fingerprint covers the finding wherever it stands;
// entries in gitleaks' form name places, and cover it when each of its places is named: a secret that turns up somewhere
// new is reported again. An entry that has expired covers nothing.
func (g *Ignore) Match(f *scan.Finding) (reason string, ok bool) {
	whole := g.live(f.Fingerprint)
	all := len(f.Places) > 0
	for i := range f.Places {
		var e *IgnoreEntry
		for _, name := range gitleaksNames(f, &f.Places[i]) {
			if found := g.live(strings.ReplaceAll(name, `\`, "/")); found != nil && e == nil {
				e = found
			}
		}
		if e == nil {
			all = false // go on all the same, so that the entries of the other places do not look stale
		} else if reason == "" {
			reason = e.Reason
		}
	}
	switch {
	case whole != nil:
		return whole.Reason, true
	case all:
		return reason, true
	}
	return "", false
}

// gitleaksNames is what gitleaks would call a place: with its commit and without, by the line of the match and, since
// people count so, that of the secret.
func gitleaksNames(f *scan.Finding, p *scan.Place) []string {
	lines := []int{p.Line}
	if s := matchSpan(p, f.Secret.Reveal()); s.startLine != p.Line {
		lines = append(lines, s.startLine)
	}
	var names []string
	for _, line := range lines {
		names = append(names, gitleaksFingerprint("", gitleaksFile(p), f.Rule, line))
		if p.Image != nil { // in whichever image
			names = append(names, gitleaksFingerprint("", p.Path, f.Rule, line))
		}
		if p.Introduced != nil {
			names = append(names, gitleaksFingerprint(p.Introduced.ID, gitleaksFile(p), f.Rule, line))
		}
	}
	return names
}

// live is an entry for key that has not expired, or nil. All entries for it count as matched.
func (g *Ignore) live(key string) *IgnoreEntry {
	var live *IgnoreEntry
	for _, e := range g.byKey[key] {
		e.matched = true
		if live == nil && !e.expired(g.now) {
			live = e
		}
	}
	return live
}

func (e *IgnoreEntry) expired(now time.Time) bool { return !e.Until.IsZero() && !now.Before(e.Until) }

// Len is how many entries there are.
func (g *Ignore) Len() int { return len(g.entries) }

// Stale lists the entries that matched nothing so far and have not expired. Ask after all findings were matched, and
// only of a scan that was complete: what could not be read could not match.
func (g *Ignore) Stale() []IgnoreEntry {
	return g.filter(func(e *IgnoreEntry) bool { return !e.matched && !e.expired(g.now) })
}

// Expired lists the entries whose date has passed.
func (g *Ignore) Expired() []IgnoreEntry {
	return g.filter(func(e *IgnoreEntry) bool { return e.expired(g.now) })
}

// Unexplained lists the entries without a reason.
func (g *Ignore) Unexplained() []IgnoreEntry {
	return g.filter(func(e *IgnoreEntry) bool { return e.Reason == "" })
}

func (g *Ignore) filter(keep func(*IgnoreEntry) bool) []IgnoreEntry {
	var out []IgnoreEntry
	for _, e := range g.entries {
		if keep(e) {
			out = append(out, *e)
		}
	}
	return out
}

// Notices says in a line each which entries are stale, have expired, or have no reason: for scan.Stats.Notices.
func (g *Ignore) Notices(complete bool) []string {
	var out []string
	say := func(entries []IgnoreEntry, what, whats string) {
		if len(entries) > 0 {
			if len(entries) > 1 {
				what = whats
			}
			out = append(out, fmt.Sprintf("%s: %s %s", g.name, lineList(entries), what))
		}
	}
	if complete {
		say(g.Stale(), "matches nothing any more", "match nothing any more")
	}
	say(g.Expired(), "has expired", "have expired")
	say(g.Unexplained(), "gives no reason", "give no reason")
	return out
}

// lineList is "line 3", "lines 3, 5 and 12 more".
func lineList(entries []IgnoreEntry) string {
	const shown = 5
	if len(entries) == 1 {
		return "line " + strconv.Itoa(entries[0].Line)
	}
	var lines []string
	for _, e := range entries[:min(len(entries), shown)] {
		lines = append(lines, strconv.Itoa(e.Line))
	}
	s := "lines " + strings.Join(lines, ", ")
	if more := len(entries) - shown; more > 0 {
		s += " and " + thousands(int64(more)) + " more"
	}
	return s
}
