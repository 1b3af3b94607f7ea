package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"rummage/scan"
)

const (
	sarifSchema  = "https://json.schemastore.org/sarif-2.1.0.json"
	sarifVersion = "2.1.0"
	// srcRoot is the name that GitHub knows for the root of the repository.
	srcRoot = "%SRCROOT%"
	// imagesRoot is what the files of images are relative to.
	imagesRoot = "IMAGES"
	// GitHub refuses more locations of a result, and more tags of a rule.
	maxSARIFLocations = 10
	maxSARIFTags      = 20
	// How many other places a message links to, and how many are listed at all. A secret in n files is n results, so
	// without a bound the report would grow with the square.
	maxSARIFLinks   = 5
	maxSARIFRelated = 8
)

// writeSARIF writes one run of SARIF 2.1.0, in the form that GitHub's code scanning takes.
//
// GitHub shows a result in the one file that its first location names, in the version that is checked out. So a finding
// is a result for each path in which it is live, which is what somebody has to change; one that is live nowhere is a
// single result at its first place. All of them carry the finding's fingerprint. The other places are related
// locations, the first few linked from the message.
//
// A file in an image has the image before its path, relative to a base of its own: the standard lets a base be anything
// that has a name, a URI with a scheme of ours would be opened by viewers, and GitHub, which takes every relative path for one
// of the repository, must not show the alert at a file that only has the same path. Which image, layer and instruction it is
// stand in logicalLocations and properties, which all readers may pass over. What is live in the repository is a result
// there, and its images are related; what is live in images alone is a result for each path in them, of as many images as
// may be. The alert's identity is of the path without the image, since tags change with every build.
//
// Columns are those of the finding, bytes of UTF-8, while SARIF counts UTF-16 units: where other than ASCII characters
// stand before a secret on its line, its column is too high.
func writeSARIF(w io.Writer, v *view) error {
	infos := v.ruleInfos()
	index := make(map[string]int, len(infos))
	rules := make([]sarifRule, len(infos))
	for i, r := range infos {
		index[r.ID] = i
		rules[i] = sarifRuleOf(r)
	}
	run := sarifRun{
		Tool:               sarifTool{v.sarifDriver(rules)},
		AutomationDetails:  sarifAutomation{ID: v.Tool + "/" + cmp.Or(v.Command, "scan") + "/"},
		Invocations:        []sarifInvocation{v.sarifInvocation()},
		Provenance:         v.sarifProvenance(),
		OriginalURIBaseIDs: v.sarifBases(),
		ColumnKind:         "utf16CodeUnits",
		Results:            []sarifResult{},
		Properties:         map[string]any{"scan": v.jsonScan()},
	}
	results := func(yield func(any) bool) {
		for _, f := range v.all() {
			for _, r := range v.sarifResults(&f, index) {
				if !yield(r) {
					return
				}
			}
		}
	}
	log := sarifLog{sarifSchema, sarifVersion, []sarifRun{run}}
	return encodeJSONLists(w, log, "  ", 3, jsonList{"results", results})
}

// sarifBases says what paths are relative to. Where that is on a disk, or whether it is, a reader need not know.
func (v *view) sarifBases() map[string]sarifArtifact {
	bases := map[string]sarifArtifact{srcRoot: {Description: &sarifText{Text: "The root of what was scanned."}}}
	for _, f := range v.all() {
		if f.inImages() {
			bases[imagesRoot] = sarifArtifact{Description: &sarifText{Text: "A folder for each image that was scanned, with its files."}}
			break
		}
	}
	return bases
}

// semantic is a version as semver.org has it; a "v" before it is left out.
var semantic = lazily(`^v?((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$`)

func (v *view) sarifDriver(rules []sarifRule) sarifDriver {
	d := sarifDriver{Name: v.Tool, Version: v.Version, InformationURI: v.URL, Rules: rules}
	if m := semantic().FindStringSubmatch(v.Version); m != nil {
		d.Version, d.SemanticVersion = m[1], m[1]
	}
	return d
}

func (v *view) sarifProvenance() []sarifVersionControl {
	if v.VersionControl == nil {
		return nil
	}
	uri := repositoryURI(v.VersionControl.URI)
	if uri == "" { // the standard requires it
		return nil
	}
	return []sarifVersionControl{{uri, v.VersionControl.Revision, v.VersionControl.Branch,
		sarifArtifact{URIBaseID: srcRoot}}}
}

