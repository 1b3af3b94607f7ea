package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"rummage/scan"
)

// maxBaseline is the largest baseline that is read, in bytes. gitleaks' report of a very noisy history (100,000
// entries) takes about 100 MB.
const maxBaseline = 256 << 20

// Baseline is a set of findings that are known already. It keeps no secret, only digests of them.
type Baseline struct {
	fingerprints map[string]bool            // of our reports
	values       map[[sha256.Size]byte]bool // of gitleaks' reports, see valueDigest
	places       map[string][]gitleaksPlace // by path: entries of which gitleaks redacted the secret
	entries      int
}

// gitleaksPlace is where a redacted entry stands.
type gitleaksPlace struct {
	rule, commit string
	at           span
}

// minDistinct is the length from which a value is the same secret whatever rule found it. Names of rules differ between
// tools, and a shorter value may be a word that many things are protected with.
const minDistinct = 12

// ReadBaseline reads an earlier report: our JSON (schema 1), our JSON lines, or gitleaks' JSON, redacted or not.
//
// Of our reports the findings count, and those that were suppressed for standing in a baseline already; what a comment
// or an ignore file suppressed has to be suppressed by it again. The errors are one line that says where, and hold
// nothing of the report.
func ReadBaseline(r io.Reader) (*Baseline, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBaseline+1))
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	if len(data) > maxBaseline {
		return nil, fmt.Errorf("baseline: larger than %s", byteSize(maxBaseline))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	b := &Baseline{fingerprints: map[string]bool{}, values: map[[sha256.Size]byte]bool{}, places: map[string][]gitleaksPlace{}}
	d := json.NewDecoder(bytes.NewReader(data))
	switch first := firstByte(data); first {
	case '[':
		err = b.readGitleaks(d)
	case '{':
		err = b.readOurs(d)
	default:
		err = errors.New("neither a report of rummage nor one of gitleaks in JSON")
	}
	if err != nil {
		return nil, fmt.Errorf("baseline: %s: %w", position(data, d, err), plainJSONError(err))
	}
	return b, nil
}

// Len is how many entries there are.
func (b *Baseline) Len() int { return b.entries }

// Has reports whether the finding is known.
//
// Of our reports it is by its fingerprint. Of gitleaks' it is by its value, with the rule's name where the value is
// short. Where gitleaks redacted the value it is when one of its places is in the report: the same commit (or none) and
// path, and either the same rule and line or, since gitleaks' own rules have other names, overlapping columns.
func (b *Baseline) Has(f *scan.Finding) bool {
	if b.fingerprints[f.Fingerprint] {
		return true
	}
	if len(b.values) > 0 && f.Secret != "" && b.values[valueDigest(f.Rule, f.Secret.Reveal())] {
		return true
	}
	if len(b.places) == 0 {
		return false
	}
	for i := range f.Places {
		for _, p := range b.places[gitleaksFile(&f.Places[i])] {
			if p.has(f, &f.Places[i]) {
				return true
			}
		}
	}
	return false
}

func (g *gitleaksPlace) has(f *scan.Finding, p *scan.Place) bool {
	if g.commit != "" && (p.Introduced == nil || p.Introduced.ID != g.commit) {
		return false
	}
	match := matchSpan(p, f.Secret.Reveal())
	if g.rule == f.Rule && (g.at.startLine == p.Line || g.at.startLine == match.startLine) {
		return true
	}
	if p.Line == 0 || g.at.startLine == 0 {
		return p.Line == g.at.startLine // a file by its name
	}
	// gitleaks' columns are one too high on all lines but a fragment's first, so the last one may be that behind the
	// end. Two secrets that touch would share it; there is always a character between.
	return p.Line == p.EndLine && g.at.startLine == p.Line && g.at.endLine == p.Line &&
		p.Column < g.at.endColumn && g.at.startColumn < p.EndColumn
}

func valueDigest(rule, secret string) [sha256.Size]byte {
	if len(secret) >= minDistinct {
		rule = ""
	}
	return sha256.Sum256([]byte(rule + "\x00" + secret))
}

