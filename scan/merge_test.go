package scan

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/detect"
)

// sighting is a secret seen at one place, as a builder gets it.
type sighting struct {
	match detect.Match
	by    *detect.Suppression
	at    Place
	place Placement
}

// noBlobs is a source whose blobs have no ids.
type noBlobs struct{ Source }

func (noBlobs) BlobID(BlobRef) string { return "" }

// scanOf is what one scan makes of sightings, and the counts that it would have.
func scanOf(seen []sighting) *Result {
	b := builder{src: noBlobs{}, byKey: map[findingKey]*Finding{}}
	for i := range seen {
		s := seen[i]
		s.match.Tags = slices.Clone(s.match.Tags)
		b.add(&s.match, s.by, s.at, &s.place)
	}
	res := b.result()
	n := int64(len(seen))
	res.Stats = Stats{Complete: true, Objects: n, Blobs: n, Scanned: n, Bytes: 10 * n, Suppressed: map[string]int64{}}
	for _, f := range res.Suppressed {
		res.Stats.Suppressed[f.Suppressed.By]++
	}
	return res
}

// randomSightings is n of them, of few rules, values, paths and images, so that they often meet.
func randomSightings(rnd *rand.Rand, n int) []sighting {
	rules := []*detect.Rule{
		{ID: "token", Kind: "secret", Severity: "high", Description: "a token", Remedy: "Revoke it."},
		{ID: "practice", Kind: "exposure", Severity: "low", Description: "a practice", Remedy: "Let it be."},
	}
	suppressions := []*detect.Suppression{nil, nil, nil, {By: "comment", Reason: "a"}, {By: "comment", Reason: "b"}, {By: "allowlist"}}
	scanners := [][]string{nil, nil, {"other"}, {BuiltinScanner, "other"}}
	commits := []*Commit{nil, {ID: "aa", Date: time.Unix(1, 0)}, {ID: "bb", Date: time.Unix(2, 0)}}
	var out []sighting
	for range n {
		line := rnd.IntN(4)
		s := sighting{by: suppressions[rnd.IntN(len(suppressions))]}
		s.match = detect.Match{Rule: rules[rnd.IntN(2)], Secret: fmt.Sprintf("not-a-real-value-%d", rnd.IntN(3)),
			Severity: Severities[rnd.IntN(3)], Entropy: 1}
		if s.match.Rule.Kind == string(KindExposure) {
			s.match.Key = "KEY"
		}
		s.place = Placement{Path: fmt.Sprintf("dir/file%d", rnd.IntN(3)), Reachable: true}
		s.at = Place{Line: line + 1, Column: 1 + rnd.IntN(2), EndLine: line + 1, EndColumn: 20}
		// What is said of a place follows from where it is: one scan sees it once.
		s.match.Tags = [][]string{nil, {"encoded"}, {"encoded", "hex"}, {"builder-only"}}[line]
		s.at.Remedy = []string{"", "Mount it.", "Ignore it.", ""}[line]
		s.at.Context = []string{"", "dotenv", "dockerfile.env", ""}[line]
		if rnd.IntN(2) == 0 {
			s.place.Path = "/" + s.place.Path
			s.place.Image = &InImage{Image: fmt.Sprintf("registry.example/app:%d", rnd.IntN(2)), Layer: 1 + rnd.IntN(2), Layers: 3,
				State: ImageLive, Scanners: scanners[rnd.IntN(len(scanners))]}
		} else {
			s.place.Introduced = commits[rnd.IntN(len(commits))]
		}
		out = append(out, s)
	}
	return out
}

// TestMergeIsOneScan: two halves of what a scan sees, merged, are what one scan of all of it tells, whichever half comes
// first.
func TestMergeIsOneScan(t *testing.T) {
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		all := randomSightings(rnd, rnd.IntN(40))
		cut := rnd.IntN(len(all) + 1)
		want := text(t, scanOf(all))
		for _, parts := range [][2][]sighting{{all[:cut], all[cut:]}, {all[cut:], all[:cut]}} {
			merged := scanOf(parts[0])
			merged.Merge(scanOf(parts[1]))
			if got := text(t, merged); got != want {
				t.Fatalf("seed %d: merged:\n%s\none scan:\n%s", seed, got, want)
			}
			if !slices.IsSortedFunc(merged.Findings, CompareFindings) || !slices.IsSortedFunc(merged.Suppressed, CompareFindings) {
				t.Fatalf("seed %d: not in the order of reports", seed)
			}
		}
	}
}

// text is all of a result that can be told: secrets, places in images and lists that are empty rather than nil too.
func text(t *testing.T, r *Result) string {
	t.Helper()
	var b strings.Builder
	for _, list := range [][]Finding{r.Findings, r.Suppressed} {
		for _, f := range list {
			fmt.Fprintf(&b, "%s %s %s %s %q %g %q %q %v\n", f.Fingerprint, f.Rule, f.Severity, f.Description, f.Secret.Reveal(), f.Entropy, f.Tags, f.Remedy, f.Suppressed)
			for _, p := range f.Places {
				fmt.Fprintf(&b, "  %s %d %d %q %q %q", p.Path, p.Line, p.Column, p.Context, p.Tags, p.Remedy)
				if p.Image != nil {
					fmt.Fprintf(&b, " %+v", *p.Image)
				}
				if p.Introduced != nil {
					b.WriteString(" " + p.Introduced.ID)
				}
				b.WriteByte('\n')
			}
		}
		b.WriteString("--\n")
	}
	stats, err := json.Marshal(r.Stats)
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + string(stats)
}

