package filescan_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"rummage/filescan"
	"rummage/scan"
	"rummage/scan/scantest"
)

// tree makes files below a new directory: names with slashes, contents.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func open(t *testing.T, paths []string, o filescan.Options) scan.Source {
	t.Helper()
	s, err := filescan.Open(paths, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSource(t *testing.T) {
	root := tree(t, map[string]string{
		"a": "file a", "dir/b": "file b", "dir/sub/c": "file c", "dir/.hidden": "hidden", "dir/.gitignore": "*",
		"dir/.git/config": "git", "linked/.git": "gitdir: elsewhere", "binary": "bin\x00ary", "empty": "",
		"large": strings.Repeat("x", 101), "just": strings.Repeat("y", 100),
	})
	if err := os.Symlink("a", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.ToSlash(filepath.Join(root, name)) }
	scantest.Source(t, scantest.Fixture{
		Open:    func(t *testing.T) scan.Source { return open(t, []string{root}, filescan.Options{MaxFile: 100}) },
		Blobs:   []string{"file a", "file b", "file c", "hidden", "*", "bin\x00ary", "", strings.Repeat("y", 100)},
		Skipped: map[scan.SkipReason]int64{scan.SkipTooLarge: 1},
		Places:  map[string][]string{"file a": {at("a")}, "file c": {at("dir/sub/c")}},
	})
}

// TestSourceOfGivenFiles: List, as for a work tree. A file that is gone makes the scan incomplete.
func TestSourceOfGivenFiles(t *testing.T) {
	root := tree(t, map[string]string{"a": "file a", "dir/b": "file b"})
	scantest.Source(t, scantest.Fixture{
		Open: func(t *testing.T) scan.Source {
			return filescan.List(root, []string{"a", "dir/b", "gone"}, filescan.Options{})
		},
		Blobs:      []string{"file a", "file b"},
		Skipped:    map[scan.SkipReason]int64{scan.SkipMissing: 1},
		Places:     map[string][]string{"file a": {"a"}, "file b": {"dir/b"}},
		Incomplete: true,
	})
}

func TestStdin(t *testing.T) {
	root := tree(t, map[string]string{"a": "file a"})
	for name, in := range map[string]func() io.Reader{
		"whole":       func() io.Reader { return strings.NewReader("from stdin") },
		"byte by one": func() io.Reader { return iotest.OneByteReader(strings.NewReader("from stdin")) },
		"data at end": func() io.Reader { return iotest.DataErrReader(strings.NewReader("from stdin")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, []string{filescan.Stdin, filepath.Join(root, "a")}, filescan.Options{Stdin: in()})
			got := search(t, s)
			slices.Sort(got)
			if want := []string{"file a", "from stdin"}; !slices.Equal(got, want) {
				t.Errorf("searched %q", got)
			}
			if st := s.Stats(); !st.Complete || st.Scanned != 2 {
				t.Errorf("stats: %+v", st)
			}
		})
	}
}

// TestUnreadable: what cannot be read is named and makes the scan incomplete; the rest is searched.
func TestUnreadable(t *testing.T) {
	root := tree(t, map[string]string{"a": "file a"})
	failing := iotest.ErrReader(errors.New("the cable is cut"))
	for name, c := range map[string]struct {
		in   io.Reader
		want scan.Problem
		skip map[scan.SkipReason]int64
	}{
		"error":          {failing, scan.Problem{Where: "<stdin>", Why: "the cable is cut"}, map[scan.SkipReason]int64{scan.SkipUnreadable: 1}},
		"error at last":  {io.MultiReader(strings.NewReader("begins"), failing), scan.Problem{Where: "<stdin>", Why: "the cable is cut"}, map[scan.SkipReason]int64{scan.SkipUnreadable: 1}},
		"no stdin":       {nil, scan.Problem{Where: "<stdin>", Why: "there is no standard input"}, map[scan.SkipReason]int64{scan.SkipUnreadable: 1}},
		"without an end": {endless{}, scan.Problem{}, map[scan.SkipReason]int64{scan.SkipTooLarge: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, []string{filescan.Stdin, filepath.Join(root, "a")}, filescan.Options{Stdin: c.in, MaxFile: 1 << 16})
			if got := search(t, s); !slices.Equal(got, []string{"file a"}) {
				t.Errorf("searched %.40q", got)
			}
			st := s.Stats()
			for reason, n := range c.skip {
				if st.Skipped[reason] != n {
					t.Errorf("skipped: %v, want %v", st.Skipped, c.skip)
				}
			}
			if c.want.Where == "" {
				if !st.Complete {
					t.Errorf("problems: %v", st.Problems)
				}
			} else if st.Complete || !slices.Equal(st.Problems, []scan.Problem{c.want}) {
				t.Errorf("problems: %v", st.Problems)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestManyProblems: ten are named, in order, whichever worker came first; all are counted.
func TestManyProblems(t *testing.T) {
	var names []string
	for i := range 40 {
		names = append(names, string(rune('a'+i%26))+strings.Repeat("x", i/26))
	}
	s := filescan.List(t.TempDir(), names, filescan.Options{})
	search(t, s)
	st := s.Stats()
	if st.ProblemCount != 40 || len(st.Problems) != 10 || st.Skipped[scan.SkipMissing] != 40 {
		t.Errorf("stats: %+v", st)
	}
	slices.Sort(names)
	for i, p := range st.Problems {
		if p.Where != names[i] {
			t.Errorf("problem %d is %v, want %s", i, p, names[i])
		}
	}
}

func TestOpenMissing(t *testing.T) {
	if _, err := filescan.Open([]string{filepath.Join(t.TempDir(), "nowhere")}, filescan.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error: %v", err)
	}
}

// search gives the contents that one worker sees, in order.
func search(t *testing.T, s scan.Source) (texts []string) {
	t.Helper()
	err := s.Search(t.Context(), 1, func() scan.Visitor {
		return visit(func(_ scan.BlobRef, data []byte) scan.SkipReason {
			texts = append(texts, string(data))
			return ""
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

type visit func(scan.BlobRef, []byte) scan.SkipReason

func (v visit) Visit(ref scan.BlobRef, data []byte) scan.SkipReason { return v(ref, data) }

func (v visit) VisitAll(ref scan.BlobRef, data []byte) scan.SkipReason { return v(ref, data) }

func (v visit) VisitDelta(_ scan.BlobRef, data []byte, _ scan.Delta) scan.SkipReason {
	return v(0, data)
}
