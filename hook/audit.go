package hook

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"rummage/report"
	"rummage/scan"
)

// Event is a line of the log.
type Event struct {
	Time       time.Time `json:"time"`
	Event      string    `json:"event"` // block, warn, bypass, exempt, timeout, error, fail-open
	Repository string    `json:"repository"`
	User       string    `json:"user,omitempty"`
	Refs       []Ref     `json:"refs"`
	RefCount   int       `json:"ref_count"`
	Findings   []Record  `json:"findings"`
	Count      int       `json:"finding_count"`
	Reason     string    `json:"reason,omitempty"` // the pusher's, or why the search failed
	Seconds    float64   `json:"seconds"`
}

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
}

// maxLogged is how many refs and findings an event names; it counts all.
const maxLogged = 100

func record(f *scan.Finding) Record {
	r := Record{Fingerprint: f.Fingerprint, Rule: f.Rule, Severity: f.Severity, Kind: string(f.Kind)}
	if f.Secret != "" {
		r.Secret = f.Secret.String()
	}
	if len(f.Places) > 0 {
		r.Path, r.Line = report.Escape(f.Places[0].Path), f.Places[0].Line
		if c := f.Places[0].Introduced; c != nil {
			r.Commit = c.ID
		}
	}
	return r
}

// appendEvent writes one line to the log, which is made readable by its owner alone. A file that is no regular one is
// refused: the log could be led elsewhere.
func appendEvent(path string, e *Event) (err error) {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
	}()
	if _, err := file.Write(append(line, '\n')); err != nil {
		return err
	}
	return file.Sync()
}
