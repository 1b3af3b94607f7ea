package mirror

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"rummage/sweep/mirror/internal/sent"
)

// maxTogether bounds the packs that FetchForks keeps in memory.
const maxTogether = 16 << 20

// FetchForks fetches repositories of one fork network of which its store has nothing yet, as quick fetches, with one look at the
// store, one pack and one change of its refs: for most forks these are what a fetch costs. What is fetched is at the request's
// index. Where it is nil, Fetch is to do it, and to say what is wrong; nothing at all is asked for while the network has no store.
func (m *Mirror) FetchForks(ctx context.Context, requests []Request) []*Fetched {
	out := make([]*Fetched, len(requests))
	if m.git == "" || m.options.Objects == nil || len(requests) == 0 || !m.HasStore(requests[0]) {
		return out
	}
	t := together{m: m, s: m.storeFor(&requests[0], false)}
	t.use.left.Store(1)
	for i := range requests {
		w, err := m.askFork(ctx, &requests[i], t.s)
		if err != nil { // the next may have to wait as long
			break
		}
		if w != nil {
			t.forks = append(t.forks, &newFork{work: w, index: i})
		}
	}
	if len(t.forks) == 0 {
		return out
	}
	err := t.bring(ctx)
	for _, f := range t.forks {
		if err == nil && f.there {
			out[f.index] = f.result(has{}, has{tips: f.remote.Tips}, f.bytes, nil)
			t.use.left.Add(1)
			out[f.index].held = &t.use
		}
	}
	t.use.Close()
	return out
}

// HasStore reports whether there is a store of the request's network, of SHA-1.
func (m *Mirror) HasStore(r Request) bool { return m.storeFor(&r, false).exists() }

// askFork asks for a fork's refs. No work: they are not such as are fetched quickly.
func (m *Mirror) askFork(ctx context.Context, r *Request, s *store) (*work, error) {
	to, err := parseTarget(r.URL, r.Protocols)
	if err != nil || !strings.HasPrefix(to.scheme, "http") {
		return nil, err
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	w := &work{m: m, r: r, to: &to, s: s}
	if w.remote, err = w.tipsHTTP(ctx); err != nil {
		return nil, err
	}
	usual := w.remote.more != nil && w.remote.Detached == "" && len(w.remote.Tips) > 0 && len(r.Extra) == 0 && !w.isSHA256() && !s.partial
	if !usual || m.storeFor(r, false).dir != s.dir {
		return nil, nil
	}
	return w, nil
}

// together is what FetchForks does in a store.
type together struct {
	m      *Mirror
	s      *store
	forks  []*newFork
	use    sharedLock // of the store, by all of them
	roots  map[sent.ID]bool
	joined sent.Joined
	apart  []*sent.Pack // that have objects of the others
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
	var err error
	if t.use.file, err = t.m.lock(ctx, t.s.key+".use", false); err != nil {
		return err
	}
	lock, err := t.m.lock(ctx, t.s.key+".write", true)
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
	if err := t.collect(ctx, refs); err != nil {
		return err
	}
	_, packs := packed(t.s.dir)
	if err := t.write(); err != nil {
		_ = t.s.repair()
		return err
	}
	for _, f := range t.forks {
		if f.there {
			f.lock = lock
			return errors.Join(f.tidy(ctx, len(f.remote.Tips), packs+1), t.s.end())
		}
	}
	return errSlow
}

// collect asks for what the forks have that the store does not have. It is nothing to a fork what another one brings.
func (t *together) collect(ctx context.Context, refs map[string]string) error {
	t.roots = map[sent.ID]bool{}
	known := map[string]bool{}
	for name, hex := range refs {
		if id, ok := sent.Parse(hex); ok {
			t.roots[id] = true
		}
		if _, rest, ok := strings.Cut(name, "/"); ok { // r/NAME/… or seen/NAME/…
			of, _, _ := strings.Cut(rest, "/")
			known[of] = true
		}
	}
	objects, err := t.m.options.Objects(t.s.dir)
	if err != nil {
		return err
	}
	defer objects.Close()
	for _, f := range t.forks {
		if known[f.name()] || f.room() != nil || t.joined.Size() > maxTogether {
			continue
		}
		known[f.name()] = true // who is asked for twice
		if err := t.one(ctx, f, objects); err == nil {
			f.there = true
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// one has what a fork needs collected.
func (t *together) one(ctx context.Context, f *newFork, objects Objects) (err error) {
	if f.changes, err = refChanges(nil, f.remote.Tips); err != nil {
		return err
	}
	tips, err := f.tipsBeyond(t.roots, f.changes)
	if err != nil || len(tips) == 0 {
		return err
	}
	ctx, cancel := f.r.limit(ctx)
	defer cancel()
	pack, err := f.bringTips(ctx, objects, has{}, t.roots, tips)
	if err != nil || pack == nil {
		return err
	}
	f.bytes = int64(pack.Size())
	if !t.joined.Add(pack) {
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
