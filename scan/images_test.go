package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rummage/detect/imageref"
)

// fakeFiles are files given one by one.
type fakeFiles struct {
	files    []FileAt
	contents []string
	progress Progress
	stats    Stats
	mu       sync.Mutex
	reads    []int // guarded by mu: contents are read by several workers
}

func (f *fakeFiles) add(content string, at FileAt) {
	i := slices.Index(f.contents, content)
	if i < 0 {
		i = len(f.contents)
		f.contents = append(f.contents, content)
	}
	at.Blob = BlobRef(i)
	f.files = append(f.files, at)
}

func (f *fakeFiles) Each(ctx context.Context, wanted func(string) bool, visit func(FileAt)) error {
	for _, file := range f.files {
		if file.Nameless || wanted(file.Path) {
			visit(file)
		}
	}
	return ctx.Err()
}

func (f *fakeFiles) Read(_ context.Context, b BlobRef) ([]byte, error) {
	f.mu.Lock()
	f.reads = append(f.reads, int(b))
	f.mu.Unlock()
	switch text := f.contents[b]; text {
	case "large":
		return nil, ErrTooLarge
	case "broken":
		return nil, errors.New("is broken")
	default:
		return []byte(text), nil
	}
}

func (f *fakeFiles) BlobID(b BlobRef) string { return fmt.Sprintf("id%d", b) }
func (f *fakeFiles) Stats() Stats            { return f.stats }
func (f *fakeFiles) Progress() *Progress     { return &f.progress }

func showImages(l *ImageList) string {
	var b strings.Builder
	for _, i := range slices.Concat(l.Images, l.Unresolved) {
		fmt.Fprintf(&b, "%s%s %s\n", i.Name, i.Text, i.Unresolved)
		for _, p := range i.Places {
			commit := ""
			if p.Commit != nil {
				commit = p.Commit.ID
			}
			fmt.Fprintf(&b, "  %s:%d:%d-%d:%d %s %s %v %s %s\n", p.Path, p.Line, p.Column, p.EndLine, p.EndColumn, p.Role, p.Blob, p.Refs, commit, p.Note)
		}
	}
	return b.String()
}

func TestImages(t *testing.T) {
	c := func(id string) *Commit { return &Commit{ID: id, Date: time.Unix(0, 0)} }
	f := &fakeFiles{}
	f.add("FROM a:1\n", FileAt{Path: "Dockerfile", Refs: []string{"r1"}})
	f.add("FROM a:1\n", FileAt{Path: "x/Dockerfile", Refs: []string{"r1", "r2"}})
	f.add("FROM a:1\n# more\n", FileAt{Path: "Dockerfile", Refs: []string{"r0", "r2"}})
	f.add("\nFROM a:1\n", FileAt{Path: "Dockerfile", Refs: []string{"r3"}})
	f.add("FROM a:1\n", FileAt{Path: "notes.txt"})
	f.add("services:\n  s:\n    image: b:${T}\n", FileAt{Path: "any.yml"})
	f.add("services:\n  s:\n    build: .\n    image: c:1\n", FileAt{Path: "compose.yml"})
	f.add("a: {image: no:1}\n", FileAt{Path: "other.yml"})
	f.add("apiVersion: v1\nkind: Pod\nspec: {image: k:1}\n", FileAt{Path: "<stdin>", Nameless: true, Note: "n"})
	l, err := Images(t.Context(), f, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := `docker.io/library/a:1 
  Dockerfile:1:6-1:9 from id0 [r0 r1 r2]  
  Dockerfile:2:6-2:9 from id2 [r3]  
  x/Dockerfile:1:6-1:9 from id0 [r1 r2]  
docker.io/library/c:1 
  compose.yml:4:12-4:15 built id4 []  
docker.io/library/k:1 
  <stdin>:3:15-3:18 kubernetes id6 []  n
b:${T} variable T has no value
  any.yml:3:12-3:18 service id3 []  
`
	if got := showImages(l); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if !l.Images[1].BuiltOnly() || l.Images[0].BuiltOnly() || l.Images[0].Places[0].Role != imageref.From {
		t.Error("built only is told wrongly")
	}
	if s := l.Stats; !s.Complete || s.Scanned != 7 || s.Objects != 7 || s.Structured["dockerfile"] != 3 || s.Structured["compose"] != 2 {
		t.Errorf("%+v", s)
	}
	if len(f.reads) != 7 {
		t.Errorf("contents were read as %v", f.reads)
	}

	h := &fakeFiles{}
	h.add("FROM a:1\n", FileAt{Path: "Dockerfile", Commit: c("1"), Refs: []string{}})
	h.add("\nFROM a:1\n", FileAt{Path: "Dockerfile", Commit: c("2"), Refs: []string{}})
	h.add("\n\nFROM a:1\n", FileAt{Path: "Dockerfile", Commit: c("3"), Refs: []string{"main"}})
	h.add("FROM old:1\n", FileAt{Path: "Dockerfile", Commit: c("4"), Refs: []string{}})
	h.add("\nFROM old:1\n", FileAt{Path: "Dockerfile", Commit: c("5"), Refs: []string{}, Note: "note"})
	h.add("FROM same:1\n", FileAt{Path: "Dockerfile", Commit: c("6"), Refs: []string{}, Note: "note"})
	h.add("FROM same:1\n# x", FileAt{Path: "Dockerfile", Commit: c("7"), Refs: []string{"b"}})
	if l, err = Images(t.Context(), h, 1); err != nil {
		t.Fatal(err)
	}
	want = `docker.io/library/a:1 
  Dockerfile:3:6-3:9 from id2 [main] 1 
docker.io/library/old:1 
  Dockerfile:1:6-1:11 from id3 [] 4 
docker.io/library/same:1 
  Dockerfile:1:6-1:12 from id6 [b] 6 
`
	if got := showImages(l); got != want {
		t.Errorf("history: got:\n%s\nwant:\n%s", got, want)
	}
}

func TestImagesNotRead(t *testing.T) {
	f := &fakeFiles{stats: Stats{ProblemCount: 1, Problems: []Problem{{"tree", "gone"}}, Notices: []string{"n"}}}
	for i, text := range []string{"large", "broken", "FROM a:1\x00", "FROM \xff\xfea:1\n", "\xff\xfeF\x00R\x00O\x00M\x00 \x00u\x00:\x001\x00", "FROM a:1\nBAD x\n"} {
		f.add(text, FileAt{Path: fmt.Sprintf("%d/Dockerfile", i)})
	}
	l, err := Images(t.Context(), f, 2)
	if err != nil {
		t.Fatal(err)
	}
	s := l.Stats
	if s.Complete || s.ProblemCount != 2 || s.Objects != 6 || s.Scanned != 3 || s.Skipped[SkipTooLarge] != 1 || s.Skipped[SkipUnreadable] != 1 ||
		s.Skipped[SkipBinary] != 1 || s.NotUnderstood != 1 || len(s.Notices) != 2 {
		t.Errorf("%+v", s)
	}
	if want := "1/Dockerfile: cannot be read: is broken"; s.Problems[1].Where+": "+s.Problems[1].Why != want {
		t.Errorf("%+v", s.Problems)
	}
	if len(l.Images) != 2 || len(l.Unresolved) != 1 {
		t.Error(showImages(l))
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err = Images(ctx, f, 1); err != nil || !l.Stats.Interrupted || l.Stats.Complete {
		t.Errorf("interrupted: %v, %+v", err, l)
	}
}
