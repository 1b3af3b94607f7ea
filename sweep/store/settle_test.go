package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// place is the n-th of a few places that a test uses.
func place(n int) Place {
	p := Place{Path: fmt.Sprintf("dir/f%d.txt", n%4), Blob: fmt.Sprintf("%040x", n/2), Line: n, Column: 3, EndLine: n, EndColumn: 9, Reachable: true,
		Introduced: &Commit{ID: fmt.Sprintf("%040x", 1000+n/2), Author: "A", Email: "a@example.org", Date: time.Unix(int64(n), 0).UTC(), Subject: "s"}}
	if n%3 != 0 {
		p.AtTip = []string{"refs/heads/main"}
	}
	return p
}

func found(fingerprint string, places ...int) Found {
	f := Found{Fingerprint: fingerprint, Rule: "rule", Kind: "secret", Severity: "high", Mask: "ab****yz", Length: 20}
	for _, n := range places {
		f.Places = append(f.Places, place(n))
	}
	return f
}

// The model: what Settle has to do, said as plainly as possible.
type (
	model struct {
		findings map[string]*modelFinding
	}
	modelFinding struct {
		state State
		gone  bool
		in    map[int64]*modelSight
	}
	modelSight struct {
		gone bool
		all  map[int]bool // place: it is there
	}
)

func (m *model) settle(repo int64, complete bool, got map[string][]int) (isNew, back, gone []string) {
	for _, fp := range slices.Sorted(maps.Keys(got)) {
		f := m.findings[fp]
		returns := f != nil && (f.state == StateOpen || f.state == StateRevoked) && f.gone
		if f == nil {
			f = &modelFinding{state: StateOpen, in: map[int64]*modelSight{}}
			m.findings[fp] = f
			isNew = append(isNew, fp)
		} else if f.state == StateRevoked {
			returns = returns || f.elsewhere(got[fp])
		}
		if returns {
			back = append(back, fp)
			f.state = StateOpen
		}
		f.gone = false
		g := f.in[repo]
		if g == nil {
			g = &modelSight{all: map[int]bool{}}
			f.in[repo] = g
		}
		g.gone = false
		if complete {
			for n := range g.all {
				g.all[n] = false
			}
		}
		for _, n := range got[fp] {
			g.all[n] = true
		}
	}
	if !complete {
		return isNew, back, nil
	}
	for _, fp := range slices.Sorted(maps.Keys(m.findings)) {
		f := m.findings[fp]
		if g := f.in[repo]; g != nil && !g.gone && got[fp] == nil {
			g.gone = true
			for n := range g.all {
				g.all[n] = false
			}
			if f.nowhere() {
				f.gone = true
				gone = append(gone, fp)
			}
		}
	}
	return isNew, back, gone
}

func (f *modelFinding) nowhere() bool {
	for _, g := range f.in {
		if !g.gone {
			return false
		}
	}
	return true
}

func (f *modelFinding) elsewhere(places []int) bool {
	for _, n := range places {
		known := false
		for _, g := range f.in {
			for k := range g.all {
				known = known || k/2 == n/2 // the same blob and commit
			}
		}
		if !known && n%3 != 0 {
			return true
		}
	}
	return false
}

func (m *model) forget(repo int64) {
	for fp, f := range m.findings {
		if f.in[repo] == nil {
			continue
		}
		delete(f.in, repo)
		if len(f.in) == 0 && f.state == StateOpen {
			delete(m.findings, fp)
			continue
		}
		f.gone = f.gone || f.nowhere()
	}
}