// sarifInvocation says whether all was read. What was not is an error, so that no viewer takes few results for few
// secrets.
func (v *view) sarifInvocation() sarifInvocation {
	inv := sarifInvocation{ExecutionSuccessful: v.Stats.Complete && !v.Stats.Interrupted}
	if !v.Started.IsZero() {
		inv.StartTimeUTC = rfc3339(v.Started)
		inv.EndTimeUTC = rfc3339(v.ended())
	}
	say := func(level, text string) {
		inv.Notifications = append(inv.Notifications, sarifNotification{level, sarifText{Text: sentence(text)}})
	}
	if v.Stats.Interrupted {
		say("error", "The scan was interrupted")
	}
	for _, p := range v.Stats.Problems {
		say("error", Escape(p.Where)+": "+Escape(p.Why))
	}
	if more := v.Stats.ProblemCount - int64(len(v.Stats.Problems)); more > 0 {
		say("error", thousands(more)+" more could not be read")
	}
	for _, n := range v.Stats.Notices {
		say("note", Escape(n))
	}
	return inv
}

// ended is when the scan ended.
func (v *view) ended() time.Time {
	return v.Started.Add(time.Duration(v.Stats.Seconds * float64(time.Second)))
}

// sentence ends text with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

var (
	sarifLevels       = map[string]string{"critical": "error", "high": "error", "medium": "warning"}
	problemSeverities = map[string]string{"critical": "error", "high": "error", "medium": "warning"}
	// GitHub: over 9 is critical, from 7 high, from 4 medium, over 0 low.
	securitySeverities = map[string]string{"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5"}
	// CWE-798 is the use of hard-coded credentials, CWE-522 credentials that are insufficiently protected.
	weaknesses = map[scan.Kind]string{scan.KindSecret: "CWE-798", scan.KindExposure: "CWE-522"}
)

func sarifRuleOf(r RuleInfo) sarifRule {
	kind := cmp.Or(r.Kind, scan.KindSecret)
	description := Escape(cmp.Or(r.Description, r.ID))
	remedy := Escape(r.remedy())
	rule := sarifRule{
		ID:                   r.ID,
		Name:                 pascalCase(r.ID),
		ShortDescription:     sarifText{Text: sentence(description)},
		FullDescription:      sarifText{Text: sentence(description) + " " + kindSentence(kind)},
		Help:                 sarifText{Text: remedy, Markdown: helpMarkdown(remedy, r.References)},
		DefaultConfiguration: sarifConfiguration{cmp.Or(sarifLevels[r.Severity], "note")},
		Properties: sarifRuleProperties{
			Tags:             []string{"security", string(kind), "external/cwe/" + strings.ToLower(weaknesses[kind])},
			Precision:        "high",
			ProblemSeverity:  cmp.Or(problemSeverities[r.Severity], "recommendation"),
			SecuritySeverity: securitySeverities[r.Severity],
		},
	}
	if strings.HasPrefix(r.ID, "generic") {
		rule.Properties.Precision = "medium"
	}
	for _, ref := range r.References {
		if isWebAddress(ref) {
			rule.HelpURI = ref
			break
		}
	}
	for _, tag := range r.Tags {
		if !slices.Contains(rule.Properties.Tags, tag) && len(rule.Properties.Tags) < maxSARIFTags {
			rule.Properties.Tags = append(rule.Properties.Tags, tag)
		}
	}
	return rule
}

// remedy is what to do, for formats that must say something.
func (r *RuleInfo) remedy() string {
	return cmp.Or(r.Remedy, "Replace the credential where it is issued, then take it out of the files. "+
		"Taking it out of the newest version alone leaves it in the history.")
}

func kindSentence(k scan.Kind) string {
	if k == scan.KindExposure {
		return "It is a practice that lets out a credential, whether or not its value can be seen here."
	}
	return "Whoever can read the repository, its history included, can use the credential."
}

func helpMarkdown(remedy string, references []string) string {
	var b strings.Builder
	b.WriteString("**What to do:** " + remedy)
	for i, ref := range references {
		if i == 0 {
			b.WriteString("\n\n**See:**\n")
		}
		b.WriteString("\n- " + Escape(ref))
	}
	return b.String()
}

