package scan

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Secret is a credential's value. It prints masked, whatever verb prints it, so that no log line, error or report
// shows it by accident; Reveal gives the value to the few writers that were told to show it.
type Secret string

// Reveal is the value itself.
func (s Secret) Reveal() string { return string(s) }

// String is the masked form: a short secret shows nothing of itself, a long one its first and last four bytes.
func (s Secret) String() string { return Mask(string(s)) }

// GoString masks too: %#v would print the underlying string otherwise.
func (s Secret) GoString() string { return fmt.Sprintf("scan.Secret(%q)", s.String()) }

// Format masks for every verb: those that a string has no use for, such as %d, would print it in their complaint.
func (s Secret) Format(w fmt.State, verb rune) {
	if verb == 'v' && w.Flag('#') {
		_, _ = io.WriteString(w, s.GoString())
		return
	}
	_, _ = fmt.Fprintf(w, fmt.FormatString(w, verb), s.String())
}

// MarshalText masks, so that encoding/json writes the masked form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Kind says what a finding is about.
type Kind string

const (
	// KindSecret: the value of a credential is there.
	KindSecret Kind = "secret"
	// KindExposure: a practice that leaks a credential, whether or not its value is there.
	KindExposure Kind = "exposure"
)

// Commit is a commit as a place of a finding tells it.
type Commit struct {
	ID      string    `json:"commit"` // hexadecimal, 40 or 64 digits
	Author  string    `json:"author"`
	Email   string    `json:"email"`
	Date    time.Time `json:"date"` // author date
	Subject string    `json:"subject"`
	Message string    `json:"-"` // whole message, for formats that carry it
}

// Place is where a secret stands. In a repository it is a path for as long as the secret stood there without a break:
// from the commit that introduced it to the one that removed it. Line and column are those of the secret in Blob,
// the version that the introducing commit holds; both are 1-based, columns count UTF-8 bytes.
type Place struct {
	Path       string   `json:"path"` // empty for a commit or tag message
	Line       int      `json:"line"`
	Column     int      `json:"column"`
	EndLine    int      `json:"end_line"`
	EndColumn  int      `json:"end_column"` // of the first byte after the secret
	Context    string   `json:"context,omitempty"`
	Blob       string   `json:"blob,omitempty"` // object id, hexadecimal
	Introduced *Commit  `json:"introduced"`
	Removed    *Commit  `json:"removed"`
	AtTip      []string `json:"at_tip"`
	Reachable  bool     `json:"reachable"`
	// Image says where in a container image the place is, and is nil elsewhere. Path is then absolute, or one of the names
	// in angle brackets that stand for what is no file of the image.
	Image *InImage `json:"-"`
	// Note says what a path and a commit cannot: "unreachable object", "tag message", "index".
	Note string `json:"note,omitempty"`
	// Tags are those of this place where they are not the finding's: what is plain in one place may be encoded in another.
	Tags []string `json:"tags,omitempty"`
	// Remedy says what to do at this place, where that is not what the finding's says. Lines that show code begin with two
	// spaces.
	Remedy string `json:"remedy,omitempty"`
	// Match is the text that the rule matched, which holds the secret and what tells it apart.
	Match Secret `json:"-"`
	// MatchAt is where the match stands, which need not follow from Match when that was decoded. It is zero for a place
	// without a line.
	MatchAt Span `json:"-"`
}

// Span is a range of a text in lines and columns, as in Place.
type Span struct {
	Line, Column       int
	EndLine, EndColumn int // of the first byte after the range
}

// Suppression says who decided that a finding is not to be reported as one.
type Suppression struct {
	By     string `json:"by"`               // "comment", "allowlist", "baseline", "ignore-file"
	Reason string `json:"reason,omitempty"` // text of the comment, description of the allowlist, …
}

// Finding is one secret of one rule, with all its places.
type Finding struct {
	// Fingerprint is stable over time, machines and repositories: of rule and secret (exposure: rule, path, key).
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Kind        Kind   `json:"kind"`
	Severity    string `json:"severity"` // critical, high, medium, low, info
	Description string `json:"description"`
	Secret      Secret `json:"secret"`
	// Masked is the masked form of the secret where only that is known: another program found it. Secret is empty then.
	Masked  string   `json:"-"`
	Entropy float64  `json:"entropy"`        // Shannon, bits per character
	Tags    []string `json:"tags,omitempty"` // of every place, see Place.Tags
	// Remedy says what to do at the first place, in lines as in Place.
	Remedy     string       `json:"remedy"`
	Places     []Place      `json:"places"`
	Suppressed *Suppression `json:"suppressed,omitempty"`
}

// A PEM block begins with "-----BEGIN LABEL-----" (RFC 7468).
const (
	pemBegin    = "-----BEGIN "
	maxPEMLabel = 60
	pemLetters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
)

// Mask hides a value: nothing of one shorter than 12 bytes, the first two of one shorter than 24, the first and last
// four of a longer one. Line breaks end the visible part. Of a PEM block its BEGIN line is shown, which is no secret.
func Mask(s string) string {
	const hidden = "****"
	if label, ok := strings.CutPrefix(s, pemBegin); ok {
		if i := strings.Index(label[:min(len(label), maxPEMLabel)], "-----"); i >= 0 && strings.Trim(label[:i], pemLetters) == "" {
			return pemBegin + label[:i] + "-----" + hidden
		}
	}
	head, tail := 0, 0
	switch {
	case len(s) >= 24:
		head, tail = 4, 4
	case len(s) >= 12:
		head = 2
	}
	h, t := s[:head], s[len(s)-tail:]
	if i := strings.IndexAny(h, "\r\n"); i >= 0 {
		h = h[:i]
	}
	if i := strings.LastIndexAny(t, "\r\n"); i >= 0 {
		t = t[i+1:]
	}
	return strings.ToValidUTF8(h, "") + hidden + strings.ToValidUTF8(t, "")
}
