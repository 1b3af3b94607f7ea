package hook

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"rummage/report"
	"rummage/scan"
)

// Event is a line of the log. One with many refs goes on in further lines of the same id.
type Event struct {
	Time       time.Time `json:"time"`
	ID         string    `json:"id"`
	Event      string    `json:"event"`
	Cause      string    `json:"cause,omitempty"` // of a fail-open: timeout, memory, size or error
	Repository string    `json:"repository"`
	User       string    `json:"user,omitempty"`
	Part       int       `json:"part,omitempty"` // of Parts, when there are several; what is counted is in the first
	Parts      int       `json:"parts,omitempty"`
	Refs       []Ref     `json:"refs"`
	RefCount   int       `json:"ref_count"`
	Head       string    `json:"head,omitempty"` // commit of HEAD before a push that was let through
	Findings   []Record  `json:"findings"`
	Count      int       `json:"finding_count"`
	Reason     string    `json:"reason,omitempty"`  // the pusher's, or why the search failed
	Settles    string    `json:"settles,omitempty"` // of a recheck: the id of the event whose push was searched
	Seconds    float64   `json:"seconds"`
}

// The events.
const (
	eventBlock       = "block"
	eventWarn        = "warn"
	eventBypass      = "bypass"
	eventExempt      = "exempt"
	eventTimeout     = "timeout" // and refused, as with the next four
	eventMemory      = "memory"
	eventSize        = "size"
	eventError       = "error"
	eventInterrupted = "interrupted"
	eventFailOpen    = "fail-open" // let through though one of these happened
	eventRecheck     = "recheck"
	eventUncounted   = "uncounted" // what a sweep's decisions took out of the findings
	eventUnasked     = "unasked"   // the sweep was to be asked and did not answer
)

// letThrough are the events of pushes that were let through though they, or what they bring, were not to be.
var letThrough = []string{eventFailOpen, eventBypass, eventExempt}

// Ref is a ref as it was and was to be.
type Ref struct {
	Name string `json:"ref"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Record is a finding in the log. The secret is masked.
type Record struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Severity    string `json:"severity"`
	Kind        string `json:"kind"`
	Secret      string `json:"secret,omitempty"`
	Path        string `json:"path,omitempty"`
	Line        int    `json:"line,omitempty"`
	Commit      string `json:"commit,omitempty"`
	Held        bool   `json:"held,omitempty"` // the repository had it before
	// What a sweep says of it, who has decided so, and why.
	State     string `json:"state,omitempty"`
	DecidedBy string `json:"decided_by,omitempty"`
	Decision  string `json:"decision,omitempty"`
}

// How many refs and findings an event names (it counts all; of what was let through all refs are named), and how long texts in
// it are, in bytes.
const (
	maxLogged     = 100
	maxLoggedText = 1_000
	maxLoggedName = 500
	maxLoggedPath = 4_096
	maxEventLine  = 64 << 10
)

func record(f *scan.Finding) Record {
	r := Record{Fingerprint: f.Fingerprint, Rule: clip(f.Rule, maxLoggedName), Severity: f.Severity, Kind: string(f.Kind)}
	if f.Secret != "" {
		r.Secret = clip(report.Escape(f.Secret.String()), maxLoggedName)
	}
	if len(f.Places) > 0 {
		r.Path, r.Line = clip(report.Escape(f.Places[0].Path), maxLoggedText), f.Places[0].Line
		if c := f.Places[0].Introduced; c != nil {
			r.Commit = c.ID
		}
	}
	return r
}

// clip is the beginning of a text, with a mark where it was cut.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most-len("…")]
	for s != "" {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + "…"
}

// newEvent is an event of now.
func newEvent(what string) Event {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	return Event{Time: time.Now().UTC(), ID: hex.EncodeToString(id[:]), Event: what, Refs: []Ref{}, Findings: []Record{}}
}

// isEventID reports whether s is an id as newEvent gives them.
func isEventID(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 8
}

// lines are the event as lines of at most limit bytes, the last of which ends with no line feed. Findings that do not fit are
// counted and not named. So are refs, but those of what was let through, which a later search needs: they go on in further
// lines.
func (e Event) lines(limit int) ([][]byte, error) {
	refs, records := e.Refs, e.Findings
	e.Refs, e.Findings = []Ref{}, []Record{}
	base, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	const parts = len(`"part":9999999,"parts":9999999,`)
	room := limit - len(base) - parts
	named, left, err := fitting(records, room/2)
	if err != nil {
		return nil, err
	}
	e.Findings = slices.Clip(records[:named])
	var events []Event
	for room = room/2 + left; ; room = limit - len(base) - parts {
		n, _, err := fitting(refs, room)
		if err != nil {
			return nil, err
		}
		if n == 0 && len(refs) > 0 && len(events) > 0 {
			return nil, errors.New("the event does not fit into lines of the log")
		}
		e.Refs = refs[:n:n]
		refs = refs[n:]
		events = append(events, e)
		if len(refs) == 0 || !slices.Contains(letThrough, e.Event) {
			break
		}
		e.Findings, e.Count = []Record{}, 0
	}
	lines := make([][]byte, len(events))
	for i := range events {
		if len(events) > 1 {
			events[i].Part, events[i].Parts = i+1, len(events)
		}
		if lines[i], err = json.Marshal(&events[i]); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// fitting is how many of the items fit into so many bytes of a list, and how many bytes are left.
func fitting[T any](items []T, room int) (n, left int, err error) {
	for i := range items {
		data, err := json.Marshal(items[i])
		if err != nil {
			return 0, 0, err
		}
		if room -= len(data) + 1; room < 0 {
			return i, room + len(data) + 1, nil
		}
	}
	return len(items), room, nil
}

// appendEvents adds events to the log, all or none of them where that is a file.
func appendEvents(audit string, events []Event) error {
	if audit == "" || len(events) == 0 {
		return nil
	}
	daemon, isSyslog, err := parseSyslog(audit)
	if err != nil {
		return err
	}
	limit := maxEventLine
	if isSyslog {
		limit = maxMessage
	}
	var all bytes.Buffer
	for i := range events {
		lines, err := events[i].lines(limit)
		if err != nil {
			return err
		}
		if isSyslog {
			severity := syslogWarning
			if slices.Contains([]string{eventWarn, eventRecheck, eventUncounted}, events[i].Event) {
				severity = syslogNotice
			}
			if err := daemon.send(severity, lines); err != nil {
				return err
			}
		}
		for _, l := range lines {
			all.Write(l)
			all.WriteByte('\n')
		}
	}
	if isSyslog {
		return nil
	}
	return appendLog(audit, all.Bytes())
}