// ourEntry is what a baseline takes of our reports. A value of the stream is a whole report, a line with a finding, or
// the closing line with the statistics; "suppressed" is a list of findings in the first and says by whom in the second.
type ourEntry struct {
	Schema      *int            `json:"schema"`
	Findings    *[]ourEntry     `json:"findings"`
	Suppressed  json.RawMessage `json:"suppressed"`
	Fingerprint string          `json:"fingerprint"`
}

func (b *Baseline) readOurs(d *json.Decoder) error {
	for n := 0; ; n++ {
		var e ourEntry
		switch err := d.Decode(&e); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case e.Schema != nil && *e.Schema != Schema:
			return fmt.Errorf("schema %d is not known, want %d", *e.Schema, Schema)
		case e.Schema == nil && e.Fingerprint == "":
			return errors.New("neither a report of rummage nor one of gitleaks in JSON")
		case e.Fingerprint != "":
			if err := b.addOurs(&e); err != nil {
				return err
			}
		}
		if e.Findings != nil {
			for i := range *e.Findings {
				if err := b.addOurs(&(*e.Findings)[i]); err != nil {
					return fmt.Errorf("finding %d: %w", i+1, err)
				}
			}
			if err := b.addSuppressed(e.Suppressed); err != nil {
				return err
			}
		}
	}
}

func (b *Baseline) addSuppressed(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var list []ourEntry
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	for i := range list {
		if err := b.addOurs(&list[i]); err != nil {
			return fmt.Errorf("suppressed finding %d: %w", i+1, err)
		}
	}
	return nil
}

func (b *Baseline) addOurs(e *ourEntry) error {
	if e.Fingerprint == "" {
		return errors.New("no fingerprint")
	}
	if len(e.Suppressed) > 0 && string(e.Suppressed) != "null" {
		var s scan.Suppression
		if err := json.Unmarshal(e.Suppressed, &s); err != nil {
			return err
		}
		if s.By != "baseline" {
			return nil
		}
	}
	b.fingerprints[e.Fingerprint] = true
	b.entries++
	return nil
}

func (b *Baseline) readGitleaks(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	for n := 1; d.More(); n++ {
		var e struct {
			RuleID, Secret, File, Commit               string
			StartLine, EndLine, StartColumn, EndColumn int
		}
		if err := d.Decode(&e); err != nil {
			return err
		}
		if e.RuleID == "" {
			return fmt.Errorf("entry %d: no RuleID, so no report of gitleaks", n)
		}
		if redacted(e.Secret) {
			at := span{e.StartLine, e.StartColumn, e.EndLine, e.EndColumn}
			b.places[e.File] = append(b.places[e.File], gitleaksPlace{e.RuleID, e.Commit, at})
		} else {
			b.values[valueDigest(e.RuleID, e.Secret)] = true
		}
		b.entries++
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something stands behind the report")
	}
	return nil
}

// redacted reports whether a value was hidden: by gitleaks (wholly, or from some character on), by us, or because a
// finding by file name has none.
func redacted(secret string) bool {
	return secret == "" || secret == "REDACTED" || strings.HasSuffix(secret, "...") || strings.Contains(secret, "****")
}

func firstByte(data []byte) byte {
	if data = bytes.TrimLeft(data, " \t\r\n"); len(data) > 0 {
		return data[0]
	}
	return 0
}

// position tells where reading stopped.
func position(data []byte, d *json.Decoder, err error) string {
	at := d.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = syntax.Offset
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		at = int64(len(data))
	}
	at = max(0, min(at, int64(len(data))))
	return fmt.Sprintf("line %d (byte %d)", bytes.Count(data[:at], []byte("\n"))+1, at)
}

// plainJSONError words an error of encoding/json without values, which can be secrets, and without names of our types.
func plainJSONError(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("cut off")
	case errors.As(err, &mismatch):
		kind, _, _ := strings.Cut(mismatch.Value, " ")
		field := mismatch.Field
		if field == "" {
			field = "entry"
		}
		return fmt.Errorf("%s is of the wrong type (%s)", field, kind)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %s", Escape(strings.TrimPrefix(syntax.Error(), "json: ")))
	}
	return err
}
