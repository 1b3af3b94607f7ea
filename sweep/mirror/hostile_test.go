package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostileURLs: no program is started for a URL that is none, or that is not allowed.
func TestHostileURLs(t *testing.T) {
	m := open(t, Options{})
	marker := filepath.Join(t.TempDir(), "marker")
	before := processes.Load()
	for _, url := range []string{
		"ext::sh -c touch% " + marker, "ext::sh", "--upload-pack=touch " + marker, "-x", "", "file:///etc", "/etc", "git://example.com/a", "http://example.com/a",
		"https://someone:" + token(1) + "@example.com/a", "https://" + token(1) + "@example.com/a", "ssh://-oProxyCommand=x/a", "ssh://-oProxyCommand=x@h/a",
		"-oProxyCommand=x@h:a", "a@-oProxyCommand=x:a", "a@h:-x", "a@h::x", "https://example.com/a\nb", "https://example.com/\x1b[31m", "https:///a",
		"https://a b/", "relative/path", "HTTPS://" + strings.Repeat("x", 5000), "fd::7", "https://example.com%0a/x", "ssh://u:" + token(1) + "@h/x",
		`C:\repo`, "https://example.com\\@evil/",
	} {
		_, err := m.Fetch(t.Context(), Request{Repo: "r", URL: url})
		if !errors.Is(err, Refused) {
			t.Errorf("%q: %v", url, err)
		} else if text := err.Error(); strings.Contains(text, "planted") || strings.ContainsAny(text, "\n\x1b") || len(text) > 1000 {
			t.Errorf("%q: %q", url, text)
		}
	}
	if n := processes.Load() - before; n > 0 {
		t.Errorf("%d processes", n)
	}
	for _, url := range []string{"https://example.com/a.git", "ssh://git@example.com:22/a", "git@example.com:a/b.git", "https://[::1]:8443/a"} {
		if _, err := parseTarget(url, nil); err != nil {
			t.Error(err)
		}
	}
	// git itself refuses, too, what a redirect or a setting may lead to.
	to, _ := parseTarget("https://example.com/", nil)
	for _, to.url = range []string{"file:///etc", "http://127.0.0.1:1/", "ext::true"} {
		r := Request{URL: to.url}
		if err := m.run(t.Context(), command{to: &to, request: &r, args: []string{"ls-remote", "origin"}}); !errors.Is(err, Refused) {
			t.Errorf("%s in place of https: %v", to.url, err)
		}
	}
}

// TestHostileRefs: names that no file can have, or that are in each other's way, cost nothing but their names in the store.
func TestHostileRefs(t *testing.T) {
	remote := bare(t, 1)
	ids := []string{git(t, remote, "", "rev-parse", "HEAD")}
	for i := range 5 {
		ids = append(ids, orphan(t, remote, fmt.Sprint("hostile ", i), ""))
	}
	names := []string{"refs/heads/main", "refs/heads/a", "refs/heads/a/b", "refs/heads/" + strings.Repeat("x", 253), "refs/heads/../../../../escaped",
		"refs/heads/\x1b[31mred"}
	pkt := func(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }
	advert := pkt("# service=git-upload-pack\n") + "0000"
	for i, name := range names {
		end := "\n"
		if i == 0 {
			end = "\x00multi_ack side-band-64k object-format=sha1\n"
		}
		advert += pkt(ids[i] + " " + name + end)
	}
	advert += "0000"
	url := server(t, filepath.Dir(remote), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && r.Header.Get("Git-Protocol") != "version=2" {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			fmt.Fprint(w, advert)
			return true
		}
		return false
	}) + "/remote.git"
	// What git serves, so that it sends both lists: names in each other's way, too long, and those that it refuses itself.
	packed := "# pack-refs with: peeled fully-peeled sorted \n"
	for i, name := range names[:4] {
		packed += ids[i] + " " + name + "\n"
	}
	if err := os.WriteFile(filepath.Join(remote, "packed-refs"), []byte(packed), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(remote, "refs", "heads", "main")); err != nil {
		t.Fatal(err)
	}
	m := open(t, Options{})
	r := request(url)
	f, err := m.Fetch(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	for i, name := range names {
		if f.Tips[name] != ids[i] || !present(t, f, ids[i]) {
			t.Errorf("%q: %s, present %t", name, f.Tips[name], present(t, f, ids[i]))
		}
	}
	if len(f.Tips) != len(names) || len(f.Unfetchable) > 0 {
		t.Errorf("%q, unfetchable %v", f.Tips, f.Unfetchable)
	}
	before := processes.Load()
	if again, err := m.Fetch(t.Context(), r); err != nil || again.Changed || processes.Load() != before {
		t.Errorf("again: %+v, %v, %d processes", again, err, processes.Load()-before)
	}
	outside, _ := filepath.Glob(filepath.Join(m.root, "escaped*"))
	if len(outside) > 0 {
		t.Error(outside)
	}
}

