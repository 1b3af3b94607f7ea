package report

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"rummage/scan"
)

// view is a report made ready for the writers: sorted, and with every secret masked unless it is to be shown. Writers
// see nothing else, so none of them can forget it. Its texts are still the repository's: a writer escapes them in its
// format's way.
type view struct {
	Report
	o          Options
	now        time.Time
	findings   []finding  // sorted by rule, path, line, fingerprint
	suppressed []finding  // the same; empty unless they are to be shown
	rules      []RuleInfo // see ruleInfos
}

// finding is a finding as reports show it. Secret and Masked of the embedded one are empty: secret is the text to show,
// and masked says that its value is not known.
type finding struct {
	scan.Finding
	secret string
	masked bool
	places []place
	// sites are the places grouped: a secret that stood at one place and was taken out on two branches is two places
	// that differ in Removed alone, and one site; so is a file of a layer that several images share. Formats that tell only
	// where and since when write one per site. There is always one.
	sites  []site
	status Status
}

// site is one or more places that differ in Removed alone, or in which of the images it is that share the layer.
type site []place

// place is a place as reports show it. Match of the embedded one is empty: match is the text to show, and span where
// it stands.
type place struct {
	scan.Place
	match  string
	span   span
	status Status
}

// span is where a match stands. Lines and columns are 1-based, the end column is that of the last byte.
type span struct{ startLine, startColumn, endLine, endColumn int }

func newView(r *Report, o Options) *view {
	v := &view{Report: *r, o: o, now: o.Now}
	if v.now.IsZero() {
		v.now = r.Started
	}
	if v.Tool == "" {
		v.Tool = "rummage"
	}
	var s *scrubber
	if !o.ShowSecrets {
		s = newScrubber(r.Findings, r.Suppressed)
	}
	b := viewBuilder{s, o.ShowSecrets, map[*scan.Commit]*scan.Commit{}, map[*scan.InImage]*scan.InImage{}}
	v.findings = b.findings(r.Findings)
	if o.ShowSuppressed {
		v.suppressed = b.findings(r.Suppressed)
	}
	if vc := r.VersionControl; vc != nil {
		v.VersionControl = &VersionControl{URI: s.path(withoutCredentials(vc.URI)), Revision: vc.Revision, Branch: s.path(vc.Branch)}
	}
	v.Source = s.path(withoutCredentials(r.Source))
	v.Stats = b.stats(r.Stats)
	v.Images = b.imageScans(r.Images)
	return v
}

// ruleInfos is what is said of the rules, see rulesOf. Not all formats have it.
func (v *view) ruleInfos() []RuleInfo {
	if v.rules == nil {
		v.rules = rulesOf(v.Rules, v.findings, v.suppressed)
	}
	return v.rules
}

// all is the findings followed by the suppressed ones that are to be shown.
func (v *view) all() []finding { return slices.Concat(v.findings, v.suppressed) }

type viewBuilder struct {
	s       *scrubber
	show    bool
	commits map[*scan.Commit]*scan.Commit // places share commits, and messages can be long
	images  map[*scan.InImage]*scan.InImage
}

func (b *viewBuilder) findings(in []scan.Finding) []finding {
	out := make([]finding, len(in))
	for i := range in {
		out[i] = b.finding(&in[i])
	}
	slices.SortStableFunc(out, func(x, y finding) int {
		px, py := x.first(), y.first()
		return cmp.Or(strings.Compare(x.Rule, y.Rule), strings.Compare(px.Path, py.Path), cmp.Compare(px.Line, py.Line),
			strings.Compare(x.Fingerprint, y.Fingerprint), compareSuppressions(x.Suppressed, y.Suppressed))
	})
	return out
}

func (b *viewBuilder) finding(in *scan.Finding) finding {
	f := finding{Finding: *in, secret: b.value(in.Secret.Reveal())}
	if in.Secret == "" { // the mask is all there is, whatever is to be shown
		f.secret, f.masked = in.Masked, in.Masked != ""
	}
	f.Secret, f.Masked = "", ""
	f.Finding.Places = nil
	f.Tags = unique(in.Tags)
	// These are the rule's words, where a short value ("password") is only a word.
	f.Description = b.s.path(in.Description)
	f.Remedy = b.s.path(in.Remedy)
	if in.Suppressed != nil {
		f.Suppressed = &scan.Suppression{By: in.Suppressed.By, Reason: b.s.text(in.Suppressed.Reason)}
	}
	if math.IsNaN(f.Entropy) || math.IsInf(f.Entropy, 0) {
		f.Entropy = 0
	}
	f.places = make([]place, len(in.Places))
	for i := range in.Places {
		f.places[i] = b.place(&in.Places[i], in.Secret.Reveal())
	}
	slices.SortStableFunc(f.places, comparePlaces)
	f.sites = sitesOf(f.places)
	f.status = statusOf(f.places)
	return f
}

