package main

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// result is what a simulated sweep took.
type result struct {
	seconds  float64
	settled  int
	fetched  float64            // megabytes, those of fetches that were lost too
	searched float64            // megabytes of shards that were searched to their end
	lost     float64            // megabytes of shards that a failure ended
	refetch  float64            // megabytes fetched since a clone was no longer there
	share    map[string]float64 // of the time: how much of a resource was in use, or how long it was waited for alone
}

// bottleneck is the resource that was in use most; a window is full because of something, and is told where nothing else is.
func (r *result) bottleneck() string {
	best := ""
	for _, name := range resources {
		if name != "window" && (best == "" || r.share[name] > r.share[best]) {
			best = name
		}
	}
	switch {
	case r.share[best] >= 0.7:
		return best
	case r.share["window"] >= 0.7:
		return "window"
	}
	return "none"
}

// resources in the order of the report.
var resources = []string{"processors", "fetch slots", "network", "window", "API", "disk", "database"}

// disk is what workers have of clones between sweeps: by worker, in the order of their last use.
type disk [][]clone

type clone struct {
	repo int // the original
	mb   float64
	uses int
}

// place is a worker until it fails.
type place struct{ worker, epoch int }

type fetch struct {
	t      *task
	left   float64
	moving bool // its latency is over
}

type worker struct {
	epoch  int
	dead   bool
	free   int // cores
	queue  []*task
	shards []shard
	inWork int     // tasks fetched or being fetched that are not settled
	used   float64 // megabytes of clones, and of those that tasks need now
	needed float64
}

// shard is being searched.
type shard struct {
	t  *task
	mb float64
}

type event struct {
	at    float64
	order int
	do    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(e[i].at, e[j].at), cmp.Compare(e[i].order, e[j].order)) < 0
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// sim is a sweep that is under way.
type sim struct {
	m       Model
	repos   []repo
	now     float64
	events  events
	order   int
	workers []worker
	disk    disk
	homes   map[int]int // where the clone of a network is
	tasks   []*task
	waiting []*task // listed, not fetched
	fetches []*fetch
	held    int // slots of workers that have failed, until their leases end
	api     *limits
	settle  []*task
	writing bool
	blocked string // why no fetch was begun though a slot is free
	left    int
	r       *result
	busy    map[string]float64
}

// simulate runs a sweep. The disk is changed.
func simulate(m Model, repos []repo, tasks []*task, d disk, failures []failure) *result {
	s := &sim{m: m, repos: repos, disk: d, homes: map[int]int{}, tasks: tasks, left: len(tasks), r: &result{share: map[string]float64{}}, busy: map[string]float64{},
		api: &limits{hour: m.HourCalls, minute: m.MinuteCall, hours: map[int]int{}, minutes: map[int]int{}}, workers: make([]worker, len(d))}
	for w := range s.workers {
		s.workers[w].free = m.Cores
		for _, c := range d[w] {
			s.workers[w].used += c.mb
			s.homes[c.repo] = w
		}
	}
	s.list(tasks)
	for _, f := range failures {
		s.at(f.at, func() { s.fail(f.worker) })
	}
	for s.left > 0 {
		s.begin()
		s.advance()
	}
	s.r.seconds = s.now
	cores := float64(len(d) * m.Cores)
	for name, most := range map[string]float64{"processors": cores, "fetch slots": float64(m.Slots), "network": float64(len(d)) * m.NetworkMB, "API": 1, "window": 1, "disk": 1, "database": 1} {
		s.r.share[name] = s.busy[name] / max(s.now, 1e-9) / most
	}
	return s.r
}

func (s *sim) at(when float64, do func()) {
	s.order++
	heap.Push(&s.events, event{when, s.order, do})
}

// list has the tasks come in pages of 100, one call after another.
func (s *sim) list(tasks []*task) {
	const page = 100
	when := 0.0
	for part := range slices.Chunk(tasks, page) {
		when = s.api.take(when) + s.m.PageCall
		s.at(when, func() { s.waiting = append(s.waiting, part...) })
	}
}