// dump is all findings as lines that the model and the store have in common.
func (m *model) dump(s *Store) []string {
	var out []string
	for fp, f := range m.findings {
		line := fmt.Sprintf("%s %s gone=%v", s.Identity(fp), f.state, f.gone)
		for _, repo := range slices.Sorted(maps.Keys(f.in)) {
			line += fmt.Sprintf(" | %d gone=%v", repo, f.in[repo].gone)
			for _, n := range slices.Sorted(maps.Keys(f.in[repo].all)) {
				line += fmt.Sprintf(" %d:%v", n, f.in[repo].all[n])
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func dump(t testing.TB, s *Store) []string {
	var out []string
	no(t, s.Findings(bg, Filter{Gone: true}, func(f *Finding) error {
		line := fmt.Sprintf("%s %s gone=%v", f.ID, f.State, !f.GoneAt.IsZero())
		if f.FirstSeen.After(f.LastSeen) || !f.GoneAt.IsZero() && f.State == "" {
			t.Errorf("times of %s: %v to %v", f.ID, f.FirstSeen, f.LastSeen)
		}
		for _, g := range f.Sightings {
			line += fmt.Sprintf(" | %d gone=%v", g.Repository, !g.GoneAt.IsZero())
			var there []string
			for _, o := range f.Occurrences {
				if o.FirstSeen.After(o.LastSeen) {
					t.Errorf("times of a place: %v to %v", o.FirstSeen, o.LastSeen)
				}
				if o.Repository == g.Repository {
					there = append(there, fmt.Sprintf("%09d:%v", o.Line, o.GoneAt.IsZero()))
				}
			}
			slices.Sort(there)
			for _, p := range there {
				line += " " + strings.TrimLeft(p[:8], "0") + p[8:]
			}
		}
		out = append(out, line)
		return nil
	}))
	slices.Sort(out)
	return out
}

func ids(s *Store, fps []string) []string {
	var out []string
	for _, fp := range fps {
		out = append(out, s.Identity(fp))
	}
	slices.Sort(out)
	return out
}

func changed(all []Change) []string {
	var out []string
	for _, c := range all {
		out = append(out, c.ID)
	}
	return out
}

// TestSettleAsModel settles random scans, with decisions, repetitions and repositories forgotten between them, while the
// clock goes back and forth.
func TestSettleAsModel(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for seed := range uint64(4) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			repos := add(t, s, fmt.Sprint(seed, "a"), fmt.Sprint(seed, "b"), fmt.Sprint(seed, "c"))
			m := &model{findings: map[string]*modelFinding{}}
			for step := range 40 {
				s.at(1_700_000_000_000_000 + rnd.Int64N(1e12))
				randomStep(t, s, m, rnd, repos, fmt.Sprint(seed, "-", step))
				want := m.dump(s)
				if got := dump(t, s); !slices.Equal(got, want) {
					t.Fatalf("seed %d, step %d:\n%s\nwant\n%s", seed, step, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
			for _, r := range repos { // the next seed begins with none
				no(t, s.Forget(bg, r.ID, ""))
			}
			_, err := s.w().exec(bg, "DELETE FROM finding")
			no(t, err)
		}
	})
}

func randomStep(t *testing.T, s *Store, m *model, rnd *rand.Rand, repos []Repository, scan string) {
	r := &repos[rnd.IntN(len(repos))]
	switch k := rnd.IntN(10); {
	case k < 2 && len(m.findings) > 0:
		all := slices.Sorted(maps.Keys(m.findings))
		fp, state := all[rnd.IntN(len(all))], States()[rnd.IntN(5)]
		if rnd.IntN(2) == 0 {
			state = StateRevoked
		}
		_, err := s.Triage(bg, fp, state, scan, "me")
		no(t, err)
		m.findings[fp].state = state
	case k == 2 && rnd.IntN(2) == 0:
		no(t, s.Forget(bg, r.ID, "me"))
		m.forget(r.ID)
		l, err := s.StartListing(bg, "t2")
		no(t, err)
		again, err := l.Add(bg, []Listed{r.Listed})
		no(t, err)
		*r = again[0]
	default:
		got := map[string][]int{}
		var all []Found
		for i := range 5 {
			if rnd.IntN(2) == 0 {
				continue
			}
			fp := fmt.Sprint("fingerprint", i)
			for range 1 + rnd.IntN(4) {
				got[fp] = append(got[fp], 1+rnd.IntN(14))
			}
			all = append(all, found(fp, got[fp]...))
			if rnd.IntN(4) == 0 { // once more
				all = append(all, found(fp, got[fp][0]))
			}
		}
		sc := Scan{ID: scan, Complete: rnd.IntN(5) > 0}
		out, err := s.Settle(bg, r.ID, sc, all)
		no(t, err)
		isNew, back, gone := m.settle(r.ID, sc.Complete, got)
		if !slices.Equal(changed(out.New), ids(s, isNew)) || !slices.Equal(changed(out.Regressed), ids(s, back)) || !slices.Equal(out.Gone, ids(s, gone)) {
			t.Fatalf("%s: %+v\nwant new %v back %v gone %v", scan, out, ids(s, isNew), ids(s, back), ids(s, gone))
		}
		if again, err := s.Settle(bg, r.ID, sc, nil); err != nil || !again.Repeated {
			t.Fatal("a scan was settled twice", again, err)
		}
		sc.ID += " again" // the same found by another scan
		if again, err := s.Settle(bg, r.ID, sc, all); err != nil || len(again.New)+len(again.Regressed)+len(again.Gone)+again.Added+again.Removed != 0 {
			t.Fatal(again, err)
		}
	}
}

func TestSettleDetails(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		r := add(t, s, "o/a", "o/b")
		tip := fmt.Sprintf("%040x", 5)
		f := found("fp", 1, 2)
		f.Sealed = []byte("age")
		f.Places[0].Path = "odd\x00\xff"
		f.Places[0].Image = []byte(`{"layer":3}`)
		out, err := s.Settle(bg, r[0].ID, Scan{ID: "s1", Complete: true, Ruleset: 4, Tips: []Tip{{"refs/heads/main", tip}}, Channels: []string{"slack", "mail"}}, []Found{f})
		no(t, err)
		if len(out.New) != 1 || out.Added != 2 {
			t.Fatalf("%+v", out)
		}
		if d, _ := s.Claim(bg, 10, time.Minute); len(d) != 2 || !strings.Contains(string(d[0].Payload), s.Identity("fp")) {
			t.Fatal(d)
		}
		g, err := s.Finding(bg, s.Identity("fp")[:12])
		no(t, err)
		if len(g.Occurrences) != 2 || string(g.Sealed) != "age" || g.Mask != "ab****yz" || g.Sightings[0].Places != 2 {
			t.Fatalf("%+v", g)
		}
		for _, o := range g.Occurrences {
			if o.Line == 1 && (o.Path != "odd\uFFFD\uFFFD" || string(o.Image) != `{"layer":3}` || o.Introduced.Subject != "s" || o.AtTip[0] != "refs/heads/main") {
				t.Fatalf("%+v", o)
			}
		}
		if rep, _ := s.Repository(bg, r[0].ID); rep.Ruleset != 4 || rep.LastScanID != "s1" || rep.LastScan.IsZero() {
			t.Fatalf("%+v", rep)
		}
		// Pushed away: the tip is remembered, the place stays and is marked.
		tip2 := fmt.Sprintf("%040x", 6)
		out, err = s.Settle(bg, r[0].ID, Scan{ID: "s2", Complete: true, Tips: []Tip{{"refs/heads/main", tip2}}}, []Found{found("fp", 2)})
		no(t, err)
		if out.Removed != 1 {
			t.Fatalf("%+v", out)
		}
		if old, _ := s.OldTips(bg, r[0].ID, 9); !slices.Equal(old, []string{tip}) {
			t.Fatal(old)
		}
		if now, _ := s.Tips(bg, r[0].ID); !slices.Equal(now, []Tip{{"refs/heads/main", tip2}}) {
			t.Fatal(now)
		}
		g, _ = s.Finding(bg, "fp")
		for _, o := range g.Occurrences {
			if (o.Line == 1) == o.GoneAt.IsZero() || o.Line == 1 && (o.Reachable || len(o.AtTip) > 0) {
				t.Fatalf("%+v", o)
			}
		}
		// A lost lease stops it, and nothing is done.
		l, _, _ := s.Acquire(bg, "x", "a", time.Hour)
		no(t, s.Release(bg, l))
		if _, err := s.Settle(bg, r[0].ID, Scan{ID: "s3", Complete: true, Lease: &l}, nil); !errors.Is(err, ErrFenced) {
			t.Fatal(err)
		}
		l, _, _ = s.Acquire(bg, "x", "a", time.Hour)
		out, err = s.Settle(bg, r[0].ID, Scan{ID: "s3", Complete: true, Lease: &l}, nil)
		no(t, err)
		if len(out.Gone) != 1 {
			t.Fatalf("%+v", out)
		}
		if _, err := s.Settle(bg, r[1].ID, Scan{ID: "s3", Complete: true}, nil); err == nil {
			t.Fatal("a scan of two repositories")
		}
		if _, err := s.Settle(bg, 999, Scan{ID: "s9"}, nil); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	})
}

func TestPlacesAreBounded(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		r := add(t, s, "o/a")
		var many, others []int
		for i := range MaxPlaces + 200 {
			many = append(many, i+1)
			others = append(others, i+5001)
		}
		settle := func(scan string, places []int) *Settled {
			out, err := s.Settle(bg, r[0].ID, Scan{ID: scan, Complete: true}, []Found{found("fp", places...)})
			no(t, err)
			return out
		}
		count := func(there, all int) {
			t.Helper()
			f, err := s.Finding(bg, "fp")
			no(t, err)
			n := 0
			for _, o := range f.Occurrences {
				n += int(flag(o.GoneAt.IsZero()))
			}
			if n != there || len(f.Occurrences) != all || f.Sightings[0].Places < there {
				t.Fatalf("%d places are there of %d, %d are counted", n, len(f.Occurrences), f.Sightings[0].Places)
			}
		}
		if out := settle("1", many); out.Added != MaxPlaces {
			t.Fatal(out)
		}
		count(MaxPlaces, MaxPlaces)
		if out := settle("2", many); out.Added+out.Removed != 0 {
			t.Fatal(out)
		}
		settle("3", append(many[:100:100], others[:300]...))
		count(400, MaxPlaces)
		settle("4", others)
		count(MaxPlaces, MaxPlaces)
		_, err := s.Triage(bg, "fp", StateRevoked, "", "")
		no(t, err)
		if out := settle("5", append(others, 9001)); len(out.Regressed) != 0 {
			t.Fatal("nobody can tell that a place is new", out)
		}
	})
}

