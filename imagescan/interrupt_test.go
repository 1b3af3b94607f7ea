package imagescan_test

import (
	"context"
	"testing"
	"time"

	"rummage/detect/assignment"
	"rummage/imagescan"
	"rummage/scan"
)

// stopped is a repository whose search the user stops.
type stopped struct {
	scan.Source
	stop func()
}

func (s stopped) Search(ctx context.Context, _ int, open func() scan.Visitor) error {
	open().Visit(0, []byte("a "+secret(2)))
	s.stop()
	return ctx.Err()
}

func (s stopped) Place(_ context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	for _, id := range l.At(0, "in", nil) {
		emit(scan.Placement{Path: "in", Secret: id})
	}
	return nil
}
func (stopped) BlobID(scan.BlobRef) string { return "" }
func (stopped) Stats() scan.Stats          { return scan.Stats{} }

// An interrupt while a repository in an image is searched loses nothing that was found.
func TestInterruptInRepository(t *testing.T) {
	img := newImage(t).layer("", item{name: "a", data: secret(1)}, item{name: "p/.git/HEAD", data: "ref: refs/heads/x"},
		item{name: "q/.git/HEAD", data: "ref: refs/heads/y"})
	target, err := imagescan.OpenPath(layoutOf(t, img))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	src := imagescan.New([]imagescan.Target{target}, imagescan.Options{OpenGit: func(map[string][]byte) (scan.Source, error) {
		return stopped{stop: cancel}, nil
	}})
	defer src.Close()
	res, err := scan.Run(ctx, src, testDetector(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Stats.Interrupted || res.Stats.Complete {
		t.Errorf("stats %+v", res.Stats)
	}
	wantPlaces(t, res, "1 /a:1 in 1", "2 /p/.git!/in:1 in 1")
}

// What is read again while places are told is not read when the time for that is over.
func TestContentAfterTimeout(t *testing.T) {
	text := "FROM x\n" + string(make([]byte, 300<<10)) + secret(1) // too large to be kept
	target, err := imagescan.OpenPath(layoutOf(t, newImage(t).layer("", item{name: "Dockerfile", data: text})))
	if err != nil {
		t.Fatal(err)
	}
	src := imagescan.New([]imagescan.Target{target}, imagescan.Options{})
	defer src.Close()
	var found scan.BlobRef
	if err := src.Search(t.Context(), 1, func() scan.Visitor { return refOf{&found} }); err != nil {
		t.Fatal(err)
	}
	if data, err := src.Content(found); err != nil || string(data) != text {
		t.Fatalf("content of %d bytes, %v", len(data), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	if err := src.Place(ctx, nothing{}, func(scan.Placement) {}); err == nil {
		t.Error("placed")
	}
	if _, err := src.Content(found); err == nil {
		t.Error("it is read again")
	}
}

// refOf remembers the largest blob.
type refOf struct{ found *scan.BlobRef }

func (v refOf) Visit(ref scan.BlobRef, data []byte) scan.SkipReason { return v.VisitAll(ref, data) }
func (v refOf) VisitDelta(ref scan.BlobRef, data []byte, _ scan.Delta) scan.SkipReason {
	return v.VisitAll(ref, data)
}
func (v refOf) VisitAll(ref scan.BlobRef, data []byte) scan.SkipReason {
	if len(data) > 256<<10 {
		*v.found = ref
	}
	return ""
}

// nothing is a lookup of nothing.
type nothing struct{ scan.Lookup }

func (nothing) Holds(scan.BlobRef) bool                            { return false }
func (nothing) Named(string) bool                                  { return false }
func (nothing) At(scan.BlobRef, string, scan.Tree) []scan.SecretID { return nil }
func (nothing) Exposed(string, assignment.Context) []scan.SecretID { return nil }
