package hook

import (
	"context"
	"testing"
	"time"

	"rummage/detect"
	"rummage/scan"
)

// stuck is a source whose search ends when the test does, or in panic.
type stuck struct {
	end      chan struct{}
	panics   bool
	progress scan.Progress
}

func (s *stuck) Search(context.Context, int, func() scan.Visitor) error {
	if s.panics {
		panic("it quotes what was searched")
	}
	<-s.end
	return nil
}
func (s *stuck) Place(context.Context, scan.Lookup, func(scan.Placement)) error { return nil }
func (s *stuck) Content(scan.BlobRef) ([]byte, error)                           { return nil, nil }
func (s *stuck) BlobID(scan.BlobRef) string                                     { return "" }
func (s *stuck) Stats() scan.Stats                                              { return scan.Stats{Complete: true} }
func (s *stuck) Progress() *scan.Progress                                       { return &s.progress }

// TestBounded: a search that does not end when it is told to is left alone, one that takes far too much memory at once; a panic is
// a fault that says nothing.
func TestBounded(t *testing.T) {
	rules, err := detect.Parse("none", []byte("[[rules]]\nid = \"a\"\ndescription = \"a\"\nregex = \"a\"\nkeywords = [\"a\"]\n"), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	det := detect.New(rules)
	for _, c := range []struct {
		name    string
		memory  uint64
		time    time.Duration
		panics  bool
		what    string
		running bool
	}{
		{"memory", 1 << 40, time.Hour, false, eventMemory, true},
		{"time", 0, time.Nanosecond, false, eventTimeout, true},
		{"panic", 0, time.Hour, true, eventError, false},
	} {
		src := &stuck{end: make(chan struct{}), panics: c.panics}
		policy := DefaultPolicy()
		policy.Time = c.time
		p := &push{Receiver: &Receiver{Policy: policy, Workers: 1, memory: func() uint64 { return c.memory }}}
		res, f := p.bounded(t.Context(), time.Now().Add(c.time), src, det)
		if res != nil || f == nil || f.what != c.what || f.running != c.running || c.panics && f.why != "internal error" {
			t.Errorf("%s: %+v, %+v", c.name, res, f)
		}
		close(src.end)
	}
}