func TestTriage(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		r := add(t, s, "o/a")
		_, err := s.Settle(bg, r[0].ID, Scan{ID: "1", Complete: true}, []Found{found("fp", 1), found("fq", 1)})
		no(t, err)
		if st, ok, err := s.Known(bg, "fp"); st != StateOpen || !ok || err != nil {
			t.Fatal(st, ok, err)
		}
		for range 2 {
			_, err = s.Triage(bg, "fp", StateFalsePositive, "an example", "me")
			no(t, err)
		}
		if st, ok, err := s.Known(bg, "fp"); st != StateFalsePositive || !ok || err != nil {
			t.Fatal(st, ok, err)
		}
		n := 0
		no(t, s.Events(bg, EventFilter{Kind: EventTriage, Finding: s.Identity("fp")}, func(e *Event) error {
			n++
			if string(e.Detail) != `{"from":"open","reason":"an example","to":"false_positive"}` || e.Who != "me" {
				t.Errorf("%+v %s", e, e.Detail)
			}
			return nil
		}))
		if n != 1 {
			t.Errorf("%d events", n)
		}
		for _, bad := range []string{"", "nothing", s.Identity("fq")[:11], s.Identity("fq") + "0", "%", strings.Repeat("0", 12)} {
			if _, err := s.Triage(bg, bad, StateOpen, "", ""); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, err := s.Triage(bg, "fp", "nonsense", "", ""); err == nil {
			t.Error("a state that is none")
		}
	})
}

