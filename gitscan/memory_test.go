package gitscan_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
	"rummage/scan/scantest"
)

// filesOf reads all files of a git directory into memory.
func filesOf(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = readFile(t, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// writeFiles makes a git directory of files.
func writeFiles(t testing.TB, files map[string][]byte) (dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir()) // as names of object directories are told
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"objects", "refs"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		writeFile(t, filepath.Join(dir, filepath.FromSlash(name)), string(data))
	}
	return dir
}

func openFiles(t testing.TB, files map[string][]byte, o gitscan.Options) *gitscan.Repo {
	t.Helper()
	repo, err := gitscan.OpenFiles(files, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

func scanFiles(t testing.TB, files map[string][]byte, o gitscan.Options, workers int) *scan.Result {
	t.Helper()
	res, err := scan.Run(t.Context(), openFiles(t, files, o), parseRules(t, markRules), workers)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// memoryHistory makes a repository with a bit of everything: two histories, of which some commits have lost their refs,
// packed as wanted; then tags of a commit and of a blob, packed refs and loose ones, a HEAD that is detached, the head of
// a linked worktree, and an index with what is in no commit.
func memoryHistory(t *testing.T, format string, store func(*testing.T, string)) (gitDir string) {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "-b", "main", "--object-format="+format)
	var im importer
	text := "first line\n"
	for i := range 25 {
		text += fmt.Sprintf("line %d\nmark-%c\n", i, 'a'+i%6)
		var parents []int
		if i > 0 {
			parents = []int{i}
		}
		im.commit("main", fmt.Sprintf("commit %d", i), parents, "file="+text, fmt.Sprintf("dir/%d=%s", i, text[len(text)/2:]))
	}
	im.tag("v1", "mark-f in a tag", 20)
	im.load(t, dir, false)
	noRef := strings.Repeat("0", len(strings.TrimSpace(git(t, dir, nil, "rev-parse", "main"))))
	history := bytes.ReplaceAll(randomHistory(rand.New(rand.NewPCG(3, 4)), 30), []byte(strings.Repeat("0", 40)), []byte(noRef))
	git(t, dir, history, "-c", "fastimport.unpackLimit=100000", "fast-import", "--quiet", "--force")
	gitDir = filepath.Join(dir, ".git")
	store(t, gitDir)
	git(t, dir, nil, "pack-refs", "--all")
	git(t, dir, nil, "update-ref", "refs/heads/loose", "main~3")
	git(t, dir, nil, "tag", "blob", "main:dir/3")
	git(t, dir, nil, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/loose")
	git(t, dir, nil, "checkout", "-q", "--detach", "main~2")
	git(t, dir, nil, "worktree", "add", "-q", "--detach", filepath.Join(t.TempDir(), "linked"), "main~4")
	writeFile(t, filepath.Join(dir, "staged"), "mark-e\n")
	git(t, dir, nil, "add", "staged")
	git(t, dir, nil, "config", "remote.origin.url", "https://git.example.com/a.git")
	return gitDir
}

// TestFilesAgainstDisk: what is found in a repository, and what is counted, is the same from its files in memory, in
// whatever way it is stored, and also when its packs have lost their indexes.
func TestFilesAgainstDisk(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		for name, store := range storedAs {
			if format == "sha256" && name != "loose" && name != "ref deltas" || racing && (format == "sha256" || name != "loose" && name != "depth 50") {
				continue
			}
			t.Run(format+" "+name, func(t *testing.T) {
				dir := memoryHistory(t, format, store)
				files := filesOf(t, dir)
				want := scanRepo(t, dir, gitscan.Options{}, markRules, 1)
				if len(want.Findings) != 6 || !want.Stats.Complete {
					t.Fatalf("%d findings, problems %v", len(want.Findings), want.Stats.Problems)
				}
				compareResults(t, scanFiles(t, files, gitscan.Options{}, 1), want)
				compareFindings(t, scanFiles(t, files, gitscan.Options{}, 3).Findings, want.Findings)
				o := gitscan.Options{NoUnreachable: true, Since: "main~9"}
				compareResults(t, scanFiles(t, files, o, 1), scanRepo(t, dir, o, markRules, 1))
				compareStaged(t, dir, files)
				if lone := withoutIndexes(files); len(lone) < len(files) {
					compareResults(t, scanFiles(t, lone, gitscan.Options{}, 1), want)
				} else if name != "loose" {
					t.Error("there is no pack")
				}
			})
		}
	}
}

func compareResults(t *testing.T, got, want *scan.Result) {
	t.Helper()
	compareFindings(t, got.Findings, want.Findings)
	a, b := got.Stats, want.Stats
	a.Seconds, b.Seconds = 0, 0
	if !reflect.DeepEqual(a, b) {
		t.Errorf("statistics differ:\n got %+v\nwant %+v", a, b)
	}
}

// compareStaged compares what of a repository does not come from its history.
func compareStaged(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	onDisk, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer onDisk.Close()
	var results []*scan.Result
	var origins []string
	for _, repo := range []*gitscan.Repo{onDisk, openFiles(t, files, gitscan.Options{})} {
		staged, err := repo.Staged()
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, scanSource(t, staged, markRules))
		url, revision, branch := repo.Origin()
		origins = append(origins, fmt.Sprint(url, " ", revision, " ", branch))
	}
	compareResults(t, results[1], results[0])
	if len(results[0].Findings) != 1 {
		t.Errorf("staged: %v", results[0].Findings)
	}
	if origins[0] != origins[1] || !strings.HasPrefix(origins[0], "https") {
		t.Errorf("origins: %q", origins)
	}
}

// withoutIndexes leaves out the indexes of packs, and what else says what packs hold.
func withoutIndexes(files map[string][]byte) map[string][]byte {
	rest := maps.Clone(files)
	maps.DeleteFunc(rest, func(name string, _ []byte) bool {
		return strings.HasPrefix(name, "objects/pack/") && !strings.HasSuffix(name, ".pack")
	})
	return rest
}

func TestFilesSource(t *testing.T) {
	loose, packed := filesOf(t, fixture(t, false)), filesOf(t, fixture(t, true))
	for name, files := range map[string]map[string][]byte{"loose": loose, "packed": packed, "without an index": withoutIndexes(packed)} {
		t.Run(name, func(t *testing.T) {
			scantest.Source(t, scantest.Fixture{
				Open: func(t *testing.T) scan.Source {
					return openFiles(t, files, gitscan.Options{MaxBlob: 100})
				},
				Blobs:    allBlobs,
				Messages: allMessages,
				Skipped:  map[scan.SkipReason]int64{scan.SkipTooLarge: 1},
				Places:   map[string][]string{"old a": {"a"}, "file b": {"dir/b"}, "lost file": {"lost"}, "tag": {""}},
			})
		})
	}
}

// oneFile is the name of a file by its beginning and end.
func oneFile(t *testing.T, files map[string][]byte, prefix, suffix string) string {
	t.Helper()
	for name := range files {
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
			return name
		}
	}
	t.Fatalf("no file %s…%s", prefix, suffix)
	return ""
}