// TestAdvert: asked without git, a server says the same as git ls-remote does.
func TestAdvert(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		remote := bare(t, 2, "--object-format="+format)
		commit(t, remote, "refs/heads/side", "x")
		git(t, remote, "", "tag", "-a", "-m", "x", "v1", "refs/heads/side")
		empty := filepath.Join(filepath.Dir(remote), "empty.git")
		git(t, "", "", "init", "-q", "--bare", "--object-format="+format, empty)
		detached := filepath.Join(filepath.Dir(remote), "detached.git")
		git(t, "", "", "clone", "-q", "--bare", remote, detached)
		git(t, detached, "", "update-ref", "--no-deref", "HEAD", orphan(t, detached, "alone", ""))
		url := server(t, filepath.Dir(remote), basic("someone", token(1)))
		m := open(t, Options{})
		for _, name := range []string{"remote.git", "empty.git", "detached.git"} {
			r := request(url + "/" + name)
			r.Credential = gives(token(1))
			to, err := parseTarget(r.URL, r.Protocols)
			if err != nil {
				t.Fatal(err)
			}
			quick, err := (&work{m: m, r: &r, to: &to}).tipsHTTP(t.Context(), maxRefs)
			if err != nil {
				t.Fatal(err)
			}
			var slow *Remote
			w := &work{m: m, r: &r, to: &to}
			err = w.network(t.Context(), command{args: []string{"-c", "protocol.version=0", "ls-remote", "--symref", "origin"}, out: func(r io.Reader) (err error) {
				slow, err = parseRemote(r)
				return err
			}})
			if err != nil || !maps.Equal(quick.Tips, slow.Tips) || quick.Head != slow.Head || quick.Detached != slow.Detached {
				t.Errorf("%s: %+v, git says %+v, %v", name, quick, slow, err)
			}
			if want := map[string]bool{"remote.git": true}[name]; want != (quick.Head != "") || (name == "detached.git") != (quick.Detached != "") {
				t.Errorf("%s: %+v", name, quick)
			}
		}
	}
}

// TestAdvertMany: a list is read up to what is too many.
func TestAdvertMany(t *testing.T) {
	list := "001e# service=git-upload-pack\n0000"
	for i := range 20 {
		line := strings.Repeat("a", 40) + fmt.Sprintf(" refs/heads/%02d", i)
		if i == 0 {
			line += "\x00a b=c"
		}
		list += fmt.Sprintf("%04x%s\n", len(line)+5, line)
	}
	if remote, err := parseAdvert(strings.NewReader(list+"0000"), 20); err != nil || len(remote.Tips) != 20 {
		t.Errorf("%+v, %v", remote, err)
	}
	if _, err := parseAdvert(strings.NewReader(list+"not read"), 19); !errors.Is(err, errMany) {
		t.Error(err)
	}
}

// FuzzAdvert: whatever a server sends ends in refs or an error.
func FuzzAdvert(f *testing.F) {
	f.Add([]byte("001e# service=git-upload-pack\n0000003d" + strings.Repeat("a", 40) + " refs/heads/x\x00a b=c\n0000"))
	f.Add([]byte("001e# service=git-upload-pack\n00000000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		remote, err := parseAdvert(bytes.NewReader(data), maxRefs)
		if err != nil {
			return
		}
		for name, id := range remote.Tips {
			if !isID(id) {
				t.Errorf("%q: %q", name, id)
			}
		}
	})
}