// unique is tags in their order, each once: a rule and a match may both bring one.
func unique(tags []string) []string {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// tagsAt is what a format that has no findings, only places, says of one.
func (f *finding) tagsAt(p *place) []string {
	if len(p.Tags) > 0 {
		return p.Tags
	}
	return f.Tags
}

// value is a secret as the report shows it. A finding by file name, or an exposure, may have none.
func (b *viewBuilder) value(secret string) string {
	if b.show || secret == "" {
		return secret
	}
	return scan.Mask(secret)
}

func (b *viewBuilder) place(in *scan.Place, secret string) place {
	p := place{Place: *in, status: placeStatus(in), span: matchSpan(in, secret), match: in.Match.Reveal()}
	p.Match = ""
	if !b.show {
		p.match = b.s.text(maskMatch(p.match, secret))
	}
	p.Path = b.s.path(in.Path)
	p.Image = b.image(in.Image)
	p.Note = b.s.text(in.Note)
	p.Remedy = b.s.path(in.Remedy)
	p.Introduced = b.commit(in.Introduced)
	p.Removed = b.commit(in.Removed)
	p.Tags = unique(in.Tags)
	p.AtTip = make([]string, len(in.AtTip))
	for i, ref := range in.AtTip {
		p.AtTip[i] = b.s.path(ref)
	}
	slices.Sort(p.AtTip)
	return p
}

// sitesOf groups sorted places. A finding without any has one site that says so, lest a format that lists sites lose
// it.
func sitesOf(places []place) []site {
	if len(places) == 0 {
		return []site{{{Place: scan.Place{Note: "place unknown"}, status: StatusPresent}}}
	}
	var out []site
	layers := map[layerKey]int{} // the site of each
	for i := range places {
		if k, ok := layerOf(&places[i]); ok {
			if at, again := layers[k]; again {
				out[at] = append(slices.Clip(out[at]), places[i])
				continue
			}
			layers[k] = len(out)
		}
		if i > 0 && sameSite(&places[i-1], &places[i]) {
			last := len(out) - 1
			out[last] = places[i-len(out[last]) : i+1]
		} else {
			out = append(out, places[i:i+1])
		}
	}
	return out
}

func sameSite(x, y *place) bool {
	return x.Introduced != nil && compareCommits(x.Introduced, y.Introduced) == 0 && x.Path == y.Path && x.Line == y.Line &&
		x.Column == y.Column && x.EndLine == y.EndLine && x.EndColumn == y.EndColumn && x.Blob == y.Blob && x.Note == y.Note &&
		x.Context == y.Context && slices.Equal(x.AtTip, y.AtTip) && scan.CompareInImage(x.Image, y.Image) == 0
}

// maskMatch hides the secret in the text that the rule matched. Where the secret is not in it as it is, the match holds
// it encoded, and all of it is hidden.
func maskMatch(match, secret string) string {
	if secret == "" {
		return match
	}
	if !strings.Contains(match, secret) {
		return scan.Mask(match)
	}
	return strings.ReplaceAll(match, secret, scan.Mask(secret))
}

func (b *viewBuilder) commit(in *scan.Commit) *scan.Commit {
	if in == nil {
		return nil
	}
	if c, ok := b.commits[in]; ok {
		return c
	}
	c := *in
	c.Author, c.Email = b.s.text(in.Author), b.s.text(in.Email)
	c.Subject, c.Message = b.s.text(in.Subject), b.s.text(in.Message)
	c.Date = printableDate(in.Date)
	b.commits[in] = &c
	return &c
}

func (b *viewBuilder) stats(in scan.Stats) scan.Stats {
	out := in
	if math.IsNaN(out.Seconds) || math.IsInf(out.Seconds, 0) || out.Seconds < 0 {
		out.Seconds = 0
	}
	out.Problems = make([]scan.Problem, len(in.Problems))
	for i, p := range in.Problems {
		out.Problems[i] = scan.Problem{Where: b.s.path(withoutCredentials(p.Where)), Why: b.s.text(p.Why)}
	}
	out.Notices = make([]string, len(in.Notices))
	for i, n := range in.Notices {
		out.Notices[i] = b.s.text(n)
	}
	if out.Skipped == nil {
		out.Skipped = map[scan.SkipReason]int64{}
	}
	if out.Suppressed == nil {
		out.Suppressed = map[string]int64{}
	}
	return out
}

// first is the first place in sorting order, or an empty one.
func (f *finding) first() *scan.Place {
	if len(f.places) == 0 {
		return &scan.Place{}
	}
	return &f.places[0].Place
}

func comparePlaces(x, y place) int {
	return cmp.Or(strings.Compare(x.Path, y.Path), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column),
		cmp.Compare(x.EndLine, y.EndLine), cmp.Compare(x.EndColumn, y.EndColumn), compareCommits(x.Introduced, y.Introduced),
		strings.Compare(x.Blob, y.Blob), strings.Compare(x.Note, y.Note), strings.Compare(x.Context, y.Context),
		slices.Compare(x.AtTip, y.AtTip), scan.CompareInImage(x.Image, y.Image), compareCommits(x.Removed, y.Removed))
}