// hostileConfig names many a thing outside.
const hostileConfig = "[core]\n\trepositoryformatversion = 1\n\tworktree = /\n\thooksPath = /etc\n\tfsmonitor = /bin/false\n" +
	"[include]\n\tpath = /etc/gitconfig\n\tpath = ../../x\n[includeIf \"gitdir:/\"]\n\tpath = /x\n[extensions]\n\tworktreeConfig = true\n\tobjectFormat = sha1\n"

// broken are ways in which files can be damaged or made up. Some need a pack, as the files given have.
var broken = map[string]func(t *testing.T, files map[string][]byte){
	"truncated pack": func(t *testing.T, f map[string][]byte) {
		name := oneFile(t, f, "objects/pack/", ".pack")
		f[name] = f[name][:len(f[name])/2]
	},
	"no pack":         func(t *testing.T, f map[string][]byte) { delete(f, oneFile(t, f, "objects/pack/", ".pack")) },
	"empty pack":      func(t *testing.T, f map[string][]byte) { f[oneFile(t, f, "objects/pack/", ".pack")] = nil },
	"garbage index":   func(t *testing.T, f map[string][]byte) { f[oneFile(t, f, "objects/pack/", ".idx")] = []byte("x") },
	"garbage HEAD":    func(t *testing.T, f map[string][]byte) { f["HEAD"] = []byte("\x00\xffgarbage") },
	"large HEAD":      func(t *testing.T, f map[string][]byte) { f["HEAD"] = make([]byte, 1<<20) },
	"HEAD elsewhere":  func(t *testing.T, f map[string][]byte) { f["HEAD"] = []byte("ref: ../../../etc/passwd\n") },
	"garbage ref":     func(t *testing.T, f map[string][]byte) { f["refs/heads/x/y"] = []byte("zz\n") },
	"dangling ref":    func(t *testing.T, f map[string][]byte) { f["refs/heads/x/y"] = []byte(strings.Repeat("12", 20) + "\n") },
	"a lock":          func(t *testing.T, f map[string][]byte) { f["refs/heads/x.lock"] = []byte("zz\n") },
	"packed refs":     func(t *testing.T, f map[string][]byte) { f["packed-refs"] = []byte("# x\nzz refs/heads/main\n\n") },
	"shallow":         func(t *testing.T, f map[string][]byte) { f["shallow"] = []byte("zz\n") },
	"garbage staged":  func(t *testing.T, f map[string][]byte) { f["index"] = []byte("DIRC") },
	"garbage loose":   func(t *testing.T, f map[string][]byte) { f["objects/12/"+strings.Repeat("3", 38)] = []byte("x") },
	"a file for 256":  func(t *testing.T, f map[string][]byte) { f["objects/ab"] = []byte("x") },
	"a file for many": func(t *testing.T, f map[string][]byte) { f["worktrees"] = []byte("x") },
	"worktree's head": func(t *testing.T, f map[string][]byte) {
		f["worktrees/x/HEAD"], f["worktrees/y/gitdir"], f["worktrees/z"] = []byte("zz"), []byte("/"), nil
	},
	"hostile config": func(t *testing.T, f map[string][]byte) { f["config"] = []byte(hostileConfig) },
	"no config":      func(t *testing.T, f map[string][]byte) { delete(f, "config") },
	"broken config":  func(t *testing.T, f map[string][]byte) { f["config"] = []byte("[core\n") },
	"newer format":   func(t *testing.T, f map[string][]byte) { f["config"] = []byte("[core]\nrepositoryformatversion=2\n") },
	"other extension": func(t *testing.T, f map[string][]byte) {
		f["config"] = []byte("[core]\nrepositoryformatversion=1\n[extensions]\nx\n")
	},
	"reftable":   func(t *testing.T, f map[string][]byte) { f["config"] = []byte("[extensions]\nrefStorage=reftable\n") },
	"wrong hash": func(t *testing.T, f map[string][]byte) { f["config"] = []byte("[extensions]\nobjectFormat=sha256\n") },
}

