package gitscan_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
)

// TestFilesLeadNowhere: what leads from files in memory to files of the machine is not followed, though the same on disk is.
func TestFilesLeadNowhere(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	im.commit("main", "first", nil, "a=mark-a")
	im.load(t, dir, false)
	all := filesOf(t, dir)
	objects := filepath.Join(dir, "objects")
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(name string, _ []byte) bool { return strings.HasPrefix(name, "objects/") })

	alternates := maps.Clone(own)
	alternates["objects/info/alternates"] = []byte(objects + "\n\"" + objects + "\"\n")
	if res := scanRepo(t, writeFiles(t, alternates), gitscan.Options{}, markRules, 1); len(res.Findings) != 1 || !res.Stats.Complete {
		t.Fatalf("on disk: %v, %q", res.Findings, res.Stats.Problems)
	}
	res := scanFiles(t, alternates, gitscan.Options{}, 1)
	if len(res.Findings) > 0 || len(res.Stats.Problems) != 1 || !strings.Contains(res.Stats.Problems[0].Why, "alternates") {
		t.Errorf("alternates: %v, %q", res.Findings, res.Stats.Problems)
	}
	// Where nothing is missing, it does not matter what others have.
	needless := maps.Clone(all)
	needless["objects/info/alternates"] = []byte(objects + "\n")
	if res := scanFiles(t, needless, gitscan.Options{}, 1); len(res.Findings) != 1 || !res.Stats.Complete {
		t.Errorf("needless alternates: %v, %q", res.Findings, res.Stats.Problems)
	}

	common := map[string][]byte{"HEAD": all["HEAD"], "commondir": []byte(dir + "\n")}
	if res := scanRepo(t, writeFiles(t, common), gitscan.Options{}, markRules, 1); len(res.Findings) != 1 || !res.Stats.Complete {
		t.Fatalf("on disk: %v, %q", res.Findings, res.Stats.Problems)
	}
	if res := scanFiles(t, common, gitscan.Options{}, 1); len(res.Findings) > 0 || len(res.Stats.Problems) != 1 || res.Stats.Problems[0].Where != "commondir" {
		t.Errorf("commondir: %v, %q", res.Findings, res.Stats.Problems)
	}
}

// TestNotTheWorkingDirectory: files in memory have no directory, so whatever was taken from the machine by mistake would
// be of the working directory, which is a repository here.
func TestNotTheWorkingDirectory(t *testing.T) {
	dir := memoryHistory(t, "sha1", storedAs["many packs"])
	writeFile(t, filepath.Join(dir, "shallow"), "zz\n")
	t.Chdir(dir)
	repo := openFiles(t, map[string][]byte{"HEAD": []byte("ref: refs/heads/main\n")}, gitscan.Options{})
	if !repo.Empty() || repo.GitDir() != "" || repo.WorkTree() != "" {
		t.Errorf("empty %v, git directory %q, work tree %q", repo.Empty(), repo.GitDir(), repo.WorkTree())
	}
	if url, revision, _ := repo.Origin(); url != "" || revision != "" {
		t.Errorf("origin %q, %q", url, revision)
	}
	if lines, err := repo.ReadIndex(); len(lines) > 0 {
		t.Errorf("index: %v, %v", lines, err)
	}
	if res := scanSource(t, repo, markRules); res.Stats.Objects > 0 || !res.Stats.Complete {
		t.Errorf("%d objects, problems %q", res.Stats.Objects, res.Stats.Problems)
	}
	if repo.HasFile("HEAD") {
		t.Error("a file of the working directory")
	}
}

// reaching are packages that reach the file system, each with what of it does not.
var reaching = map[string][]string{
	"os":       {"ErrNotExist"},
	"disk":     {"Files", "Memory", "NewMemory", "IsPath"},
	"filepath": {"Join", "Clean", "Rel", "ToSlash", "IsAbs", "Ext", "Base", "Dir", "IsLocal"},
}

// TestThroughDisk: whatever reads a repository's files reads them through package disk. Finding a repository, or a
// configuration, also by what git tells a hook, cloning one, and its work tree are of the file system.
func TestThroughDisk(t *testing.T) {
	direct := []string{"open.go", "dirs.go", "clone.go", "worktree.go", "config.go", "pushenv.go"}
	checked := 0
	for _, pattern := range []string{"*.go", "internal/pack/*.go", "internal/disk/memory.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || slices.Contains(direct, name) {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := sel.X.(*ast.Ident); ok && reaching[x.Name] != nil && x.Obj == nil {
						checked++
						if !slices.Contains(reaching[x.Name], sel.Sel.Name) {
							t.Errorf("%s: %s.%s", name, x.Name, sel.Sel.Name)
						}
					}
				}
				return true
			})
		}
	}
	if checked < 20 {
		t.Errorf("%d uses", checked)
	}
}
