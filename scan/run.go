package scan

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rummage/detect"
	"rummage/detect/advice"
)

// Result is what a scan found and what it read.
type Result struct {
	Findings []Finding
	// Suppressed are the findings that an inline comment or an allowlist took away.
	Suppressed []Finding
	Stats      Stats
}

// maxNamedProblems is how many problems a scan names; it counts all.
const maxNamedProblems = 10

// placeGrace is how long places may still be resolved after the user interrupted the search.
const placeGrace = 600 * time.Millisecond

// Run searches the source with so many workers and settles what was found. An interrupt (ctx) is not an error: what
// was found until then is settled, and Stats says that the scan is not complete.
func Run(ctx context.Context, src Source, d *detect.Detector, workers int) (*Result, error) {
	return run(ctx, src, newCollector(d, src), workers)
}

// RunWith is Run that leaves out what the ledger says was searched with the same rules, and has the ledger tell what it
// has searched itself.
func RunWith(ctx context.Context, src Source, d *detect.Detector, workers int, l *Ledger) (*Result, error) {
	c := newCollector(d, src)
	c.ledger = l
	res, err := run(ctx, src, c, workers)
	c.strike()
	c.settle(res)
	return res, err
}

// Measure searches and settles as Run does, with one worker, so that a profile of the detector tells what each rule
// costs. There is one Measure at a time for a profile.
func Measure(ctx context.Context, src Source, d *detect.Detector, p *detect.Profile) (Stats, error) {
	c := newCollector(d, src)
	c.profile = p
	res, err := run(ctx, src, c, 1)
	p.Lap(detect.SharePlace)
	if err != nil {
		return Stats{}, err
	}
	return res.Stats, nil
}

func run(ctx context.Context, src Source, c *collector, workers int) (*Result, error) {
	start := time.Now()
	err := src.Search(ctx, max(workers, 1), func() Visitor { return &visitor{c: c, pass: newPass(c.det, c.matcher())} })
	c.profile.Lap(detect.ShareSource)
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted {
		return nil, err
	}
	placeCtx := ctx
	if interrupted {
		var cancel context.CancelFunc
		placeCtx, cancel = context.WithTimeout(context.WithoutCancel(ctx), placeGrace)
		defer cancel()
	}
	b := builder{c: c, src: src, byKey: map[findingKey]*Finding{}, placed: map[BlobRef]bool{}}
	if err := src.Place(placeCtx, c, b.keep); err != nil {
		if !interrupted && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
		interrupted = true
	}
	if interrupted {
		b.rest()
	}
	c.adviseOn(placeCtx, b.read, workers)
	interrupted = interrupted || ctx.Err() != nil
	for i := range b.places {
		b.place(&b.places[i], b.hitsOf(i))
	}
	res := b.result()
	res.Stats = src.Stats()
	res.Stats.BytesBlobs, res.Stats.BytesSearched = c.texts.Load(), c.searched.Load()
	if failed := c.files.problems(); len(failed) > 0 {
		res.Stats.Complete = false
		res.Stats.ProblemCount += int64(len(failed))
		res.Stats.Problems = append(res.Stats.Problems, failed[:min(len(failed), max(0, maxNamedProblems-len(res.Stats.Problems)))]...)
	}
	if c.files.wanted {
		res.Stats.Structured, res.Stats.NotUnderstood = c.files.stats(), c.files.unread
	}
	if c.undecoded > 0 {
		res.Stats.Notices = append(res.Stats.Notices,
			fmt.Sprintf("%d blobs hold more encoded text than is decoded; the rest of it was searched as it stands", c.undecoded))
	}
	if interrupted {
		res.Stats.Interrupted, res.Stats.Complete = true, false
	}
	res.Stats.Suppressed = map[string]int64{}
	for _, f := range res.Suppressed {
		res.Stats.Suppressed[f.Suppressed.By]++
	}
	res.Stats.Seconds = time.Since(start).Seconds()
	return res, nil
}

// builder turns placements into findings.
type builder struct {
	c      *collector
	src    Source
	places []Placement
	read   []*structuredHits // of the blob of each placement as it is read there; nil: as text
	placed map[BlobRef]bool  // the blobs of places
	byKey  map[findingKey]*Finding
}

type findingKey struct {
	fingerprint string
	suppressed  Suppression
}

// keep takes a placement: all of them are known before any is added. As what its blob is read is said by what is known
// when it comes.
func (b *builder) keep(p Placement) {
	b.placed[p.Blob] = true
	var read *structuredHits
	if b.c.secrets[p.Secret].path == "" {
		read = b.c.readAt(p.Blob, p.Path)
	}
	b.places, b.read = append(b.places, p), append(b.read, read)
}

