package forge

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rummage/sweep/internal/shown"
)

// Cause says what to do about an error: errors.Is(err, forge.Denied).
type Cause string

func (c Cause) Error() string { return string(c) }

// The causes of errors. Unavailable may pass, and so does a *RateLimit.
const (
	Denied      Cause = "access refused"            // the token is wrong, revoked or may not do this
	NotFound    Cause = "not found"                 // no such owner, or none that the token may see
	NoToken     Cause = "no credential"             // it could not be had, or may not be sent
	Unavailable Cause = "could not be asked now"    // network, errors of the server; after some tries
	Elsewhere   Cause = "leads to another place"    // a redirect or a link to another host, or too many
	Malformed   Cause = "no answer of such a forge" // too large, no JSON, pages without end
	Incomplete  Cause = "incomplete"                // the rest of the list was visited
)

// Error is one line about a request, without credentials and with nothing in it that would move a terminal's cursor.
type Error struct {
	Cause  Cause
	Host   string
	Path   string // of the request, without its query
	Detail string
	Status int   // of HTTP, where an answer was refused
	Err    error // what the caller's functions returned
}

func (e *Error) Error() string {
	s := e.Host + e.Path + ": " + string(e.Cause)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Cause}
	}
	return []error{e.Cause, e.Err}
}

// fail makes an error. A %w is the caller's own; everything else is made printable.
func (f *Forge) fail(c Cause, path, format string, args ...any) *Error {
	text := fmt.Errorf(format, args...)
	return &Error{Cause: c, Host: clean(f.base.Host), Path: clean(path), Detail: clean(text.Error()), Err: errors.Unwrap(text)}
}

// RateLimit is the error of a limit that ends later than is waited for.
type RateLimit struct {
	Host  string
	Until time.Time
}

func (e *RateLimit) Error() string {
	return fmt.Sprintf("%s: its rate limit is used up until %s", e.Host, e.Until.UTC().Format(time.RFC3339))
}

// Partial is the error of a list that was visited but for some of it.
type Partial struct {
	Refused int      // entries that were not as they should be
	Reasons []string // of the first of them
	Failed  int      // parts of the list that could not be read
	Errs    []error  // of the first of them
}

func (p *Partial) Error() string {
	var parts []string
	add := func(n int, one, many string, why []string) {
		switch n {
		case 0:
			return
		case 1:
			parts = append(parts, "1 "+one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
		parts = append(parts, why[:min(len(why), shownErrors)]...)
	}
	var errs []string
	for _, err := range p.Errs {
		errs = append(errs, err.Error())
	}
	add(p.Failed, "part could not be read", "parts could not be read", errs)
	add(p.Refused, "entry was refused", "entries were refused", p.Reasons)
	return "the list is incomplete: " + strings.Join(parts, "; ")
}

func (p *Partial) Unwrap() []error { return append([]error{Incomplete}, p.Errs...) }

// clean makes a text printable and cuts it, after taking out secrets.
func clean(text string, secrets ...string) string {
	return shown.Short(shown.Without(text, secrets...))
}

// hideUser takes out what may be credentials in a URL that could not be read as one.
func hideUser(raw string) string {
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		return "xxxxx" + raw[at:]
	}
	return raw
}

// plain tells whether a text is printable throughout.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