// advance goes to what happens next, while fetches go on.
func (s *sim) advance() {
	next := math.Inf(1)
	if len(s.events) > 0 {
		next = s.events[0].at
	}
	var first *fetch
	for _, f := range s.fetches {
		if end := s.now + f.left/s.rate(f); f.moving && end <= next {
			next, first = end, f
		}
	}
	step := next - s.now
	s.count(step)
	for _, f := range s.fetches {
		if f.moving {
			got := min(f.left, s.rate(f)*step)
			f.left -= got
			s.r.fetched += got
			s.busy["network"] += got
		}
	}
	s.now = next
	if first != nil {
		s.r.fetched += first.left
		s.fetched(first)
		return
	}
	heap.Pop(&s.events).(event).do()
}

// rate is what a fetch gets: the forge's bound, and an equal part of its worker's network.
func (s *sim) rate(f *fetch) float64 {
	moving := 0
	for _, other := range s.fetches {
		if other.moving && other.t.at.worker == f.t.at.worker {
			moving++
		}
	}
	return min(s.m.SlotMB, s.m.NetworkMB/float64(max(moving, 1)))
}

// count adds up what is in use.
func (s *sim) count(step float64) {
	for w := range s.workers {
		if !s.workers[w].dead {
			s.busy["processors"] += step * float64(s.m.Cores-s.workers[w].free)
		}
	}
	s.busy["fetch slots"] += step * float64(len(s.fetches)+s.held)
	if s.writing {
		s.busy["database"] += step
	}
	if s.blocked != "" {
		s.busy[s.blocked] += step
	}
}

// begin starts whatever can be.
func (s *sim) begin() {
	s.beginFetches()
	for w := range s.workers {
		s.beginSearches(w)
	}
	if !s.writing && len(s.settle) > 0 {
		t := s.settle[0]
		s.settle = s.settle[1:]
		s.writing = true
		cost := s.m.Settle
		if t.check {
			cost = s.m.Unchanged
		}
		s.at(s.now+cost, func() { s.settled(t) })
	}
}

// ahead is how far beyond the head of the queue is looked for a task that can begin.
const ahead = 64

func (s *sim) beginFetches() {
	s.blocked = ""
	for i := 0; i < min(ahead, len(s.waiting)) && len(s.fetches)+s.held < s.m.Slots; {
		t := s.waiting[i]
		if t.calls > 0 { // the call comes before the slot
			s.waiting = slices.Delete(s.waiting, i, i+1)
			t.calls--
			when := s.api.take(s.now)
			if when > s.now {
				s.blockUntil(when, t)
			} else {
				s.waiting = slices.Insert(s.waiting, i, t)
			}
			continue
		}
		w, why := s.place(t)
		if why != "" {
			if i == 0 {
				s.blocked = why
			}
			i++
			continue
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.beginFetch(t, w)
	}
	if len(s.fetches)+s.held < s.m.Slots && len(s.waiting) == 0 && s.api.waiting > 0 {
		s.blocked = "API"
	}
}

// blockUntil has a task wait for the API, which is waited for as long.
func (s *sim) blockUntil(when float64, t *task) {
	s.api.waiting++
	s.at(when, func() {
		s.api.waiting--
		s.waiting = append(s.waiting, t)
	})
}

func (s *sim) beginFetch(t *task, w int) {
	f := &fetch{t: t, left: t.fetch}
	t.begun, t.at = true, place{w, s.workers[w].epoch}
	s.fetches = append(s.fetches, f)
	if !t.check {
		s.workers[w].inWork++
		if missing := s.keep(w, t); missing > t.fetch {
			f.left = missing
			s.r.refetch += missing - t.fetch
		}
	}
	s.at(s.now+s.m.Latency, func() { f.moving = true })
}
