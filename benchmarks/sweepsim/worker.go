package main

import "slices"

// place says at which worker a task is to be: where its clone is, or else where the least is in work. A worker has no more
// fetched than keeps its cores busy for a while, so that others get their part: its window is full.
func (s *sim) place(t *task) (w int, why string) {
	if t.check {
		return s.living()
	}
	w, is := s.homes[s.repos[t.repo].of]
	if !is {
		w = -1
		for i := range s.workers {
			if !s.workers[i].dead && (w < 0 || s.workers[i].inWork < s.workers[w].inWork) {
				w = i
			}
		}
	}
	if w < 0 || s.workers[w].inWork >= s.m.Ahead*s.m.Cores {
		return w, "window"
	}
	if s.workers[w].inWork > 0 && s.workers[w].needed+s.need(w, t) > s.m.DiskMB {
		return w, "disk"
	}
	return w, ""
}

func (s *sim) living() (int, string) {
	for w := range s.workers {
		if !s.workers[w].dead {
			return w, ""
		}
	}
	return 0, "window"
}

// need is what a task's clone will take beside what it takes now.
func (s *sim) need(w int, t *task) float64 {
	r := s.repos[t.repo]
	if home, is := s.homes[r.of]; is && home == w {
		return t.fetch
	}
	return r.mb + whole(s.repos, r)
}

// keep takes a task's clone into use, and throws others away, the least recently used first, until the disk suffices. missing is
// what has to be fetched since no clone is there.
func (s *sim) keep(w int, t *task) (missing float64) {
	r, need, me := s.repos[t.repo], s.need(w, t), &s.workers[w]
	c := clone{repo: r.of}
	if at := s.index(w, r.of); at >= 0 {
		c = s.disk[w][at]
		s.disk[w] = slices.Delete(s.disk[w], at, at+1)
	} else {
		missing = need
	}
	if c.uses == 0 {
		me.needed += c.mb
	}
	c.mb += need
	c.uses++
	me.needed += need
	me.used += need
	s.disk[w] = append(s.disk[w], c)
	s.homes[r.of] = w
	for i := 0; i < len(s.disk[w]) && me.used > s.m.DiskMB; {
		if old := s.disk[w][i]; old.uses == 0 {
			me.used -= old.mb
			delete(s.homes, old.repo)
			s.disk[w] = slices.Delete(s.disk[w], i, i+1)
			continue
		}
		i++
	}
	return missing
}

func (s *sim) index(w, repo int) int {
	return slices.IndexFunc(s.disk[w], func(c clone) bool { return c.repo == repo })
}

// fetched ends a fetch.
func (s *sim) fetched(f *fetch) {
	s.fetches = slices.DeleteFunc(s.fetches, func(other *fetch) bool { return other == f })
	if f.t.check || len(f.t.search) == 0 {
		s.settle = append(s.settle, f.t)
		return
	}
	s.workers[f.t.at.worker].queue = append(s.workers[f.t.at.worker].queue, f.t)
}

// beginSearches gives free cores shards.
func (s *sim) beginSearches(w int) {
	me := &s.workers[w]
	for !me.dead && me.free > 0 && len(me.queue) > 0 {
		t := me.queue[0]
		mb := t.search[0]
		if t.search = t.search[1:]; len(t.search) == 0 {
			me.queue = me.queue[1:]
		}
		me.free--
		t.running++
		me.shards = append(me.shards, shard{t, mb})
		at := t.at
		s.at(s.now+s.m.Start+mb/s.m.SearchMB, func() {
			if s.workers[w].epoch == at.epoch {
				s.searched(t, w, mb)
			}
		})
	}
}

// searched ends a shard.
func (s *sim) searched(t *task, w int, mb float64) {
	me := &s.workers[w]
	i := slices.Index(me.shards, shard{t, mb})
	me.shards = slices.Delete(me.shards, i, i+1)
	me.free++
	t.running--
	s.r.searched += mb
	if t.running == 0 && len(t.search) == 0 {
		s.settle = append(s.settle, t)
	}
}

// settled ends a task. Its clone may be thrown away from now on.
func (s *sim) settled(t *task) {
	s.writing = false
	if t.done {
		panic("a repository was settled twice")
	}
	t.done = true
	s.left--
	s.r.settled++
	w := t.at.worker
	me := &s.workers[w]
	if t.check || me.epoch != t.at.epoch {
		return
	}
	me.inWork--
	c := &s.disk[w][s.index(w, s.repos[t.repo].of)]
	if c.uses--; c.uses == 0 {
		me.needed -= c.mb
	}
}

// fail ends a worker and what it was at, which others take over when its leases have ended: what was searched to the end of a
// shard is not searched again. Its disk is lost; after a while there is another in its place.
func (s *sim) fail(w int) {
	me := &s.workers[w]
	if me.dead {
		return
	}
	epoch := me.epoch
	for _, one := range me.shards {
		one.t.search = append(one.t.search, one.mb)
		one.t.running--
		s.r.lost += one.mb
	}
	for _, c := range s.disk[w] {
		delete(s.homes, c.repo)
	}
	s.disk[w] = nil
	*me = worker{epoch: epoch + 1, dead: true, free: s.m.Cores}
	at := place{w, epoch}
	mine := func(t *task) bool { return t.begun && !t.done && t.at == at }
	before := len(s.fetches)
	s.fetches = slices.DeleteFunc(s.fetches, func(f *fetch) bool { return mine(f.t) })
	slots := before - len(s.fetches)
	s.held += slots
	s.at(s.now+s.m.Lease, func() {
		s.held -= slots
		for _, t := range s.tasks {
			if mine(t) && !slices.Contains(s.settle, t) { // what has ended is settled by whoever comes
				t.begun = false
				s.waiting = append(s.waiting, t)
			}
		}
	})
	s.at(s.now+s.m.Restart, func() { s.workers[w].dead = false })
}
