package imagescan

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"rummage/detect/assignment"
	"rummage/scan"
)

// memory is a store whose contents have the digests that it likes.
type memory struct {
	first     []root
	contents  map[string][]byte // by digest
	referring map[string][]descriptor
}

func (m *memory) roots(context.Context) ([]root, error) { return m.first, nil }
func (m *memory) Close() error                          { return nil }

func (m *memory) open(_ context.Context, d descriptor) (io.ReadCloser, error) {
	data, ok := m.contents[d.Digest]
	if !ok {
		return nil, errors.New("not there")
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (m *memory) referrers(_ context.Context, digest string) ([]descriptor, error) {
	return m.referring[digest], nil
}

// put stores a content and gives its digest.
func (m *memory) put(data string) string {
	digest := digestBytes([]byte(data))
	if m.contents == nil {
		m.contents = map[string][]byte{}
	}
	m.contents[digest] = []byte(data)
	return digest
}

// witness is the visitors of one search, and then a lookup to which everything holds a secret.
type witness struct {
	everything
	mu   sync.Mutex
	seen map[scan.BlobRef][]byte
}

func (w *witness) Visit(ref scan.BlobRef, data []byte) scan.SkipReason { return w.VisitAll(ref, data) }

func (w *witness) VisitDelta(ref scan.BlobRef, data []byte, _ scan.Delta) scan.SkipReason {
	return w.VisitAll(ref, data)
}

func (w *witness) VisitAll(ref scan.BlobRef, data []byte) scan.SkipReason {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[ref] = bytes.Clone(data)
	return ""
}

func (w *witness) Holds(ref scan.BlobRef) bool { _, ok := w.seen[ref]; return ok }

// Exposed makes every third path one, so that archives and links have places too.
func (w *witness) Exposed(path string, _ assignment.Context) []scan.SecretID {
	if len(path)%3 == 0 {
		return []scan.SecretID{1 << 30}
	}
	return nil
}

// checkTargets searches targets and holds the source to what it promises of any: the counts add up, problems are one line
// each, what was searched has a place and can be read again.
func checkTargets(t *testing.T, o Options, targets ...Target) (*Source, map[string]bool) {
	t.Helper()
	s := New(targets, o)
	s.newFeed = func(n int) *feed {
		f := newFeed(n)
		f.piece, f.seam = 8<<10, 1<<10 // so that small files have pieces too
		return f
	}
	w := &witness{seen: map[scan.BlobRef][]byte{}}
	if err := s.Search(t.Context(), 2, func() scan.Visitor { return w }); err != nil {
		t.Fatal(err)
	}
	placed, paths := map[scan.BlobRef]bool{}, map[string]bool{}
	err := s.Place(t.Context(), w, func(p scan.Placement) {
		placed[p.Blob], paths[p.Path] = true, true
		if p.Path == "" || p.Image == nil || p.Image.Layer > p.Image.Layers || p.Image.GoneIn > p.Image.Layers || p.Image.State == "" {
			t.Errorf("placement %+v in %+v", p, p.Image)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	st := s.Stats()
	for _, ref := range slices.Sorted(maps.Keys(w.seen)) {
		if data, err := s.Content(ref); targets[0].stream == nil && (err != nil || !bytes.Equal(data, w.seen[ref])) {
			t.Errorf("content of blob %d: %.40q, %v; searched %.40q", ref, data, err, w.seen[ref])
		}
		if !placed[ref] && st.Skipped[scan.SkipLimit] == 0 {
			t.Errorf("blob %d has no place: %.40q", ref, w.seen[ref])
		}
	}
	sum := st.Scanned
	for _, n := range st.Skipped {
		sum += n
	}
	if sum != st.Objects || st.Scanned != int64(len(w.seen)) || st.Complete != (st.ProblemCount == 0) {
		t.Errorf("%d searched, stats %+v", len(w.seen), st)
	}
	for _, p := range st.Problems {
		if p.Where == "" || p.Why == "" || strings.ContainsAny(p.Where+p.Why, "\n\r") {
			t.Errorf("problem %+v", p)
		}
	}
	s.Summaries()
	return s, paths
}

// smallLimits make hostile input end soon.
var smallLimits = Limits{Bytes: 4 << 20, Entries: 3000, Depth: 3, Archive: 256 << 10, Git: 64 << 10}

// testTar is a tar archive of names and contents in turn.
func testTar(t testing.TB, list ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(list); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: list[i], Size: int64(len(list[i+1])), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, list[i+1])
	}
	w.Close()
	return b.Bytes()
}

// What refers to an index is about its images.
func TestReferrersOfIndexes(t *testing.T) {
	m := &memory{}
	img := m.put(`{"schemaVersion":2,"config":{},"layers":[]}`)
	index := m.put(`{"manifests":[{"digest":"` + img + `"}]}`)
	about := m.put(`{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.in-toto+json","digest":"` + m.put(`{"said":1}`) + `"}]}`)
	m.first = []root{{"r", descriptor{Digest: index}}}
	m.referring = map[string][]descriptor{index: {{Digest: about}}}
	s, paths := checkTargets(t, Options{}, Target{name: "r", store: m})
	if st := s.Stats(); !st.Complete || !paths[PathAttestation] || st.Scanned != 4 {
		t.Errorf("paths %v, stats %+v", paths, st)
	}
}