// TestMergeGitAndImage: a secret that is in a repository and in an image is one finding with both places, and each says
// what to do there.
func TestMergeGitAndImage(t *testing.T) {
	rule := &detect.Rule{ID: "token", Kind: "secret", Severity: "high", Description: "a token", Remedy: "Revoke it."}
	m := detect.Match{Rule: rule, Secret: "not-a-real-value", Severity: "medium", Tags: []string{"plain"}}
	inGit := scanOf([]sighting{{m, nil, Place{Line: 3, Column: 7, Remedy: "Ignore it."}, Placement{Path: ".env", Introduced: &Commit{ID: "aa"}, Reachable: true}}})
	m.Severity, m.Tags = "high", nil
	inImage := scanOf([]sighting{{m, nil, Place{Line: 3, Column: 7}, Placement{Path: "/app/.env", Image: &InImage{Image: "app:1", Layer: 2}}}})
	inGit.Merge(inImage)
	if len(inGit.Findings) != 1 {
		t.Fatalf("%d findings", len(inGit.Findings))
	}
	f := inGit.Findings[0]
	if f.Severity != "high" || len(f.Tags) != 0 || f.Remedy != "Revoke it.\nIgnore it." || len(f.Places) != 2 {
		t.Fatalf("%+v", f)
	}
	git, image := f.Places[0], f.Places[1]
	if git.Image != nil || image.Image == nil || image.Remedy != "Revoke it." || git.Remedy != "" || !slices.Equal(git.Tags, []string{"plain"}) || image.Tags != nil {
		t.Errorf("%+v\n%+v", git, image)
	}
	if f.Secret.Reveal() != "not-a-real-value" {
		t.Errorf("secret %v", f.Secret)
	}
}

// TestMergeSecret: a value is told rather than a mask, and of several always the same.
func TestMergeSecret(t *testing.T) {
	for _, c := range []struct {
		name        string
		a, b        Finding
		value, mask string
	}{
		{"value and mask", Finding{Secret: "b"}, Finding{Masked: "****"}, "b", ""},
		{"two values", Finding{Secret: "b"}, Finding{Secret: "a"}, "a", ""},
		{"two masks", Finding{Masked: "b****"}, Finding{Masked: "a****"}, "", "a****"},
		{"mask and nothing", Finding{}, Finding{Masked: "a****"}, "", "a****"},
		{"nothing", Finding{}, Finding{}, "", ""},
	} {
		for _, pair := range [][2]Finding{{c.a, c.b}, {c.b, c.a}} {
			r := &Result{Findings: []Finding{pair[0]}}
			r.Merge(&Result{Findings: []Finding{pair[1]}})
			if f := r.Findings[0]; len(r.Findings) != 1 || f.Secret.Reveal() != c.value || f.Masked != c.mask {
				t.Errorf("%s: %q, %q", c.name, f.Secret.Reveal(), f.Masked)
			}
		}
	}
}

