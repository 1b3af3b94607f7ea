package mirror

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rummage/sweep/mirror/internal/sent"
)

// Bounds of what FetchForks keeps in memory, over which it goes by one fork at most. There are quickRefs of each fork, whose names are
// short.
const (
	maxTogether     = 16 << 20 // of packs
	maxRefsTogether = 20 * quickRefs
)

// FetchForks fetches repositories of one fork network of which its store has nothing yet, as quick fetches, with one look at the
// store, one pack and one change of its refs: for most forks these are what a fetch costs. What is fetched is at the request's
// index. Where it is nil, Fetch is to do it, and to say what is wrong; nothing at all is asked for while the network has no store.
// The error is of the store's packs and refs being put together afterwards: what was fetched is there nevertheless.
func (m *Mirror) FetchForks(ctx context.Context, requests []Request) ([]*Fetched, error) {
	out := make([]*Fetched, len(requests))
	if m.git == "" || m.options.Objects == nil || len(requests) == 0 || !m.HasStore(requests[0]) {
		return out, nil
	}
	t := together{m: m, s: m.storeFor(&requests[0], false), most: maxTogether}
	t.use.left.Store(1)
	asking, cancel := limitTogether(ctx, &requests[0])
	defer cancel()
	if err := t.ask(asking, requests); err != nil || len(t.forks) == 0 {
		return out, nil
	}
	err := t.bring(ctx)
	if !t.written {
		err = nil // which Fetch meets again
	}
	for _, f := range t.forks {
		if t.written && f.there {
			out[f.index] = f.result(has{}, has{tips: f.remote.Tips}, f.bytes, nil)
			t.use.left.Add(1)
			out[f.index].held = &t.use
		}
	}
	t.use.Close()
	return out, err
}

// maxTimeTogether bounds how long FetchForks asks for refs, and how long it then waits for the store and asks for packs: others of the
// network wait for it meanwhile.
const maxTimeTogether = time.Minute

// limitTogether bounds one of the two, which together take no more than a fetch may.
func limitTogether(ctx context.Context, r *Request) (context.Context, context.CancelFunc) {
	limit := maxTimeTogether
	if r.Timeout > 0 {
		limit = min(limit, r.Timeout/2)
	}
	return context.WithTimeout(ctx, limit)
}

// HasStore reports whether there is a store of the request's network, of SHA-1.
func (m *Mirror) HasStore(r Request) bool { return m.storeFor(&r, false).exists() }

// ask asks for the refs of those that the store has nothing of.
func (t *together) ask(ctx context.Context, requests []Request) error {
	known, err := t.s.names()
	if err != nil {
		return err
	}
	refs := 0
	for i := range requests {
		r := &requests[i]
		w := &work{m: t.m, r: r, s: t.s}
		if t.s.partial || len(r.Extra) > 0 || t.m.storeFor(r, false).dir != t.s.dir || known[w.name()] {
			continue
		}
		known[w.name()] = true // who is asked for twice
		f := &newFork{work: w, index: i}
		usual, err := f.ask(ctx)
		if err != nil { // the next may have to wait as long
			break
		}
		if !usual {
			continue
		}
		t.forks = append(t.forks, f)
		if refs += len(f.remote.Tips); refs > maxRefsTogether {
			break
		}
	}
	return nil
}

// ask asks for a fork's refs, and reports whether they are such as are fetched quickly.
func (f *newFork) ask(ctx context.Context) (usual bool, err error) {
	to, err := parseTarget(f.r.URL, f.r.Protocols)
	if err != nil || !strings.HasPrefix(to.scheme, "http") {
		return false, nil // Fetch says what is wrong
	}
	f.to = &to
	if f.remote, err = f.tipsHTTP(ctx, quickRefs); errors.Is(err, errMany) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if f.remote.more == nil || f.remote.Detached != "" || len(f.remote.Tips) == 0 || f.isSHA256() {
		return false, nil
	}
	f.changes, err = refChanges(nil, f.remote.Tips)
	return err == nil, nil
}

// together is what FetchForks does in a store.
type together struct {
	m     *Mirror
	s     *store
	most  int // maxTogether
	forks []*newFork
	use   sharedLock // of the store, by all of them
	roots map[sent.ID]bool
	// brought are tips of which all is collected. They are no roots, which are read from the store; that none of them need be brought
	// again rests on packs being written before any refs, all or none.
	brought map[sent.ID]bool
	joined  sent.Joined
	apart   []*sent.Pack // that have objects of the others

	written bool // the forks that are there are in the store
}