func TestFilters(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		r := add(t, s, "o/a", "o/b", "p/q/c")
		s.at(1_000_000)
		settle := func(repo int, scan string, all ...Found) {
			_, err := s.Settle(bg, r[repo].ID, Scan{ID: scan, Complete: true}, all)
			no(t, err)
		}
		low := found("low", 2)
		low.Severity, low.Rule, low.Kind = "low", "other", "exposure"
		settle(0, "1", found("a", 1), found("back", 1))
		settle(1, "2", low)
		settle(0, "3", found("a", 1))
		s.at(5_000_000)
		settle(2, "4", found("new", 3), found("back", 1), found("gone", 1))
		settle(2, "5", found("new", 3), found("back", 1))
		_, err := s.Triage(bg, "a", StateWontFix, "", "")
		no(t, err)
		name := map[string]string{}
		for _, fp := range []string{"a", "back", "low", "new", "gone"} {
			name[s.Identity(fp)] = fp
		}
		two := time.Unix(2, 0)
		for _, c := range []struct {
			f    Filter
			want string
		}{
			{Filter{}, "[a back low new]"}, {Filter{Gone: true}, "[a back gone low new]"}, {Filter{States: []State{StateWontFix}}, "[a]"},
			{Filter{Severities: []string{"low"}}, "[low]"}, {Filter{Rules: []string{"rule"}, Kinds: []string{"secret"}}, "[a back new]"},
			{Filter{Repositories: []string{"o/*"}}, "[a low]"}, {Filter{Repositories: []string{"**/c"}}, "[back new]"},
			{Filter{Repositories: []string{"f/o/b", "o/a"}}, "[a low]"}, {Filter{Repositories: []string{"o/*"}, Gone: true}, "[a back low]"},
			{Filter{Since: two}, "[back new]"}, {Filter{Since: two, New: true}, "[new]"}, {Filter{Since: two, Regressed: true}, "[back]"},
			{Filter{Regressed: true}, "[back]"}, {Filter{Path: "dir/f3.*"}, "[new]"}, {Filter{Path: "**"}, "[a back low new]"}, {Filter{Path: "*"}, "[]"},
		} {
			got := []string{}
			no(t, s.Findings(bg, c.f, func(f *Finding) error { got = append(got, name[f.ID]); return nil }))
			slices.Sort(got)
			if fmt.Sprint(got) != c.want {
				t.Errorf("%+v: %v, want %s", c.f, got, c.want)
			}
		}
		if err := s.Findings(bg, Filter{Path: "["}, nil); err == nil {
			t.Error("a malformed pattern was taken")
		}
		st, err := s.Status(bg)
		no(t, err)
		if st.Findings[StateOpen] != 3 || st.Findings[StateWontFix] != 1 || st.Gone != 1 || st.Occurrences != 4 || st.Repositories != 3 {
			t.Errorf("%+v", st)
		}
	})
}

