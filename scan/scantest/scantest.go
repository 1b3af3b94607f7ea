// Package scantest holds every scan.Source to what package scan relies on.
//
// It is for tests only. It knows no kind of source: a Fixture says what a source has to hand out.
package scantest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"rummage/detect/assignment"
	"rummage/scan"
)

// Fixture is a source and what is known of it.
type Fixture struct {
	// Open gives the source, fresh each time.
	Open func(t *testing.T) scan.Source
	// Blobs and Messages are the contents that it hands to visitors, each once.
	Blobs, Messages []string
	// Skipped is what the source itself skips. Beside it, the visitor calls binary what has a NUL byte.
	Skipped map[scan.SkipReason]int64
	// Places tells the paths at which contents stand, for as many as the test cares for.
	Places map[string][]string
	// Unplaced are those of Blobs that are searched for comparison only and stand nowhere.
	Unplaced []string
	// Incomplete says that something in it cannot be read.
	Incomplete bool
}

// Source runs all checks as subtests.
func Source(t *testing.T, f Fixture) {
	for _, workers := range []int{1, 2, 7} {
		t.Run(fmt.Sprintf("workers %d", workers), func(t *testing.T) { f.search(t, workers) })
	}
	t.Run("place", f.place)
	t.Run("nothing to place", f.placeNothing)
	t.Run("cancelled before", f.cancelledBefore)
	t.Run("cancelled during", f.cancelledDuring)
	t.Run("cancelled while placing", f.cancelledPlacing)
	t.Run("panic", f.panics)
}

// recorder is the visitors of one search. It finds fault with a source that shares a visitor between goroutines, opens
// too many or goes on when Search has returned.
type recorder struct {
	t     *testing.T
	visit func(data []byte) scan.SkipReason

	mu       sync.Mutex
	visitors int
	seen     map[scan.BlobRef]string
	bytes    int64
	returned atomic.Bool
}

type visitor struct {
	r    *recorder
	busy atomic.Bool
}

func newRecorder(t *testing.T) *recorder {
	return &recorder{t: t, seen: map[scan.BlobRef]string{}, visit: func(data []byte) scan.SkipReason {
		if strings.IndexByte(string(data), 0) >= 0 {
			return scan.SkipBinary
		}
		return ""
	}}
}

func (r *recorder) open() scan.Visitor {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.visitors++
	return &visitor{r: r}
}

func (v *visitor) Visit(ref scan.BlobRef, data []byte) scan.SkipReason {
	r := v.r
	if !v.busy.CompareAndSwap(false, true) {
		r.t.Error("a visitor is used by two goroutines at a time")
	}
	defer v.busy.Store(false)
	if r.returned.Load() {
		r.t.Error("a visitor is used after Search returned")
	}
	r.mu.Lock()
	if old, again := r.seen[ref]; again {
		r.t.Errorf("blob %d is handed out twice: %.40q, %.40q", ref, old, data)
	}
	r.seen[ref] = string(data)
	r.mu.Unlock()
	reason := r.visit(data)
	r.mu.Lock()
	if reason == "" {
		r.bytes += int64(len(data))
	}
	r.mu.Unlock()
	return reason
}

// VisitDelta is Visit: what a source says of blobs' likeness is its own tests' affair.
func (v *visitor) VisitDelta(ref scan.BlobRef, data []byte, _ scan.Delta) scan.SkipReason {
	return v.Visit(ref, data)
}

// VisitAll is Visit of what the visitor takes for text.
func (v *visitor) VisitAll(ref scan.BlobRef, data []byte) scan.SkipReason {
	if v.Visit(ref, data) != "" {
		v.r.mu.Lock()
		v.r.bytes += int64(len(data))
		v.r.mu.Unlock()
	}
	return ""
}

// run searches a source and gives the error of Search.
func (r *recorder) run(ctx context.Context, s scan.Source, workers int) error {
	err := s.Search(ctx, workers, r.open)
	r.returned.Store(true)
	return err
}

func (f *Fixture) all() []string { return slices.Concat(f.Blobs, f.Messages) }

func (f *Fixture) search(t *testing.T, workers int) {
	s, r := f.Open(t), newRecorder(t)
	if err := r.run(t.Context(), s, workers); err != nil {
		t.Fatal(err)
	}
	// A source may search in two rounds, such as commits first and then blobs.
	if r.visitors > 2*workers {
		t.Errorf("%d visitors for %d workers", r.visitors, workers)
	}
	if got, want := slices.Sorted(maps.Values(r.seen)), slices.Sorted(slices.Values(f.all())); !slices.Equal(got, want) {
		t.Errorf("handed out:\n%q\nwant:\n%q", got, want)
	}
	for ref, text := range r.seen {
		if slices.Contains(f.Messages, text) {
			continue
		}
		data, err := s.Content(ref)
		if err != nil || string(data) != text {
			t.Errorf("content of blob %d: %.40q, %v; Search gave %.40q", ref, data, err, text)
		}
	}
	f.stats(t, s, r)
	if p := s.Progress(); p.Stage.Load() == nil || p.Done.Load() > p.Total.Load() {
		t.Errorf("progress: %d of %d done", p.Done.Load(), p.Total.Load())
	}
}