// TestBrokenFiles: what is broken is told as it is of the same files on disk.
func TestBrokenFiles(t *testing.T) {
	whole := filesOf(t, fixture(t, true))
	for name, spoil := range broken {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(whole)
			spoil(t, files)
			dir := writeFiles(t, files)
			// Places and reasons as they are told of files in memory.
			tell := func(text string) string {
				return strings.NewReplacer(dir+string(filepath.Separator), "", "no such file or directory", "file does not exist", "readdirent", "open").Replace(text)
			}
			onDisk, wantErr := gitscan.Open(dir, gitscan.Options{})
			inMemory, err := gitscan.OpenFiles(files, gitscan.Options{})
			if wantErr != nil {
				if err == nil || err.Error() != tell(wantErr.Error()) {
					t.Fatalf("%v, want %s", err, tell(wantErr.Error()))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer onDisk.Close()
			defer inMemory.Close()
			want, got := scanSource(t, onDisk, markRules), scanSource(t, inMemory, markRules)
			compareFindings(t, got.Findings, want.Findings)
			for i := range want.Stats.Problems {
				p := &want.Stats.Problems[i]
				p.Where, p.Why = tell(p.Where), tell(p.Why)
			}
			slices.SortFunc(want.Stats.Problems, func(a, b scan.Problem) int { return strings.Compare(a.Where, b.Where) })
			if !reflect.DeepEqual(got.Stats.Problems, want.Stats.Problems) || got.Stats.ProblemCount != want.Stats.ProblemCount {
				t.Errorf("problems differ:\n got %q\nwant %q", got.Stats.Problems, want.Stats.Problems)
			}
			harmless := name == "hostile config" || name == "no config" || name == "a lock" || name == "a file for many" || name == "HEAD elsewhere"
			if got.Stats.Complete != harmless {
				t.Errorf("complete %v, problems %q", got.Stats.Complete, got.Stats.Problems)
			}
		})
	}
}

// TestLonePackBroken: a pack that neither has an index nor can get one is a problem.
func TestLonePackBroken(t *testing.T) {
	files := withoutIndexes(filesOf(t, fixture(t, true)))
	name := oneFile(t, files, "objects/pack/", ".pack")
	whole := files[name]
	for cut := range len(whole) {
		files[name] = whole[:cut]
		res := scanFiles(t, files, gitscan.Options{}, 1)
		if res.Stats.Complete || !strings.Contains(fmt.Sprint(res.Stats.Problems), name) {
			t.Errorf("cut at %d: %q", cut, res.Stats.Problems)
		}
	}
	files[name] = whole
	if res := scanFiles(t, files, gitscan.Options{}, 1); !res.Stats.Complete {
		t.Error(res.Stats.Problems)
	}
}

// TestParts: what there is of a repository is read.
func TestParts(t *testing.T) {
	whole := filesOf(t, fixture(t, true))
	for keep, complete := range map[string]bool{"": false, "HEAD": true, "objects/": false, "refs/": false, "packed-refs": false} {
		files := maps.Clone(whole)
		files["packed-refs"] = []byte("# pack-refs\n")
		maps.DeleteFunc(files, func(name string, _ []byte) bool { return keep == "" || !strings.HasPrefix(name, keep) })
		repo, err := gitscan.OpenFiles(files, gitscan.Options{})
		if keep == "" {
			if !errors.Is(err, gitscan.ErrNotRepository) {
				t.Errorf("no files: %v", err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", keep, err)
			continue
		}
		if res := scanSource(t, repo, markRules); res.Stats.Complete != complete {
			t.Errorf("%s: complete %v, %q", keep, res.Stats.Complete, res.Stats.Problems)
		}
		_ = repo.Close()
	}
	files := maps.Clone(whole)
	files["../HEAD"], files["/etc/passwd"], files["objects//x"], files[strings.Repeat("a/", 1<<20)+"a"] = nil, nil, nil, nil
	if res := scanFiles(t, files, gitscan.Options{}, 1); res.Stats.ProblemCount != 4 {
		t.Errorf("names that are no paths: %q", res.Stats.Problems)
	}
}
