package gitscan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// incoming is a push that git has received and not decided: its quarantine is there, and refs are as before.
type incoming struct {
	server  string
	env     map[string]string
	updates []gitscan.Update
}

// receive does what git-receive-pack does before it calls the hook. The client leaves out what haves reach.
func receive(t testing.TB, server, client string, packed bool, haves []string, updates ...gitscan.Update) incoming {
	t.Helper()
	in := incoming{server: server, updates: updates}
	quarantine := filepath.Join(server, "objects", "tmp_objdir-incoming-"+fmt.Sprint(packed))
	if err := os.MkdirAll(filepath.Join(quarantine, "pack"), 0o755); err != nil {
		t.Fatal(err)
	}
	in.env = map[string]string{"GIT_DIR": ".", "GIT_QUARANTINE_PATH": quarantine, "GIT_OBJECT_DIRECTORY": quarantine,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES": filepath.Join(server, "objects")}
	var revs strings.Builder
	for _, u := range updates {
		if !u.Deletes() {
			fmt.Fprintln(&revs, u.New)
		}
	}
	for _, id := range haves {
		fmt.Fprintln(&revs, "^"+id)
	}
	sent := git(t, client, []byte(revs.String()), "pack-objects", "--revs", "--thin", "--delta-base-offset", "--stdout", "-q")
	if packed {
		in.git(t, []byte(sent), "index-pack", "--stdin", "--fix-thin")
	} else {
		in.git(t, []byte(sent), "unpack-objects", "-q")
	}
	return in
}

// git runs git with what a hook has around it.
func (in *incoming) git(t testing.TB, stdin []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = in.server
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.fsync", "GIT_CONFIG_VALUE_0=none")
	for k, v := range in.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return string(out)
}

// searched is the ids of what a search of the push hands out.
func (in *incoming) searched(t *testing.T) map[string]bool {
	t.Helper()
	p, err := gitscan.OpenPush(in.server, func(k string) string { return in.env[k] }, in.updates, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ids := map[string]bool{}
	err = p.Search(t.Context(), 1, func() scan.Visitor {
		return visit(func(ref scan.BlobRef, _ []byte) scan.SkipReason {
			ids[p.BlobID(ref)] = true
			return ""
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); !s.Complete {
		t.Errorf("incomplete: %v", s.Problems)
	}
	return ids
}

// revList is what git rev-list --objects names, trees aside.
func (in *incoming) revList(t *testing.T, args ...string) map[string]bool {
	t.Helper()
	var list bytes.Buffer
	for line := range strings.Lines(in.git(t, nil, append([]string{"rev-list", "--objects"}, args...)...)) {
		fmt.Fprintln(&list, strings.Fields(line)[0])
	}
	ids := map[string]bool{}
	for line := range strings.Lines(in.git(t, list.Bytes(), "cat-file", "--batch-check=%(objectname) %(objecttype)")) {
		if id, kind, _ := strings.Cut(strings.TrimSpace(line), " "); kind != "tree" {
			ids[id] = true
		}
	}
	return ids
}

// TestPushAgainstGit: of random pushes to repositories with refs that were deleted, all that git takes for new is searched;
// what else is searched, refs reach and are there to be compared with, and none of it is a commit.
func TestPushAgainstGit(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 17))
			client, server := t.TempDir(), t.TempDir()
			args := []string{"init", "-q", "--bare"}
			if seed%4 == 3 {
				args = append(args, "--object-format=sha256")
			}
			git(t, client, nil, args...)
			git(t, server, nil, args...)
			stream := randomHistory(r, 60)
			if seed%4 == 3 {
				stream = bytes.ReplaceAll(stream, bytes.Repeat([]byte("0"), 40), bytes.Repeat([]byte("0"), 64))
			}
			if seed%2 == 0 {
				stream = inOrder(stream)
			}
			git(t, client, stream, "fast-import", "--quiet", "--force")
			tips := strings.Fields(git(t, client, nil, "for-each-ref", "--format=%(objectname)"))
			zero := strings.Repeat("0", len(tips[0]))
			haves := serverRefs(t, r, client, server, tips)
			for i := range 6 {
				var updates []gitscan.Update
				for k := range 1 + r.IntN(3) {
					u := gitscan.Update{Ref: fmt.Sprintf("refs/heads/new%d", k), Old: zero, New: tips[r.IntN(len(tips))]}
					if r.IntN(3) == 0 {
						u.Old = haves[r.IntN(len(haves))]
					}
					updates = append(updates, u)
				}
				in := receive(t, server, client, i%2 == 0, haves, updates...)
				var news []string
				for _, u := range updates {
					news = append(news, u.New)
				}
				want := in.revList(t, append(news, "--not", "--all")...)
				before := in.revList(t, "--all")
				got := in.searched(t)
				for id := range want {
					if !got[id] {
						t.Errorf("%v: %s %.300q is new and was not searched", updates, id, in.git(t, nil, "cat-file", "-p", id))
					}
				}
				for id := range got {
					if kind := strings.TrimSpace(in.git(t, nil, "cat-file", "-t", id)); !want[id] && (!before[id] || kind == "commit" && seed%2 == 0) {
						t.Errorf("%v: %s %s was searched", updates, kind, id)
					}
				}
				if err := os.RemoveAll(in.env["GIT_QUARANTINE_PATH"]); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// serverRefs gives the server some of the client's refs, and objects of others that it has no ref of any more.
func serverRefs(t *testing.T, r *rand.Rand, client, server string, tips []string) (haves []string) {
	t.Helper()
	for i, id := range tips {
		if r.IntN(3) == 0 || i == 0 {
			git(t, client, nil, "push", "-q", server, id+":refs/heads/old"+fmt.Sprint(i))
			haves = append(haves, id)
		}
	}
	for i, id := range tips {
		if r.IntN(4) == 0 && !slices.Contains(haves, id) {
			git(t, client, nil, "push", "-q", server, id+":refs/heads/gone"+fmt.Sprint(i))
			git(t, server, nil, "update-ref", "-d", "refs/heads/gone"+fmt.Sprint(i))
		}
	}
	if r.IntN(2) == 0 {
		git(t, server, nil, "pack-refs", "--all")
	}
	return haves
}
