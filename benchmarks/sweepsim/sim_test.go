package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plain is a model in which times can be told by hand: a call 0.5 s, a fetch 1 s and 10 MB/s, a search 0.5 s and 20 MB/s, a settling
// 0.25 s.
func plain() Model {
	return Model{Repositories: 1, MeanMB: 1, MaxMB: 1000, SearchMB: 20, Start: 0.5, ShardMB: 1000, Settle: 0.25, Unchanged: 0.125, Cores: 1, Ahead: 3,
		DiskMB: 10_000, NetworkMB: 1000, Slots: 1, SlotMB: 10, Latency: 1, PageCall: 0.5, Lease: 45, Restart: 120}
}

func equal(n int, mb float64) (repos []repo) {
	for i := range n {
		repos = append(repos, repo{mb, i})
	}
	return repos
}

func TestByHand(t *testing.T) {
	tests := map[string]struct {
		change   func(*Model)
		repos    []repo
		workers  int
		failures []failure
		want     float64
	}{
		"one":                                        {nil, equal(1, 100), 1, nil, 0.5 + 11 + 5.5 + 0.25},
		"fetches are the limit":                      {nil, equal(4, 100), 1, nil, 0.5 + 4*11 + 5.5 + 0.25},
		"a core is the limit":                        {func(m *Model) { m.SlotMB = 100 }, equal(4, 100), 1, nil, 0.5 + 2 + 4*5.5 + 0.25},
		"two cores":                                  {func(m *Model) { m.SlotMB, m.Cores, m.Slots = 100, 2, 4 }, equal(4, 100), 1, nil, 0.5 + 2 + 2*5.5 + 2*0.25},
		"two workers share the slots":                {nil, equal(4, 100), 2, nil, 0.5 + 4*11 + 5.5 + 0.25},
		"shards on two cores":                        {func(m *Model) { m.Cores, m.ShardMB = 2, 50 }, equal(1, 100), 1, nil, 0.5 + 11 + 3 + 0.25},
		"the network is shared":                      {func(m *Model) { m.NetworkMB, m.Slots, m.Cores = 10, 2, 2 }, equal(2, 100), 1, nil, 0.5 + 21 + 5.5 + 2*0.25},
		"each worker has its network":                {func(m *Model) { m.NetworkMB, m.Slots = 10, 2 }, equal(2, 100), 2, nil, 0.5 + 11 + 5.5 + 2*0.25},
		"calls: two an hour, one of them for a page": {func(m *Model) { m.Calls, m.HourCalls = 1, 2 }, equal(4, 100), 1, nil, 2*3600 + 11 + 5.5 + 0.25},
		"calls: one a minute":                        {func(m *Model) { m.Calls, m.MinuteCall = 1, 1 }, equal(2, 100), 1, nil, 2*60 + 11 + 5.5 + 0.25},
		"a disk for one":                             {func(m *Model) { m.DiskMB = 150 }, equal(2, 100), 1, nil, 0.5 + 2*(11+5.5+0.25)},
		"a disk for two":                             {func(m *Model) { m.DiskMB = 250 }, equal(3, 100), 1, nil, 0.5 + 3*11 + 5.5 + 0.25},
		"calls: one a minute, for the page and one of two forks": {func(m *Model) { m.ForkCalls, m.MaxLookups, m.MinuteCall = 1, 1, 1 }, []repo{{100, 0}, {10, 0}, {10, 0}}, 1, nil, 60 + 2 + 1 + 0.25},
		"a fork of 10 MB shares a clone":                         {nil, []repo{{100, 0}, {10, 0}}, 1, nil, 0.5 + 11 + 5.5 + 1 + 0.25},
		// The worker goes at 14.5, with one shard of two done; another is there at 16.5, when the lease has ended too.
		"a failure":                        {func(m *Model) { m.ShardMB, m.Lease, m.Restart = 50, 2, 2 }, equal(1, 100), 1, []failure{{0, 14.6}}, 16.6 + 11 + 3 + 0.25},
		"a failure, and the lease is long": {func(m *Model) { m.ShardMB, m.Lease, m.Restart = 50, 30, 2 }, equal(1, 100), 1, []failure{{0, 14.6}}, 44.6 + 11 + 3 + 0.25},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := plain()
			if test.change != nil {
				test.change(&m)
			}
			r := simulate(m, test.repos, m.firstSweep(test.repos), make(disk, test.workers), test.failures)
			if math.Abs(r.seconds-test.want) > 1e-6 || r.settled != len(test.repos) {
				t.Errorf("%v s, %d settled; want %v s", r.seconds, r.settled, test.want)
			}
		})
	}
}