// TestMergeNothing: a scan that found nothing and read nothing changes nothing.
func TestMergeNothing(t *testing.T) {
	all := randomSightings(rand.New(rand.NewPCG(3, 3)), 30)
	r := scanOf(all)
	r.Stats.Seconds = 2
	r.Merge(&Result{Stats: Stats{Complete: true}})
	want := scanOf(all)
	want.Stats.Seconds = 2
	if !reflect.DeepEqual(r, want) {
		t.Errorf("%s\nwant\n%s", text(t, r), text(t, want))
	}
	empty := &Result{Stats: Stats{Complete: true}}
	empty.Merge(scanOf(all))
	if got, want := text(t, empty), text(t, scanOf(all)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestMergeStats: counts add up, what one could not read the whole did not, and problems are named up to the bound.
func TestMergeStats(t *testing.T) {
	problem := func(n int) (out []Problem) {
		for i := range n {
			out = append(out, Problem{Where: fmt.Sprint(i), Why: "x"})
		}
		return out
	}
	a := Stats{Complete: true, Objects: 5, Blobs: 3, NonBlobs: 2, Scanned: 2, Bytes: 10, BytesBlobs: 11, BytesSearched: 9, Commits: 1,
		Messages: 2, NotUnderstood: 1, Skipped: map[SkipReason]int64{SkipBinary: 1}, Structured: map[string]int64{"dotenv": 1}, Seconds: 1,
		Problems: problem(8), ProblemCount: 20, Notices: []string{"n", "m"}}
	b := Stats{Objects: 2, Blobs: 2, Scanned: 1, Bytes: 7, BytesBlobs: 7, BytesSearched: 7, Skipped: map[SkipReason]int64{SkipBinary: 1},
		Structured: map[string]int64{"dotenv": 2, "image": 1}, Seconds: 9, Problems: problem(5), ProblemCount: 5, Notices: []string{"m", "o"}, Interrupted: true}
	r := &Result{Stats: a}
	r.Merge(&Result{Stats: b})
	want := Stats{Objects: 7, Blobs: 5, NonBlobs: 2, Scanned: 3, Bytes: 17, BytesBlobs: 18, BytesSearched: 16, Commits: 1, Messages: 2, NotUnderstood: 1,
		Skipped: map[SkipReason]int64{SkipBinary: 2}, Structured: map[string]int64{"dotenv": 3, "image": 1}, Suppressed: map[string]int64{}, Seconds: 1,
		Problems: append(problem(8), problem(2)...), ProblemCount: 25, Notices: []string{"n", "m", "o"}, Interrupted: true}
	if !reflect.DeepEqual(r.Stats, want) {
		t.Errorf("%+v\nwant\n%+v", r.Stats, want)
	}
	if r.Stats.Objects != r.Stats.Scanned+r.Stats.NonBlobs+r.Stats.Skipped[SkipBinary] {
		t.Error("the counts do not add up")
	}
}

// TestMergeSuppressed: what is suppressed by one and not by another stays two findings, and each is counted once.
func TestMergeSuppressed(t *testing.T) {
	rule := &detect.Rule{ID: "token", Kind: "secret", Severity: "high"}
	see := func(by *detect.Suppression, path string) sighting {
		return sighting{detect.Match{Rule: rule, Secret: "not-a-real-value", Severity: "high"}, by, Place{Line: 1, Column: 1}, Placement{Path: path}}
	}
	comment := &detect.Suppression{By: "comment", Reason: "made up"}
	r := scanOf([]sighting{see(comment, "a"), see(nil, "b")})
	r.Merge(scanOf([]sighting{see(comment, "c"), see(&detect.Suppression{By: "comment"}, "d"), see(nil, "e")}))
	if len(r.Findings) != 1 || len(r.Findings[0].Places) != 2 || len(r.Suppressed) != 2 || len(r.Suppressed[0].Places) != 2 || r.Stats.Suppressed["comment"] != 2 {
		t.Errorf("%s", text(t, r))
	}
}

// TestMergeScanners: a place that several scanners saw is one that names them, also when one of them knows the line alone.
func TestMergeScanners(t *testing.T) {
	place := func(column int, image InImage) Place {
		return Place{Path: "/app/.env", Line: 3, Column: column, Image: &image}
	}
	ours := InImage{Image: "app:1", Digest: "sha256:d", Platform: "linux/amd64", Layer: 2, Layers: 4, DiffID: "sha256:2", State: ImageDeleted, GoneIn: 3}
	theirs := ours
	theirs.Scanners = []string{"trivy"}
	third := ours
	third.Scanners = []string{"a", BuiltinScanner}
	for _, c := range []struct {
		name   string
		places []Place
		want   []string // scanners of the places that are left
	}{
		{"one", []Place{place(7, ours)}, []string{""}},
		{"twice the same", []Place{place(7, ours), place(7, ours)}, []string{""}},
		{"two", []Place{place(7, ours), place(7, theirs)}, []string{"builtin trivy"}},
		{"three", []Place{place(7, theirs), place(7, third), place(7, ours)}, []string{"a builtin trivy"}},
		{"the line alone", []Place{place(7, ours), place(0, InImage{Image: "app:1", DiffID: "sha256:2", Scanners: []string{"trivy"}})}, []string{"builtin trivy"}},
		{"another layer", []Place{place(7, ours), place(0, InImage{Image: "app:1", DiffID: "sha256:3", Scanners: []string{"trivy"}})}, []string{"trivy", ""}},
		{"another image", []Place{place(7, ours), place(0, InImage{Image: "app:2", Scanners: []string{"trivy"}})}, []string{"trivy", ""}},
		{"in no image", []Place{{Path: "/app/.env", Line: 3, Column: 7}, place(0, theirs)}, []string{"trivy", ""}},
	} {
		for range 2 {
			f := Finding{}
			for _, p := range c.places {
				f.merge(&Finding{Places: []Place{p}})
			}
			var got []string
			for _, p := range f.Places {
				if p.Image == nil {
					got = append(got, "")
				} else {
					got = append(got, strings.Join(p.Image.Scanners, " "))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
			slices.Reverse(c.places)
		}
	}
	f := Finding{}
	f.merge(&Finding{Places: []Place{place(7, ours), place(9, ours), place(0, theirs)}})
	if len(f.Places) != 2 || len(f.Places[0].Image.Scanners) != 2 || len(f.Places[1].Image.Scanners) != 2 {
		t.Errorf("two on the line that another scanner knows: %+v", f.Places)
	}
	if ours.Scanners != nil || !slices.Equal(theirs.Scanners, []string{"trivy"}) {
		t.Error("a shared place in an image was changed")
	}
}