// hitsOf is the matches of the blob of the i-th placement.
func (b *builder) hitsOf(i int) []hit {
	if b.read[i] != nil {
		return b.read[i].hits
	}
	return b.c.hits[b.places[i].Blob]
}

// place adds one placement: as many places as the secret has occurrences in the blob.
func (b *builder) place(p *Placement, hits []hit) {
	k := b.c.secrets[p.Secret]
	commit := ""
	if p.Introduced != nil {
		commit = p.Introduced.ID
	}
	if k.path != "" { // by name: the file itself is the secret
		m := p.weigh(detect.Match{Rule: k.rule, Severity: k.rule.Severity, Tags: k.rule.Tags})
		_, by := b.c.det.PlacedAt(&m, p.Path, commit)
		var at Place
		if p.inLayer() && len(k.rule.In) == 0 { // a rule for images says it itself
			at.Remedy = advice.InLayer(p.Path, p.Image.Instruction)
		}
		b.add(&m, by, at, p)
		return
	}
	layer := ""
	if p.inLayer() {
		layer = advice.InLayer(p.Path, p.Image.Instruction)
	}
	for i := range hits {
		h := &hits[i]
		if h.secret != p.Secret || !p.Piece.holds(h.match.Start) {
			continue
		}
		ok, by := b.c.det.PlacedAt(&h.match, p.Path, commit)
		if !ok {
			continue
		}
		if h.match.Suppressed != nil {
			by = h.match.Suppressed
		}
		at := p.Piece.at(h.at)
		m := p.weigh(h.match)
		b.add(&m, by, Place{Line: at.Line, Column: at.Column, EndLine: at.EndLine, EndColumn: at.EndColumn,
			Context: string(h.match.Context), Match: Secret(h.match.Text), MatchAt: p.Piece.at(h.matchAt), Remedy: cmp.Or(layer, advice.At(h.remedy, p.Path))}, p)
	}
}

// tagPackage is of what stands in a file that a package ships.
const tagPackage = "package-file"

// weigh is a match with the severity that it has at the place.
func (p *Placement) weigh(m detect.Match) detect.Match {
	if p.Packaged {
		m.Tags = append(slices.Clone(m.Tags), tagPackage)
		if severityRank(m.Severity) < severityRank("low") {
			m.Severity = "low"
		}
	}
	return m
}

func (b *builder) add(m *detect.Match, by *detect.Suppression, at Place, p *Placement) {
	at.Path, at.Blob = p.Path, b.src.BlobID(p.Blob)
	at.Introduced, at.Removed, at.AtTip, at.Reachable, at.Note, at.Image = p.Introduced, p.Removed, p.AtTip, p.Reachable, p.Note, p.Image
	if at.AtTip == nil {
		at.AtTip = []string{}
	}
	at.Tags = m.Tags
	value := m.Secret
	switch {
	case Kind(m.Rule.Kind) == KindExposure && m.Key != "":
		value = p.Path + "\x00" + m.Key
	case value == "":
		value = p.Path
	}
	k := findingKey{fingerprint: Fingerprint(m.Rule.ID, value)}
	if by != nil {
		k.suppressed = Suppression{By: by.By, Reason: by.Reason}
	}
	f := b.byKey[k]
	if f == nil {
		r := m.Rule
		f = &Finding{Fingerprint: k.fingerprint, Rule: r.ID, Kind: Kind(r.Kind), Severity: m.Severity,
			Description: r.Description, Secret: Secret(m.Secret), Entropy: m.Entropy, Remedy: r.Remedy}
		if by != nil {
			s := k.suppressed
			f.Suppressed = &s
		}
		b.byKey[k] = f
	}
	if severityRank(m.Severity) < severityRank(f.Severity) {
		f.Severity = m.Severity // the same value may stand in a worse place
	}
	if value := Secret(m.Secret); value != "" && (f.Secret == "" || value < f.Secret) {
		f.Secret, f.Entropy = value, m.Entropy // an exposure may have several: always the same one is told
	}
	f.Places = append(f.Places, at)
}

// Severities are the names of severities, the worst first.
var Severities = []string{"critical", "high", "medium", "low", "info"}

func severityRank(s string) int {
	if i := slices.Index(Severities, s); i >= 0 {
		return i
	}
	return len(Severities)
}

// rest adds the blobs that an interrupt kept the source from placing, so that no match is lost. (Without an interrupt,
// a source leaves out what it only searched to compare with.)
func (b *builder) rest() {
	for ref, hits := range b.c.hits {
		if b.placed[ref] {
			continue
		}
		seen := map[SecretID]bool{}
		for _, h := range hits {
			if !seen[h.secret] {
				seen[h.secret] = true
				b.keep(Placement{Blob: ref, Secret: h.secret, Note: "place not resolved: interrupted"})
			}
		}
	}
}