// sharedLock is a lock that several hold: the last who closes it ends it.
type sharedLock struct {
	file *os.File // nil: it was not had
	left atomic.Int64
}

// Close implements io.Closer.
func (l *sharedLock) Close() error {
	if l.left.Add(-1) > 0 || l.file == nil {
		return nil
	}
	return l.file.Close()
}

// newFork is the fetch of a fork, there when it was done.
type newFork struct {
	*work
	index   int
	changes changes
	bytes   int64
	there   bool
}

// bring has the store have the forks that can be had.
func (t *together) bring(ctx context.Context) error {
	limited, cancel := limitTogether(ctx, t.forks[0].r)
	defer cancel()
	var err error
	if t.use.file, err = t.m.lock(limited, t.s.key+".use", false); err != nil {
		return err
	}
	lock, err := t.m.lock(limited, t.s.key+".write", true)
	if err != nil {
		return err
	}
	defer lock.Close()
	now := time.Now()
	_ = os.Chtimes(t.use.file.Name(), now, now) // when it was used last
	if !t.s.exists() {
		return errSlow
	}
	if err := t.s.repair(); err != nil {
		return err
	}
	refs, err := readRefs(t.s.dir, "refs/")
	if err != nil {
		return err
	}
	if err := t.collect(limited, refs); err != nil {
		return err
	}
	if ctx.Err() != nil || !slices.ContainsFunc(t.forks, func(f *newFork) bool { return f.there }) {
		return errSlow
	}
	if err := t.write(); err != nil {
		_ = t.s.repair()
		return err
	}
	t.written = true
	if err := t.tidy(ctx, lock); err != nil {
		return err
	}
	return t.s.end()
}

// tidy does once what each fork's fetch would have done, in the time that a fetch has.
func (t *together) tidy(ctx context.Context, lock *os.File) error {
	ctx, cancel := t.forks[0].r.limit(ctx)
	defer cancel()
	_, packs := packed(t.s.dir)
	most := t.forks[0]
	for _, f := range t.forks {
		if f.there && f.manyLoose(len(f.remote.Tips)) {
			most = f
			break
		}
	}
	most.lock = lock
	return most.work.tidy(ctx, len(most.remote.Tips), packs)
}

// collect asks for what the forks have that the store does not have. It is nothing to a fork what another one brings.
func (t *together) collect(ctx context.Context, refs map[string]string) error {
	t.roots, t.brought = map[sent.ID]bool{}, map[sent.ID]bool{}
	for _, hex := range refs {
		if id, ok := sent.Parse(hex); ok {
			t.roots[id] = true
		}
	}
	known := reposOf(refs) // since they were asked for, others may have fetched them
	objects, err := t.m.options.Objects(t.s.dir)
	if err != nil {
		return err
	}
	defer objects.Close()
	for _, f := range t.forks {
		if known[f.name()] || f.room() != nil || t.held() > t.most {
			continue
		}
		if err := t.one(ctx, f, objects); err == nil {
			f.there = true
		} else if ctx.Err() != nil { // the others would wait as long, and what is there is to stay
			break
		}
	}
	return nil
}

// held is what is kept in memory of what was collected.
func (t *together) held() int {
	n := t.joined.Size()
	for _, p := range t.apart {
		n += p.Held()
	}
	return n
}

// one has what a fork needs collected.
func (t *together) one(ctx context.Context, f *newFork, objects Objects) error {
	tips, err := f.tipsBeyond(t.roots, f.changes)
	tips = slices.DeleteFunc(tips, func(id sent.ID) bool { return t.brought[id] })
	if err != nil || len(tips) == 0 {
		return err
	}
	pack, err := f.bringTips(ctx, objects, has{}, t.roots, tips)
	if err != nil {
		return err
	}
	for _, id := range tips {
		t.brought[id] = true
	}
	if pack == nil {
		return nil
	}
	f.bytes = int64(pack.Size())
	if pack.Fold(); !t.joined.Add(pack) {
		t.apart = append(t.apart, pack)
	}
	return nil
}

// write writes what was collected, and the refs after it.
func (t *together) write() error {
	if err := t.s.begin(); err != nil {
		return err
	}
	dir := filepath.Join(t.s.dir, "objects", "pack")
	if err := t.joined.Write(dir); err != nil {
		return err
	}
	for _, p := range t.apart {
		if err := p.Write(dir); err != nil {
			return err
		}
	}
	var all []refChange
	for _, f := range t.forks {
		if f.there {
			all = append(all, refChange{f.name(), f.changes, f.remote.Tips})
		}
	}
	return t.s.change(all...)
}
