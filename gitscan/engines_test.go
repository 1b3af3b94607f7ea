package gitscan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/detect/example"
	"rummage/gitscan"
	"rummage/scan"
)

// families writes a history of files whose versions are edits of each other, full of what rules find and nearly find.
type families struct {
	r     *rand.Rand
	rules []*detect.Rule
	files map[string][]string // lines
}

func (f *families) line() string {
	switch n := f.r.IntN(24); {
	case n < 3:
		rule := f.rules[f.r.IntN(len(f.rules))]
		if len(rule.Examples) == 0 {
			return "password"
		}
		text, err := example.Expand(rule.Examples[f.r.IntN(len(rule.Examples))], f.r.Uint64())
		if err != nil {
			panic(err)
		}
		switch n {
		case 0:
			return text + []string{"", "", " # rummage:allow for a test"}[f.r.IntN(3)]
		case 1:
			return text[:f.r.IntN(len(text)+1)]
		}
		at := f.r.IntN(len(text) + 1)
		return text[:at] + "\n" + text[at:]
	case n < 5:
		return `  api_key: "` + strings.Repeat("x", f.r.IntN(30))
	}
	return fmt.Sprintf("the key of line %d opens no door, token or not; %s", f.r.IntN(50), strings.Repeat("word ", f.r.IntN(12)))
}

// edit changes a file: lines come, go, and move in blocks, and single bytes change.
func (f *families) edit(lines []string) []string {
	lines = slices.Clone(lines)
	for range 1 + f.r.IntN(4) {
		at := f.r.IntN(len(lines) + 1)
		switch f.r.IntN(5) {
		case 0, 1:
			lines = slices.Insert(lines, at, f.line())
		case 2:
			if at < len(lines) {
				lines = slices.Delete(lines, at, min(len(lines), at+1+f.r.IntN(3)))
			}
		case 3:
			block := slices.Clone(lines[at:min(len(lines), at+f.r.IntN(20))])
			lines = slices.Insert(lines, f.r.IntN(len(lines)+1), block...)
		default:
			if at < len(lines) && len(lines[at]) > 0 {
				i := f.r.IntN(len(lines[at]))
				lines[at] = lines[at][:i] + "=" + lines[at][i+f.r.IntN(2):]
			}
		}
	}
	return lines[:min(len(lines), 400)]
}

func (f *families) write(im *importer, commits int) {
	names := []string{"a.go", "conf/b.yml", "Dockerfile", "compose.yaml", ".env", "c.txt"}
	for _, n := range names {
		for range 60 {
			f.files[n] = append(f.files[n], f.line())
		}
	}
	var parents []int
	for i := range commits {
		var changes []string
		for _, n := range names {
			if i == 0 || f.r.IntN(2) == 0 {
				f.files[n] = f.edit(f.files[n])
				changes = append(changes, n+"="+strings.Join(f.files[n], "\n"))
			}
		}
		parents = []int{im.commit("main", fmt.Sprintf("commit %d", i), parents, changes...)}
	}
}

// storedAs are ways in which a repository's objects can be stored, by name: what turns loose objects into that.
var storedAs = map[string]func(t *testing.T, dir string){
	"loose": func(*testing.T, string) {},
	"depth 1": func(t *testing.T, dir string) {
		git(t, dir, nil, "repack", "-adfq", "--depth=1", "--window=250", "--no-write-bitmap-index")
	},
	"depth 50": func(t *testing.T, dir string) { git(t, dir, nil, "repack", "-adfq", "--depth=50") },
	"depth 4095": func(t *testing.T, dir string) {
		git(t, dir, nil, "repack", "-adfq", "--depth=4095", "--window=250")
	},
	"ref deltas": func(t *testing.T, dir string) {
		git(t, dir, nil, "-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=50")
	},
	"many packs": func(t *testing.T, dir string) {
		ids := strings.Fields(git(t, dir, nil, "rev-list", "--reverse", "main"))
		for len(ids) > 0 {
			n := min(len(ids), 10)
			var revs bytes.Buffer
			fmt.Fprintln(&revs, ids[n-1])
			git(t, dir, revs.Bytes(), "pack-objects", "-q", "--revs", "--unpacked", "--incremental", "objects/pack/pack")
			ids = ids[n:]
			git(t, dir, nil, "prune-packed", "-q")
		}
		git(t, dir, nil, "multi-pack-index", "write")
	},
	"twice": func(t *testing.T, dir string) {
		git(t, dir, nil, "repack", "-adfq", "--depth=50", "--no-write-bitmap-index")
		git(t, dir, []byte("main~9\n"), "pack-objects", "-q", "--revs", "--depth=5", "objects/pack/pack")
	},
}