func (b *builder) result() *Result {
	res := &Result{Findings: []Finding{}, Suppressed: []Finding{}}
	for _, f := range b.byKey {
		f.settlePlaces()
		f.settleRemedies()
		if f.Suppressed != nil {
			res.Suppressed = append(res.Suppressed, *f)
		} else {
			res.Findings = append(res.Findings, *f)
		}
	}
	slices.SortFunc(res.Findings, CompareFindings)
	slices.SortFunc(res.Suppressed, CompareFindings)
	return res
}

// settlePlaces sorts the places, each once, and gives the finding the tags that they share.
func (f *Finding) settlePlaces() {
	slices.SortFunc(f.Places, func(a, b Place) int {
		return cmp.Or(comparePlaces(a, b), slices.Compare(a.Tags, b.Tags), strings.Compare(a.Context, b.Context),
			strings.Compare(a.Remedy, b.Remedy), strings.Compare(string(a.Match), string(b.Match)))
	})
	f.Places = compactPlaces(f.Places)
	f.settleTags()
}

// settleTags gives the finding the tags that all its places have, and leaves its own to a place that has more.
func (f *Finding) settleTags() {
	f.Tags = slices.Clone(f.Places[0].Tags)
	for i := range f.Places[1:] {
		f.Tags = slices.DeleteFunc(f.Tags, func(tag string) bool { return !slices.Contains(f.Places[1+i].Tags, tag) })
	}
	for i := range f.Places {
		if slices.Equal(f.Places[i].Tags, f.Tags) {
			f.Places[i].Tags = nil
		}
	}
}

// settleRemedies makes the remedies of the places whole, gives the finding that of its first one, and leaves it to the
// places that are mended otherwise. The rule's remedy of a secret says how to revoke it, which comes first; that of an
// exposure says in general what the place's own says exactly.
func (f *Finding) settleRemedies() {
	rule := f.Remedy
	for i := range f.Places {
		p := &f.Places[i]
		switch {
		case p.Remedy == "":
			p.Remedy = rule
		case rule != "" && f.Kind != KindExposure:
			p.Remedy = rule + "\n" + p.Remedy
		}
	}
	f.shareRemedy()
}

// shareRemedy gives the finding the remedy of its first place, and leaves theirs to the places that have another.
func (f *Finding) shareRemedy() {
	f.Remedy = f.Places[0].Remedy
	for i := range f.Places {
		if f.Places[i].Remedy == f.Remedy {
			f.Places[i].Remedy = ""
		}
	}
}

// CompareFindings is the order of every report: rule, path and line of the first place, fingerprint, and who suppressed it.
func CompareFindings(a, b Finding) int {
	return cmp.Or(
		strings.Compare(a.Rule, b.Rule),
		comparePathLine(a.Places, b.Places),
		strings.Compare(a.Fingerprint, b.Fingerprint),
		compareSuppressions(a.Suppressed, b.Suppressed),
	)
}

func compareSuppressions(a, b *Suppression) int {
	switch {
	case a == b:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Or(strings.Compare(a.By, b.By), strings.Compare(a.Reason, b.Reason))
}

func comparePathLine(a, b []Place) int {
	if len(a) == 0 || len(b) == 0 {
		return cmp.Compare(len(a), len(b))
	}
	return cmp.Or(strings.Compare(a[0].Path, b[0].Path), cmp.Compare(a[0].Line, b[0].Line))
}

// comparePlaces orders the places of a finding: path, line, column, then when they came and went.
func comparePlaces(a, b Place) int {
	return cmp.Or(
		strings.Compare(a.Path, b.Path),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.EndLine, b.EndLine),
		cmp.Compare(a.EndColumn, b.EndColumn),
		compareCommits(a.Introduced, b.Introduced),
		compareCommits(a.Removed, b.Removed),
		strings.Compare(a.Blob, b.Blob),
		strings.Compare(a.Note, b.Note),
		slices.Compare(a.AtTip, b.AtTip),
		CompareInImage(a.Image, b.Image),
	)
}

func compareCommits(a, b *Commit) int {
	switch {
	case a == b:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.ID, b.ID))
}

// fingerprintVersion separates fingerprints of one scheme from those of another, should the scheme ever change.
const fingerprintVersion = "rummage/1\x00"

// Fingerprint is the identity of a finding: of the rule and the secret's value, never of a place. It is 32 hexadecimal
// digits of a SHA-256. A weak password can be guessed from it; ARCHITECTURE.md says why that is accepted.
func Fingerprint(rule, value string) string {
	sum := sha256.Sum256([]byte(fingerprintVersion + rule + "\x00" + value))
	return hex.EncodeToString(sum[:16])
}