func compareSuppressions(x, y *scan.Suppression) int {
	if x == nil || y == nil {
		return 0 // the findings of a list have one, or none has
	}
	return cmp.Or(strings.Compare(x.By, y.By), strings.Compare(x.Reason, y.Reason))
}

func compareCommits(x, y *scan.Commit) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return -1
	case y == nil:
		return 1
	}
	return cmp.Or(x.Date.Compare(y.Date), strings.Compare(x.ID, y.ID))
}

// rulesOf is the rules sorted by id, each once, with those that only findings name.
func rulesOf(rules []RuleInfo, lists ...[]finding) []RuleInfo {
	out := slices.Clone(rules)
	seen := map[string]bool{}
	for _, r := range rules {
		seen[r.ID] = true
	}
	for _, list := range lists {
		for i := range list {
			f := &list[i]
			if seen[f.Rule] {
				continue
			}
			seen[f.Rule] = true
			out = append(out, RuleInfo{ID: f.Rule, Description: f.Description, Kind: f.Kind, Severity: f.Severity,
				Remedy: f.Remedy, Tags: f.Tags})
		}
	}
	slices.SortStableFunc(out, func(x, y RuleInfo) int { return strings.Compare(x.ID, y.ID) })
	return slices.CompactFunc(out, func(x, y RuleInfo) bool { return x.ID == y.ID })
}

// matchSpan is where the match stands. When the place does not tell, it is worked out from where the secret in it
// stands; where the match begins on an earlier line, its column there is not known then and taken as 1.
func matchSpan(p *scan.Place, secret string) span {
	if at := p.MatchAt; at.Line > 0 {
		return span{at.Line, at.Column, at.EndLine, at.EndColumn - 1}
	}
	sp := span{p.Line, p.Column, p.EndLine, p.EndColumn - 1}
	match := p.Match.Reveal()
	i := strings.Index(match, secret)
	if secret != "" && i >= 0 {
		before, after := match[:i], match[i+len(secret):]
		if n := strings.Count(before, "\n"); n > 0 {
			sp.startLine, sp.startColumn = sp.startLine-n, 1
		} else {
			sp.startColumn -= len(before)
		}
		if n := strings.Count(after, "\n"); n > 0 {
			sp.endLine += n
			sp.endColumn = len(after) - strings.LastIndexByte(after, '\n') - 1
		} else {
			sp.endColumn += len(after)
		}
	}
	sp.startLine, sp.startColumn = max(sp.startLine, 0), max(sp.startColumn, 0)
	sp.endLine, sp.endColumn = max(sp.endLine, 0), max(sp.endColumn, 0)
	return sp
}

// withoutCredentials leaves the user part out of an address. What is no address comes back as it is.
func withoutCredentials(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || strings.ContainsAny(scheme, "/ \t") {
		return s
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return s
	}
	if user, err := url.PathUnescape(rest[:at]); err == nil && user == "git" {
		return s // the one user name that everybody shares
	}
	return scheme + "://" + rest[at+1:]
}

// The years that RFC 3339 can write. A commit may claim any.
var (
	firstDate = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDate  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// printableDate is t in UTC, brought into the range that RFC 3339 can write.
func printableDate(t time.Time) time.Time {
	t = t.UTC()
	switch {
	case t.Before(firstDate):
		return firstDate
	case t.After(lastDate):
		return lastDate
	}
	return t.Truncate(time.Second)
}