// TestEngines: of a repository stored in any way, looking once at what versions share finds what looking at each from
// end to end does.
func TestEngines(t *testing.T) {
	rules, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	d := detect.New(rules)
	for _, format := range []string{"sha1", "sha256"} {
		f := families{rand.New(rand.NewPCG(11, uint64(len(format)))), rules.Rules(), map[string][]string{}}
		var im importer
		f.write(&im, 40)
		var whole *scan.Result
		for name, store := range storedAs {
			if format == "sha256" && name != "depth 50" && name != "loose" || racing && (format == "sha256" || name != "depth 50" && name != "many packs") {
				continue
			}
			t.Run(format+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				git(t, dir, nil, "init", "-q", "--bare", "-b", "main", "--object-format="+format)
				im.load(t, dir, false)
				store(t, dir)
				if whole == nil {
					whole = scanWith(t, dir, gitscan.Options{Whole: true}, d, 1)
				}
				for workers := 1; workers <= 3; workers += 2 {
					got := scanWith(t, dir, gitscan.Options{}, d, workers)
					if !got.Stats.Complete {
						t.Errorf("not complete: %v", got.Stats.Problems)
					}
					compareFindings(t, got.Findings, whole.Findings)
					compareFindings(t, got.Suppressed, whole.Suppressed)
					searched, all := got.Stats.BytesSearched, got.Stats.BytesBlobs
					if name == "loose" && searched != all || name != "loose" && searched >= all {
						t.Errorf("%d of %d bytes were searched", searched, all)
					}
				}
				if len(whole.Findings) < 30 || len(whole.Suppressed) == 0 {
					t.Errorf("%d findings, %d suppressed: the history has too little in it", len(whole.Findings), len(whole.Suppressed))
				}
				if whole.Stats.BytesSearched != whole.Stats.BytesBlobs {
					t.Errorf("the engine for whole blobs searched %d of %d bytes", whole.Stats.BytesSearched, whole.Stats.BytesBlobs)
				}
				checkDeltas(t, dir, name != "loose")
			})
		}
	}
}

// keeper holds a source to what it says of blobs' likeness to each other.
type keeper struct {
	t      *testing.T
	mu     *sync.Mutex
	deltas *int
	kept   map[int]string
}

func (k *keeper) Visit(scan.BlobRef, []byte) scan.SkipReason { return "" }

func (k *keeper) VisitAll(scan.BlobRef, []byte) scan.SkipReason { return "" }

func (k *keeper) VisitDelta(ref scan.BlobRef, data []byte, d scan.Delta) scan.SkipReason {
	k.mu.Lock()
	defer k.mu.Unlock()
	if d.Base >= 0 {
		base, known := k.kept[d.Base]
		if !known || d.Base == d.Slot {
			k.t.Errorf("blob %d has base %d, which is not kept, and slot %d", ref, d.Base, d.Slot)
		}
		end := 0
		for _, c := range d.Copies {
			if c.To < end || c.Len <= 0 || c.To+c.Len > len(data) || c.From < 0 || c.From+c.Len > len(base) ||
				string(data[c.To:c.To+c.Len]) != base[c.From:c.From+c.Len] {
				k.t.Errorf("blob %d: %d bytes at %d are not those of its base at %d", ref, c.Len, c.To, c.From)
			}
			end = c.To + c.Len
		}
		*k.deltas++
	}
	if d.Slot >= 0 {
		k.kept[d.Slot] = string(data)
	}
	return ""
}

func checkDeltas(t *testing.T, dir string, some bool) {
	t.Helper()
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	var mu sync.Mutex
	deltas := 0
	if err := repo.Search(t.Context(), 2, func() scan.Visitor { return &keeper{t, &mu, &deltas, map[int]string{}} }); err != nil {
		t.Fatal(err)
	}
	if some != (deltas > 0) {
		t.Errorf("%d blobs have a base", deltas)
	}
}
