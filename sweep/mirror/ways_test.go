package mirror

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestPartial: large blobs stay at a server that allows it; later fetches and gc do with that.
func TestPartial(t *testing.T) {
	remote := bare(t, 2)
	git(t, remote, "", "config", "uploadpack.allowFilter", "true")
	commit(t, remote, "refs/heads/main", noise(1, 100_000))
	large := git(t, remote, "", "rev-parse", "refs/heads/main:file")
	r := request("file://" + remote)
	r.MaxBlob = 10_000
	m := open(t, Options{})
	fetchPartial := func() *Fetched {
		t.Helper()
		f, err := m.Fetch(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Release)
		if !f.Partial || f.Recloned != "" {
			t.Errorf("%+v", f)
		}
		for spec, want := range map[string]bool{large: false, f.Tips["refs/heads/main"] + "~1:file": true, f.Tips["refs/heads/main"]: true} {
			out, err := exec.Command("git", "--git-dir="+f.Dir, "-c", "remote.origin.url=/nowhere", "cat-file", "-e", spec).CombinedOutput()
			if want != (err == nil) {
				t.Errorf("%s: %v: %s", spec, err, out)
			}
		}
		return f
	}
	fetchPartial()
	commit(t, remote, "refs/heads/main", "small")
	commit(t, remote, "refs/heads/main", "smaller")
	old := git(t, remote, "", "rev-parse", "refs/heads/main")
	f := fetchPartial()
	if err := m.GC(t.Context(), f.Dir); err != nil {
		t.Error(err)
	}
	forced := orphan(t, remote, "forced", "")
	git(t, remote, "", "update-ref", "refs/heads/main", commit(t, remote, "refs/heads/tmp", "x"))
	git(t, remote, "", "update-ref", "-d", "refs/heads/tmp")
	r.Extra = []string{forced}
	f = fetchPartial2(t, m, r)
	if !slices.Contains(f.Kept, old) || !slices.Contains(f.Kept, forced) {
		t.Errorf("kept %v", f.Kept)
	}
	// Without the limit it is another store.
	r.MaxBlob = 0
	whole := fetch(t, m, remote, r)
	if whole.Dir == f.Dir || whole.Partial {
		t.Errorf("%+v", whole)
	}
}

func fetchPartial2(t *testing.T, m *Mirror, r Request) *Fetched {
	t.Helper()
	f, err := m.Fetch(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Release)
	return f
}

// TestWithoutGit: go-git does what it can.
func TestWithoutGit(t *testing.T) {
	remote := bare(t, 3)
	url := server(t, filepath.Dir(remote), basic("someone", token(1))) + "/remote.git"
	m := withoutGit(t)
	r := request(url)
	if _, err := m.Fetch(t.Context(), r); !errors.Is(err, Auth) {
		t.Errorf("no credential: %v", err)
	}
	r.Credential = gives(token(1))
	f := fetch(t, m, remote, r)
	if !f.New || f.Head != "refs/heads/main" {
		t.Errorf("%+v", f)
	}
	if f := fetch(t, m, remote, r); f.Changed {
		t.Errorf("nothing new: %+v", f)
	}
	old := git(t, remote, "", "rev-parse", "refs/heads/main")
	git(t, remote, "", "update-ref", "refs/heads/main", orphan(t, remote, "anew", ""))
	commit(t, remote, "refs/heads/side", "side")
	fetch(t, m, remote, r)
	git(t, remote, "", "update-ref", "-d", "refs/heads/side")
	git(t, remote, "", "gc", "-q", "--prune=now")
	f = fetch(t, m, remote, r)
	if !present(t, f, old) || len(f.Tips) != 1 || len(f.Kept) != 2 {
		t.Errorf("%+v", f)
	}
	git(t, remote, "", "update-ref", "-d", "refs/heads/main")
	if f := fetch(t, m, remote, r); !f.Empty || !present(t, f, old) {
		t.Errorf("emptied: %+v", f)
	}
	wide := bare(t, 1, "--object-format=sha256")
	if _, err := m.Fetch(t.Context(), request("file://"+wide)); err == nil {
		t.Error("SHA-256: no error")
	} else {
		t.Log(err)
	}
}

// BenchmarkNothingNew is a fetch of a repository that has not changed, over HTTP with a password.
func BenchmarkNothingNew(b *testing.B) {
	remote := bare(b, 20)
	url := server(b, filepath.Dir(remote), basic("someone", token(1))) + "/remote.git"
	open1 := server(b, filepath.Dir(remote), nil) + "/remote.git"
	// A server that takes no time itself.
	id, pkt := git(b, remote, "", "rev-parse", "HEAD"), func(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }
	quick := func(before func(http.ResponseWriter, *http.Request) bool) string {
		return server(b, filepath.Dir(remote), func(w http.ResponseWriter, r *http.Request) bool {
			if before != nil && before(w, r) {
				return true
			}
			if r.Method != http.MethodGet || r.Header.Get("Git-Protocol") != "" {
				return false
			}
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			fmt.Fprint(w, pkt("# service=git-upload-pack\n")+"0000"+pkt(id+" HEAD\x00symref=HEAD:refs/heads/main\n")+pkt(id+" refs/heads/main\n")+"0000")
			return true
		}) + "/remote.git"
	}
	for name, url := range map[string]string{"file": "file://" + remote, "http": open1, "password": url, "quick": quick(nil),
		"quick, password": quick(basic("someone", token(1)))} {
		b.Run(name, func(b *testing.B) {
			m := open(b, Options{})
			r := request(url)
			r.Credential = gives(token(1))
			fetch(b, m, remote, r)
			before := processes.Load()
			for b.Loop() {
				f, err := m.Fetch(b.Context(), r)
				if err != nil || f.Changed {
					b.Fatal(f, err)
				}
				f.Release()
			}
			b.ReportMetric(float64(processes.Load()-before)/float64(b.N), "gits/op")
		})
	}
}
