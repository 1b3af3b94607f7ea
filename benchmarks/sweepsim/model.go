package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
)

// Model is what a sweep meets: repositories, a forge and machines. Bytes are megabytes of git's packs, times are seconds.
type Model struct {
	Seed         uint64
	Repositories int
	Forks        float64 // share of the repositories
	ForkOwn      float64 // what a fork has of its own, of its original's size
	MeanMB       float64 // of originals, log-normal
	Sigma        float64
	MaxMB        float64

	SearchMB   float64 // that a core searches in a second
	Start      float64 // of a core for each search: a process, the rules, opening, listing
	Walk       float64 // what a search of what is new costs for the rest of the history, of a search of all
	ShardMB    float64 // the most that one core searches at a time
	Settle     float64 // of the database for each repository that was searched; one at a time
	Unchanged  float64 // of the database for each that was not
	Cores      int     // of a worker
	Ahead      int     // repositories that a worker has in work for each core, those included that are being fetched
	DiskMB     float64 // of a worker, for clones
	NetworkMB  float64 // of a worker in a second
	Slots      int     // fetches from the forge at a time, of all workers
	SlotMB     float64 // that the forge gives a fetch in a second
	Latency    float64 // of a fetch; of asking for the refs of one that has not changed
	PageCall   float64 // of a call for 100 repositories
	Calls      int     // of the API for each repository before it is fetched first
	ForkCalls  int     // and besides for a fork, to know its network
	MaxLookups int     // forks for which that is asked
	HourCalls  int     // that the API takes in an hour, 0 for any
	MinuteCall int     // and in a minute
	PushMB     float64 // what a repository that has changed has got, at least
	Push       float64 // and of its size
	Failures   float64 // of a worker in a day; its disk is lost
	Lease      float64 // until others know that a worker has gone
	Restart    float64 // until another is in its place
}

// defaults are the rates measured here and public figures; assumptions tells where each is from.
func defaults() Model {
	return Model{
		Seed: 1, Repositories: 10_000, Forks: 0.3, ForkOwn: 0.02, MeanMB: 16.5, Sigma: 1.65, MaxMB: 10_000,
		SearchMB: 18, Start: 0.03, Walk: 0.1, ShardMB: 100, Settle: 0.025, Unchanged: 0.003,
		Cores: 2, Ahead: 3, DiskMB: 100_000, NetworkMB: 100, Slots: 8, SlotMB: 8, Latency: 0.8,
		PageCall: 0.5, Calls: 0, ForkCalls: 1, MaxLookups: 2000, HourCalls: 5000, MinuteCall: 900,
		PushMB: 0.05, Push: 0.005, Failures: 0, Lease: 45, Restart: 120,
	}
}

// assumptions are the sources of the defaults, for the report.
var assumptions = [][2]string{
	{"MeanMB", "Public Git Archive (source{d}, 2018): 182,000 repositories of GitHub with 50 stars or more take 3 TB"},
	{"Sigma", "Kalliamvakou and others, The Promises and Perils of Mining GitHub (2014): commits of a project have the median 6, and 50 as 90th percentile, which is a log-normal of ln(50/6)/1.28; sizes are taken to spread as commits do"},
	{"Forks", "the fleet of sweep.sh; GitHub as a whole has more"},
	{"ForkOwn, Push, PushMB", "assumed"},
	{"SearchMB", "results/2026-11-28-engine-quick.txt, one worker: laradock 23 MB in 1.2 s, kubespray 29 MB in 1.6 s, redis 128 MB in 3.8 s: 18 to 34; the least is taken"},
	{"Start, Settle, Unchanged", "sweep.sh on two processors: a search of a small repository takes 30 ms of a core beside the search itself, and holds SQLite for some 25 ms with its waits for the disk; leases and the next date 3 ms"},
	{"Walk", "assumed: attribution walks all commits; the profile of first searches has a twentieth to a tenth there"},
	{"Slots", "the bound of a forge that all workers share, 4 to 8"},
	{"SlotMB, Latency, PageCall", "assumed: what GitHub gives a clone differs from day to day; git over HTTP is not counted against the API, but may be delayed"},
	{"HourCalls, MinuteCall", "GitHub: 5,000 calls an hour for a token, 15,000 for an App on Enterprise Cloud; 900 points a minute for an endpoint"},
	{"Calls, ForkCalls", "the listing says all that is needed, but at GitHub not of which network a fork is: one call for each, and not for more than 2,000"},
	{"Ahead", "assumed: a worker fetches while it searches, but not so much that others have nothing to do"},
	{"Cores, DiskMB, NetworkMB, Lease, Restart", "a machine of 2 processors with 100 GB and 1 Gbit/s; leases end after 45 s"},
}

// readModel lays a JSON file over the defaults.
func readModel(file string) (Model, error) {
	m := defaults()
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return m, err
		}
		if err := json.Unmarshal(data, &m); err != nil {
			return m, fmt.Errorf("%s: %w", file, err)
		}
	}
	return m, m.check()
}