// stats holds the counts to what was handed out.
func (f *Fixture) stats(t *testing.T, s scan.Source, r *recorder) {
	t.Helper()
	st := s.Stats()
	want := maps.Clone(f.Skipped)
	if want == nil {
		want = map[scan.SkipReason]int64{}
	}
	for _, text := range r.seen {
		if r.visit([]byte(text)) != "" {
			want[scan.SkipBinary]++
		}
	}
	if !maps.Equal(st.Skipped, want) {
		t.Errorf("skipped: %v, want %v", st.Skipped, want)
	}
	sum := st.Scanned + st.NonBlobs
	for _, n := range st.Skipped {
		sum += n
	}
	if st.Objects != sum {
		t.Errorf("%d objects, but %d searched, %d no blobs, skipped %v", st.Objects, st.Scanned, st.NonBlobs, st.Skipped)
	}
	if visited := st.Scanned + st.Messages + want[scan.SkipBinary]; visited != int64(len(r.seen)) {
		t.Errorf("%d searched and %d messages of %d", st.Scanned, st.Messages, len(r.seen))
	}
	if st.Messages == 0 && st.Bytes != r.bytes {
		t.Errorf("%d bytes, want %d", st.Bytes, r.bytes)
	}
	if st.Complete == f.Incomplete || st.Complete != (st.ProblemCount == 0) || st.Complete != (len(st.Problems) == 0) {
		t.Errorf("complete: %v, problems: %d %v", st.Complete, st.ProblemCount, st.Problems)
	}
	for _, p := range st.Problems {
		if p.Where == "" || p.Why == "" || strings.ContainsAny(p.Where+p.Why, "\n") {
			t.Errorf("problem: %+v", p)
		}
	}
}

// lookup says that every blob holds the secret whose number is the blob's.
type lookup struct {
	seen map[scan.BlobRef]string
}

func (l lookup) Holds(ref scan.BlobRef) bool { _, ok := l.seen[ref]; return ok }
func (l lookup) Named(string) bool           { return false }
func (l lookup) Refs() []scan.BlobRef        { return slices.Sorted(maps.Keys(l.seen)) }

func (l lookup) Depends(scan.BlobRef, string, scan.Tree) (paths, folders []string, some bool) {
	return nil, nil, false
}
func (l lookup) Watched(string) bool                                { return false }
func (l lookup) Exposed(string, assignment.Context) []scan.SecretID { return nil }

func (l lookup) At(ref scan.BlobRef, _ string, _ scan.Tree) []scan.SecretID {
	if !l.Holds(ref) {
		return nil
	}
	return []scan.SecretID{scan.SecretID(ref)}
}

func (f *Fixture) place(t *testing.T) {
	s, r := f.Open(t), newRecorder(t)
	if err := r.run(t.Context(), s, 2); err != nil {
		t.Fatal(err)
	}
	paths := map[string][]string{}
	err := s.Place(t.Context(), lookup{r.seen}, func(p scan.Placement) {
		text, ok := r.seen[p.Blob]
		if !ok || p.Secret != scan.SecretID(p.Blob) {
			t.Errorf("placed: blob %d, secret %d", p.Blob, p.Secret)
		}
		paths[text] = append(paths[text], p.Path)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range f.all() {
		if placed := len(paths[text]) > 0; placed == slices.Contains(f.Unplaced, text) {
			t.Errorf("placed: %v: %.40q", placed, text)
		}
	}
	for text, want := range f.Places {
		got := slices.Clone(paths[text])
		slices.Sort(got)
		slices.Sort(want)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%.40q is placed at %q, want %q", text, got, want)
		}
	}
}

func (f *Fixture) placeNothing(t *testing.T) {
	s, r := f.Open(t), newRecorder(t)
	if err := r.run(t.Context(), s, 2); err != nil {
		t.Fatal(err)
	}
	err := s.Place(t.Context(), lookup{}, func(p scan.Placement) { t.Errorf("placed: %+v", p) })
	if err != nil {
		t.Error(err)
	}
}

func (f *Fixture) cancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, r := f.Open(t), newRecorder(t)
	if err := r.run(ctx, s, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	if len(r.seen) > 0 {
		t.Errorf("%d blobs were searched", len(r.seen))
	}
	// What was found until then is placed, with a context of its own.
	if err := s.Place(t.Context(), lookup{}, func(scan.Placement) {}); err != nil {
		t.Errorf("place: %v", err)
	}
	s.Stats()
}

func (f *Fixture) cancelledDuring(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, r := f.Open(t), newRecorder(t)
	visit := r.visit
	r.visit = func(data []byte) scan.SkipReason {
		cancel()
		return visit(data)
	}
	if err := r.run(ctx, s, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	if len(r.seen) != 1 {
		t.Errorf("%d blobs were searched by one worker, the first of which cancelled", len(r.seen))
	}
	if err := s.Place(t.Context(), lookup{r.seen}, func(scan.Placement) {}); err != nil {
		t.Errorf("place: %v", err)
	}
	if st := s.Stats(); st.Scanned+st.Skipped[scan.SkipBinary]+st.Messages > 1 {
		t.Errorf("stats: %+v", st)
	}
}

func (f *Fixture) cancelledPlacing(t *testing.T) {
	s, r := f.Open(t), newRecorder(t)
	if err := r.run(t.Context(), s, 2); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Place(ctx, lookup{r.seen}, func(scan.Placement) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}

// panics: a panic of a visitor, a bug, comes out of Search on the caller's goroutine, where it can be seen.
func (f *Fixture) panics(t *testing.T) {
	s, r := f.Open(t), newRecorder(t)
	r.visit = func([]byte) scan.SkipReason { panic("on purpose") }
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "on purpose") {
			t.Errorf("recovered: %s", p)
		}
	}()
	err := r.run(t.Context(), s, 2)
	t.Errorf("no panic; error: %v", err)
}