// TestExportImport: what is imported into either database is exported the same.
func TestExportImport(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		rnd := rand.New(rand.NewPCG(9, 9))
		repos, m := add(t, s, "o/a", "o/b", "o/c"), &model{findings: map[string]*modelFinding{}}
		for step := range 30 {
			randomStep(t, s, m, rnd, repos, fmt.Sprint(step))
		}
		var one bytes.Buffer
		no(t, s.Export(bg, &one))
		both(t, func(t *testing.T, dsn string) {
			s2 := open(t, dsn)
			for range 2 {
				_, err := s2.Import(bg, bytes.NewReader(one.Bytes()))
				no(t, err)
				var two bytes.Buffer
				no(t, s2.Export(bg, &two))
				if a, b := joined(one.String(), s), joined(two.String(), s2); a != b {
					la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
					for i := range min(len(la), len(lb)) {
						if la[i] != lb[i] {
							t.Fatalf("exported\n%s\nimported\n%s", la[i], lb[i])
						}
					}
					t.Fatalf("%d lines were exported, %d imported", len(la), len(lb))
				}
			}
		})
		other, err := Open(bg, t.TempDir()+"/x", []byte("another key of enough bytes"))
		no(t, err)
		defer func() { _ = other.Close() }()
		if _, err := other.Import(bg, bytes.NewReader(one.Bytes())); !errors.Is(err, ErrKey) {
			t.Fatal(err)
		}
	})
}

// joined is an export whose numbers of repositories are replaced by their names.
func joined(export string, s *Store) string {
	all, _ := s.Repositories(bg)
	for i := range all {
		export = strings.ReplaceAll(export, fmt.Sprintf(`"repository":%d,`, all[i].ID), fmt.Sprintf(`"repository":"%s",`, all[i].ForgeID))
		export = strings.ReplaceAll(export, fmt.Sprintf(`"repository":{"id":%d,`, all[i].ID), fmt.Sprintf(`"repository":{"id":"%s",`, all[i].ForgeID))
	}
	return export
}