// TestNext: what has not changed costs a look, and what has changed is fetched whole where its clone was thrown away.
func TestNext(t *testing.T) {
	m := plain()
	m.Push, m.Walk = 0.1, 0.2
	repos := equal(3, 100)
	d := make(disk, 1)
	simulate(m, repos, m.firstSweep(repos), d, nil)
	r := simulate(m, repos, m.nextSweep(repos, 0), d.copy(), nil)
	if want := 0.5 + 3 + 0.125; math.Abs(r.seconds-want) > 1e-6 || r.fetched != 0 {
		t.Errorf("nothing changed: %v s, want %v; fetched %v", r.seconds, want, r.fetched)
	}
	r = simulate(m, repos, m.nextSweep(repos, 1), d.copy(), nil)
	if math.Abs(r.fetched-30) > 1e-6 || math.Abs(r.searched-3*(10+20)) > 1e-6 || r.refetch != 0 {
		t.Errorf("all changed: %+v", r)
	}
	r = simulate(m, repos, m.nextSweep(repos, 1), make(disk, 1), nil)
	if math.Abs(r.fetched-300) > 1e-6 || math.Abs(r.refetch-270) > 1e-6 {
		t.Errorf("all changed, no clones: %+v", r)
	}
}

// TestConserved: whatever fails, each repository is settled once, and each shard is searched to its end once.
func TestConserved(t *testing.T) {
	for _, rate := range []float64{0, 50, 2000} {
		m := defaults()
		m.Repositories, m.Failures, m.DiskMB = 500, rate, 2000
		repos := m.repos()
		want, own := 0.0, 0.0
		for _, task := range m.firstSweep(repos) {
			for _, mb := range task.search {
				want += mb
			}
			own += task.fetch
		}
		for _, workers := range []int{1, 3, 8} {
			r, d := first(m, repos, workers)
			if r.settled != 500 || math.Abs(r.searched-want) > 1e-6*want || r.fetched < own*(1-1e-9) {
				t.Errorf("%d workers, %v failures: settled %d, searched %v of %v, fetched %v of %v", workers, rate, r.settled, r.searched, want, r.fetched, own)
			}
			if rate == 0 && (r.lost != 0 || math.Abs(r.fetched-own-r.refetch) > 1e-6*own) || rate == 2000 && r.lost == 0 {
				t.Errorf("%d workers, %v failures: lost %v, fetched %v, %v of it again, of %v", workers, rate, r.lost, r.fetched, r.refetch, own)
			}
			for name, share := range r.share {
				if share < 0 || share > 1+1e-9 {
					t.Errorf("%d workers: %s in use for %v of the time", workers, name, share)
				}
			}
			for w, clones := range d {
				used := 0.0
				for _, c := range clones {
					used += c.mb
				}
				if used > m.DiskMB*(1+1e-9) {
					t.Errorf("worker %d: clones of %v MB", w, used)
				}
				for _, c := range clones {
					if c.uses != 0 {
						t.Errorf("worker %d: a clone is still in use", w)
					}
				}
			}
		}
	}
}

// TestMonotone: more of anything never takes longer, but for what the order of things does: two in a hundred.
func TestMonotone(t *testing.T) {
	m := defaults()
	m.Repositories = 1500
	repos := m.repos()
	for _, more := range []func(*Model, *int){
		func(_ *Model, workers *int) { *workers *= 2 },
		func(m *Model, _ *int) { m.Slots *= 2 },
		func(m *Model, _ *int) { m.Cores *= 2 },
		func(m *Model, _ *int) { m.HourCalls *= 2 },
		func(m *Model, _ *int) { m.SlotMB *= 2 },
	} {
		n, workers, before := m, 1, math.Inf(1)
		for range 4 {
			r, _ := first(n, repos, workers)
			if r.seconds > before*1.02 {
				t.Errorf("%d workers, %+v: %v s, %v with less", workers, n, r.seconds, before)
			}
			before = r.seconds
			more(&n, &workers)
		}
	}
}

// TestRepos: sizes are what the model says, and forks are of originals.
func TestRepos(t *testing.T) {
	m := defaults()
	sum, forks := 0.0, 0
	for i, r := range m.repos() {
		if r.of != i {
			forks++
			continue
		}
		sum += r.mb
	}
	if mean := sum / 7000; forks != 3000 || mean < 13 || mean > 20 {
		t.Errorf("%d forks, originals have %v MB", forks, mean)
	}
}

func TestModel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model.json")
	for text, ok := range map[string]bool{`{"Slots": 4}`: true, `{"Slots": 0}`: false, `{"Forks": 1}`: false, `{`: false, `{"Lease": -1}`: false} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := readModel(file); (err == nil) != ok || ok && (m.Slots != 4 || m.Cores != defaults().Cores) {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
}

// TestReport: the report names its picture, which is XML without impossible numbers.
func TestReport(t *testing.T) {
	m := defaults()
	m.Repositories = 100
	var out, picture bytes.Buffer
	lines := report(&out, m, "p.svg")
	draw(&picture, lines, "a <title>")
	for _, want := range []string{"(p.svg)", "## What to buy", "## Assumptions", "| 32 | own |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	points := 0
	for d := xml.NewDecoder(&picture); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, is := token.(xml.StartElement)
		if is && start.Name.Local == "circle" {
			points++
		}
		for _, a := range start.Attr {
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				t.Errorf("%s is %s", a.Name.Local, a.Value)
			}
		}
	}
	if points != len(workerCounts)*len(forges) {
		t.Errorf("%d points", points)
	}
}