func (m Model) check() error {
	for _, positive := range []float64{float64(m.Repositories), m.MeanMB, m.MaxMB, m.SearchMB, m.ShardMB, float64(m.Cores), float64(m.Ahead), m.DiskMB, m.NetworkMB, float64(m.Slots), m.SlotMB} {
		if !(positive > 0) {
			return errors.New("repositories, sizes, rates, cores, disk and slots must be more than 0")
		}
	}
	for _, other := range []float64{m.Forks, m.ForkOwn, m.Sigma, m.Start, m.Walk, m.Settle, m.Unchanged, m.Latency, m.PageCall, float64(m.Calls), float64(m.ForkCalls), m.PushMB, m.Push,
		m.Failures, m.Lease, m.Restart, 0.99 - m.Forks, float64(m.HourCalls), float64(m.MinuteCall)} {
		if !(other >= 0) {
			return errors.New("nothing can be negative, and not all can be forks")
		}
	}
	return nil
}

// repo is a repository: what a clone of it takes, and, of a fork, the number of its original, whose clone it shares.
type repo struct {
	mb float64
	of int // its own number unless it is a fork
}

// repos makes the repositories; originals come first.
func (m Model) repos() []repo {
	random := rand.New(rand.NewPCG(m.Seed, 1))
	forks := int(float64(m.Repositories) * m.Forks)
	out := make([]repo, m.Repositories)
	mu := math.Log(m.MeanMB) - m.Sigma*m.Sigma/2
	originals := len(out) - forks
	for i := range out {
		out[i] = repo{min(m.MaxMB, math.Exp(mu+m.Sigma*random.NormFloat64())), i}
		if i >= originals {
			of := random.IntN(originals)
			out[i] = repo{out[of].mb * m.ForkOwn, of}
		}
	}
	return out
}

// task is what a sweep has to do for a repository.
type task struct {
	repo   int
	check  bool // only its refs are asked for: nothing has changed
	first  bool
	fetch  float64   // when a clone is there
	search []float64 // megabytes of each shard that is to be searched

	calls int // still to be made
	begun bool
	at    place
	done  bool
	// running are the shards that are being searched.
	running int
}

// firstSweep is what there is to do for all of them.
func (m Model) firstSweep(repos []repo) []*task {
	var tasks []*task
	lookups := 0
	for i, r := range repos {
		t := &task{repo: i, first: true, calls: m.Calls, fetch: r.mb}
		if r.of != i && lookups < m.MaxLookups {
			lookups++
			t.calls += m.ForkCalls
		}
		for left := r.mb; left > 0; left -= m.ShardMB {
			t.search = append(t.search, min(left, m.ShardMB))
		}
		tasks = append(tasks, t)
	}
	return tasks
}

// nextSweep is what there is to do when a share has changed.
func (m Model) nextSweep(repos []repo, changed float64) []*task {
	random := rand.New(rand.NewPCG(m.Seed, 2))
	order := random.Perm(len(repos))
	is := make([]bool, len(repos))
	for _, i := range order[:int(math.Round(changed*float64(len(repos))))] {
		is[i] = true
	}
	var tasks []*task
	for i, r := range repos {
		t := &task{repo: i, check: !is[i]}
		if is[i] {
			t.fetch = max(m.PushMB, m.Push*r.mb)
			t.search = []float64{t.fetch + m.Walk*(r.mb+whole(repos, r))}
		}
		tasks = append(tasks, t)
	}
	return tasks
}

// whole is what a fork's history has beside its own.
func whole(repos []repo, r repo) float64 {
	if original := repos[r.of]; original != r {
		return original.mb
	}
	return 0
}

// limits are the API's: so many calls in each hour and minute.
type limits struct {
	hour, minute   int
	hours, minutes map[int]int
	waiting        int // tasks
}

// take makes a call at the first time from now on that the limits allow.
func (l *limits) take(now float64) float64 {
	for {
		h, m := int(now/3600), int(now/60)
		switch {
		case l.hour > 0 && l.hours[h] >= l.hour:
			now = float64(h+1) * 3600
		case l.minute > 0 && l.minutes[m] >= l.minute:
			now = float64(m+1) * 60
		default:
			l.hours[h]++
			l.minutes[m]++
			return now
		}
	}
}

// failure is the end of a worker.
type failure struct {
	worker int
	at     float64
}

// failures are those of the first thirty days, as chance has them.
func (m Model) failures(workers int) (out []failure) {
	if m.Failures == 0 {
		return nil
	}
	for w := range workers {
		random := rand.New(rand.NewPCG(m.Seed, 1000+uint64(w)))
		for at := 0.0; at < 30*86400; {
			at += random.ExpFloat64() * 86400 / m.Failures
			out = append(out, failure{w, at})
		}
	}
	slices.SortStableFunc(out, func(a, b failure) int { return cmp.Compare(a.at, b.at) })
	return out
}
