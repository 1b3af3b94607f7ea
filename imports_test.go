package rummage_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers says which of our packages each folder may import, itself and what is below it aside. It is the architecture:
// cmd → sweep → gitscan, imagescan, filescan → scan → detect, and report → scan.
var layers = map[string][]string{
	".":          {},
	"cmd":        {".", "detect", "scan", "gitscan", "imagescan", "filescan", "report", "hook", "sweep"},
	"gitscan":    {"scan"},
	"imagescan":  {"scan", "detect"},
	"filescan":   {"scan"},
	"scan":       {"detect"},
	"hook":       {"gitscan", "scan", "detect", "report"},
	"report":     {"scan"},
	"sweep":      {"gitscan", "imagescan", "scan", "detect", "report"},
	"detect":     {},
	"benchmarks": {"detect", "sweep"},
}

// pure are folders that reach no operating system, network, log, path or git.
var pure = map[string]bool{"detect": true}

var impure = []string{"os", "net", "log", "path", "syscall", "io/fs", "io/ioutil", "runtime/debug", "github.com/go-git/go-git"}

// TestImports parses every import of the tree, tests aside, in process: a run of go list would be cached.
func TestImports(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "oracle") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		checked++
		for _, imp := range f.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			checkImport(t, filepath.ToSlash(file), name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 50 {
		t.Fatalf("only %d files were checked", checked)
	}
}

func checkImport(t *testing.T, file, name string) {
	t.Helper()
	folder := topOf(path.Dir(file))
	allowed, known := layers[folder]
	if !known {
		t.Errorf("%s: the folder %s has no place in the layers", file, folder)
		return
	}
	if rel, ours := strings.CutPrefix(name+"/", "rummage/"); ours {
		checkSweep(t, file, strings.TrimSuffix(rel, "/"))
		checkHook(t, file, strings.TrimSuffix(rel, "/"))
		to := topOf(strings.TrimSuffix(rel, "/"))
		if to == folder {
			return
		}
		for _, a := range allowed {
			if a == to {
				return
			}
		}
		t.Errorf("%s imports %s: %s may not know %s", file, name, folder, to)
		return
	}
	if !pure[folder] {
		return
	}
	for _, bad := range impure {
		if name == bad || strings.HasPrefix(name, bad+"/") {
			t.Errorf("%s imports %s: %s reaches nothing outside the program", file, name, folder)
		}
	}
}

// sweepParts are the packages under sweep that know neither each other nor anything else of ours; sweep joins them.
var sweepParts = map[string]bool{"store": true, "jobs": true, "forge": true, "mirror": true, "notify": true, "metrics": true, "seal": true}

func checkSweep(t *testing.T, file, to string) {
	t.Helper()
	from, below := strings.CutPrefix(path.Dir(file), "sweep/")
	part, _, _ := strings.Cut(from, "/")
	if !below || !sweepParts[part] || strings.HasPrefix(to, "sweep/internal/") {
		return
	}
	if own := "sweep/" + part; to != own && !strings.HasPrefix(to, own+"/") {
		t.Errorf("%s imports %s: the parts of a sweep know nothing of ours", file, to)
	}
}

// checkHook holds the program for hooks to what hooks need: each push starts it.
func checkHook(t *testing.T, file, to string) {
	t.Helper()
	if !strings.HasPrefix(file, "cmd/rummage-hook/") && !strings.HasPrefix(file, "cmd/internal/hookcmd/") {
		return
	}
	for _, large := range []string{"sweep", "imagescan", "filescan", "gitscan/remote"} {
		if to == large || strings.HasPrefix(to, large+"/") {
			t.Errorf("%s imports %s: a hook has no use for it", file, to)
		}
	}
}

func topOf(dir string) string {
	if dir == "" {
		return "."
	}
	top, _, _ := strings.Cut(dir, "/")
	return top
}

// TestPackageDocs: every package says what it is for.
func TestPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "oracle") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		dir := filepath.Dir(file)
		documented[dir] = documented[dir] || f.Doc != nil && len(f.Doc.Text()) > 60
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: the package has no doc", dir)
		}
	}
}