func isWebAddress(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// pascalCase turns "github-pat" into "GithubPat", as SARIF likes names.
func pascalCase(id string) string {
	words := strings.FieldsFunc(id, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		r := []rune(w)
		r[0] = unicode.ToUpper(r[0])
		words[i] = string(r)
	}
	return strings.Join(words, "")
}

// sarifResults makes the results of a finding: one for each path where it is live, else one.
func (v *view) sarifResults(f *finding, ruleIndex map[string]int) []sarifResult {
	inRepository := f.beside(StatusLive) || f.beside(StatusPresent)
	var groups [][]int
	for i := range f.sites {
		p := &f.sites[i][0]
		if p.status != StatusLive && p.status != StatusPresent || p.Image != nil && inRepository {
			continue
		}
		if n := len(groups); n > 0 && p.Path != "" && sameFile(&f.sites[groups[n-1][0]][0], p) {
			groups[n-1] = append(groups[n-1], i)
		} else {
			groups = append(groups, []int{i})
		}
	}
	if len(groups) == 0 {
		groups = [][]int{{0}}
	}
	out := make([]sarifResult, len(groups))
	for i, g := range groups {
		out[i] = v.sarifResult(f, g)
		out[i].RuleIndex = ruleIndex[f.Rule]
	}
	return out
}

// sameFile says whether two places are of one path, in the repository or in images.
func sameFile(x, y *place) bool { return x.Path == y.Path && (x.Image == nil) == (y.Image == nil) }

// sarifResult makes the result that stands at the sites at, all of one path; the others are related.
func (v *view) sarifResult(f *finding, at []int) sarifResult {
	main := &f.sites[at[0]][0]
	r := sarifResult{
		RuleID: f.Rule,
		Level:  cmp.Or(sarifLevels[f.Severity], "note"),
		PartialFingerprints: map[string]string{
			"rummageFinding/v1": f.Fingerprint,
			// GitHub tells results apart by this one alone. Its own tools hash the line's text; ours follows the secret.
			"primaryLocationLineHash": lineHash(f, main),
		},
		Properties: sarifResultProperties{Fingerprint: f.Fingerprint, Severity: f.Severity, Kind: string(f.Kind),
			Status: f.status, Introduced: toJSONCommit(main.Introduced), Removed: toJSONCommit(main.Removed), AtTip: notNil(f.tips()),
			Tags: f.Tags, Remedy: EscapeLines(f.Remedy)},
	}
	for _, i := range at[:min(len(at), maxSARIFLocations)] {
		r.Locations = append(r.Locations, v.sarifLocation(f, &f.sites[i][0]))
	}
	others := othersOf(len(f.sites), at)
	for _, i := range others {
		l := v.sarifLocation(f, &f.sites[i][0])
		l.ID = len(r.RelatedLocations) + 1
		l.Message = &sarifText{Text: sentence(escapeBrackets(siteStory(f.sites[i])))}
		r.RelatedLocations = append(r.RelatedLocations, l)
	}
	r.Message.Text = sarifMessage(f, at, others)
	if v.o.ShowSuppressed {
		r.Suppressions = &[]sarifSuppression{}
		if s := f.Suppressed; s != nil {
			kind := "external"
			if s.By == "comment" {
				kind = "inSource"
			}
			*r.Suppressions = append(*r.Suppressions, sarifSuppression{kind, "accepted", Escape(strings.TrimSpace(s.By + reasonSuffix(s.Reason)))})
		}
	}
	return r
}

// othersOf is the first maxSARIFRelated numbers below n that are not in at, which is ascending.
func othersOf(n int, at []int) []int {
	var out []int
	for i := 0; i < n && len(out) < maxSARIFRelated; i++ {
		if len(at) > 0 && at[0] == i {
			at = at[1:]
		} else {
			out = append(out, i)
		}
	}
	return out
}

// lineHash identifies a finding in a file, in the form "hash:count" of GitHub's own.
func lineHash(f *finding, p *place) string {
	file := placeFile(p)
	if p.Image != nil {
		file = "image\x00" + pathOf(p)
	}
	h := sha256.Sum256([]byte(f.Fingerprint + "\x00" + file))
	return hex.EncodeToString(h[:8]) + ":1"
}

func (v *view) sarifLocation(f *finding, p *place) sarifLocation {
	uri, relative := artifactURI(placeFile(p))
	l := sarifLocation{PhysicalLocation: sarifPhysical{
		ArtifactLocation: sarifArtifact{URI: uri},
		Region:           sarifRegionOf(p),
	}}
	if relative {
		l.PhysicalLocation.ArtifactLocation.URIBaseID = srcRoot
	}
	if p.Image != nil {
		l.PhysicalLocation.ArtifactLocation.URIBaseID = imagesRoot
		l.LogicalLocations = []sarifLogical{{Name: Escape(p.Image.Image), FullyQualifiedName: Escape(joinNotEmpty("@", p.Image.Image, p.Image.Digest)), Kind: "resource"}}
		l.Properties = toJSONInImage(p.Image)
	}
	if v.o.ShowSecrets && f.secret != "" && !f.masked {
		l.PhysicalLocation.Region.Snippet = &sarifText{Text: f.secret}
	}
	return l
}

// sarifRegionOf is the region of the secret. Lines and columns start at 1 and the end lies behind the start: what a
// finding by file name lacks becomes the first character of the file.
func sarifRegionOf(p *place) *sarifRegion {
	r := &sarifRegion{StartLine: max(p.Line, 1), StartColumn: max(p.Column, 1), EndLine: p.EndLine, EndColumn: p.EndColumn}
	if r.EndLine < r.StartLine {
		r.EndLine, r.EndColumn = r.StartLine, 0
	}
	if r.EndLine == r.StartLine && r.EndColumn <= r.StartColumn {
		r.EndColumn = r.StartColumn + 1
	}
	r.EndColumn = max(r.EndColumn, 1)
	return r
}

// sarifMessage tells the finding in sentences; the first is the title that GitHub shows. Brackets would make links, so
// those of the repository's texts are escaped as the standard says.
func sarifMessage(f *finding, at, others []int) string {
	var b strings.Builder
	b.WriteString(escapeBrackets(Escape(strings.TrimSuffix(f.Description, "."))))
	if f.secret != "" {
		b.WriteString(" (" + escapeBrackets(Escape(masked(f))) + ")")
	}
	story := siteStory(f.sites[at[0]])
	if f.sites[at[0]][0].Image != nil { // which the location does not tell in words
		story = siteName(f.sites[at[0]]) + ", " + story
	}
	b.WriteString(": " + escapeBrackets(sentence(story)))
	links := others[:min(len(others), maxSARIFLinks)]
	for n, i := range links {
		if n == 0 {
			b.WriteString(" Also in ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "[%s](%d)", escapeBrackets(siteName(f.sites[i])), n+1)
	}
	if more := len(f.sites) - len(at) - len(links); more > 0 {
		b.WriteString(" and " + thousands(int64(more)) + " more")
	}
	return sentence(b.String())
}

// masked is the secret for texts that are shown in lists and mails: on one line and short, even where values are shown.
func masked(f *finding) string { return truncate(strings.ToValidUTF8(f.secret, "?"), 80) }

// siteStory says in half a sentence whether a secret is still there, where it came from and where it went.
func siteStory(st site) string {
	p := &st[0]
	var s string
	switch {
	case p.Image != nil:
		s = imageStory(st)
	case p.status == StatusLive:
		s = "still live on " + someRefs(p.AtTip)
	case p.status == StatusPresent:
		s = "present"
	case p.status == StatusHistory:
		s = "which stays in the history"
	case p.status == StatusRemoved:
		s = "removed, but still in the history"
	case p.status == StatusUnreachable:
		s = "in an object that no ref reaches"
	}
	if c := p.Introduced; c != nil {
		s += ", came in with commit " + Escape(abbreviate(c.ID)) + onDate(c)
	}
	for i := range st {
		if c := st[i].Removed; c != nil {
			s += ", went out with commit " + Escape(abbreviate(c.ID)) + onDate(c)
		}
	}
	return s
}

func onDate(c *scan.Commit) string {
	if !c.Date.After(firstDate) {
		return ""
	}
	return " on " + c.Date.Format(time.DateOnly)
}

// someRefs names up to three refs.
func someRefs(refs []string) string {
	const shown = 3
	f := finding{places: []place{{Place: scan.Place{AtTip: refs}}}}
	refs = f.tips()
	var names []string
	for _, r := range refs[:min(len(refs), shown)] {
		names = append(names, Escape(refName(r)))
	}
	s := strings.Join(names, ", ")
	if more := len(refs) - shown; more > 0 {
		s += " and " + thousands(int64(more)) + " more"
	}
	return s
}

// With its closing bracket escaped, no text can be a link.
var bracketEscaper = strings.NewReplacer(`[`, `\[`, `]`, `\]`)

func escapeBrackets(s string) string { return bracketEscaper.Replace(s) }
