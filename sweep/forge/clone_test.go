package forge_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// clone clones by the credential of a Forge, which git asks a helper for.
func clone(t *testing.T, f *forge.Forge, r forge.Repository) (string, error) {
	t.Helper()
	user, password, err := f.CredentialFor(t.Context(), r.Name)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "clone")
	env := []string{"FORGE_USER=" + user, "FORGE_PASSWORD=" + password}
	helper := `credential.helper=!f() { echo "username=$FORGE_USER"; echo "password=$FORGE_PASSWORD"; }; f`
	out, err := tryGit(t.TempDir(), env, "-c", helper, "clone", "-q", r.CloneURL, dir)
	if err != nil {
		return out, err
	}
	b, err := os.ReadFile(filepath.Join(dir, "file"))
	return string(b), err
}

// TestClones: what is listed can be cloned with the credential, wikis and renamed repositories too; what is gone cannot.
func TestClones(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		repos := []forgetest.Repo{
			{ID: 1, Name: "acme/one", Visibility: "private", Wiki: kind != forge.BitbucketDC, Dir: bare(t, "one"), WikiDir: bare(t, "wiki of one")},
			{ID: 2, Name: "acme/two", Dir: bare(t, "two")},
			{ID: 3, Name: "acme/gone", Dir: bare(t, "gone")},
		}
		s := start(t, forgetest.Config{Kind: kind, Repos: repos, Token: secret()})
		f := open(t, forge.Config{Kind: kind, URL: s.URL, Owner: "acme", Wikis: true}, forge.Options{Token: token(secret())})
		got, err := list(t, f)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"acme/one": "one", "acme/two": "two", "acme/one.wiki": "wiki of one"}
		if kind == forge.BitbucketDC {
			delete(want, "acme/one.wiki")
		}
		if len(got) != len(want)+1 {
			t.Errorf("listed: %s", names(got))
		}
		s.Vanish("acme/gone")
		s.Rename("acme/two", "acme/deux")
		for name, text := range want {
			if out, err := clone(t, f, got[name]); err != nil || out != text {
				t.Errorf("%s: %v %s", name, err, out)
			}
		}
		if out, err := clone(t, f, got["acme/gone"]); err == nil || !strings.Contains(out, "not found") {
			t.Errorf("what is gone was cloned: %v %s", err, out)
		}
		s.Revoke()
		if out, err := clone(t, f, got["acme/one"]); err == nil || !strings.Contains(out, "Authentication failed") {
			t.Errorf("cloned with a revoked token: %v %s", err, out)
		}
	})
}

// TestGists: those of organisations' members, of users and of the token's own user, who has secret ones.
func TestGists(t *testing.T) {
	gists := []forgetest.Gist{{ID: "aa11", Owner: "jo", Dir: bare(t, "open")}, {ID: "bb22", Owner: "jo", Secret: true},
		{ID: "cc33", Owner: "robot", Secret: true, Dir: bare(t, "own")}, {ID: "dd44", Owner: "stranger"}}
	s := start(t, forgetest.Config{Kind: forge.GitHub, Repos: []forgetest.Repo{{ID: 1, Name: "acme/a"}}, Gists: gists, Token: secret(), PerPage: 1,
		Users: []string{"jo", "stranger"}, Members: map[string][]string{"acme": {"jo", "robot"}}})
	for owner, want := range map[string]string{"acme": "acme/a jo/aa11 robot/cc33", "jo": "jo/aa11", "": "acme/a robot/cc33", "stranger": "stranger/dd44"} {
		f := open(t, forge.Config{Kind: forge.GitHub, URL: s.URL, Owner: owner, Gists: true}, forge.Options{Token: token(secret())})
		got, err := list(t, f)
		if err != nil || names(got) != want {
			t.Errorf("of %q: %s %v", owner, names(got), err)
		}
		for name, text := range map[string]string{"jo/aa11": "open", "robot/cc33": "own"} {
			if r, ok := got[name]; ok {
				if out, err := clone(t, f, r); out != text || r.Kind != "gist" || r.Visibility != map[string]string{"open": "public", "own": "private"}[text] {
					t.Error(fmt.Sprint(name, " ", r.Kind, r.Visibility, err, out))
				}
			}
		}
	}
}

// TestPartsUnavailable: where several parts of a list cannot be had, the others are not tried.
func TestPartsUnavailable(t *testing.T) {
	members := []string{"robot", "a", "b", "c", "d", "e", "f", "g"}
	s := start(t, forgetest.Config{Kind: forge.GitHub, Repos: []forgetest.Repo{{ID: 1, Name: "acme/a"}}, Token: secret(), Users: members,
		Gists: []forgetest.Gist{{ID: "cc33", Owner: "robot"}}, Members: map[string][]string{"acme": members}})
	f := open(t, forge.Config{Kind: forge.GitHub, URL: s.URL, Owner: "acme", Gists: true}, forge.Options{Token: token(secret())})
	before := 0
	err := f.List(t.Context(), func(r forge.Repository) error {
		if r.Kind == "gist" {
			before = len(s.Requests())
			s.Set(func(f *forgetest.Faults) { f.Fail = 1000 })
		}
		return nil
	})
	if mustBe(t, err, forge.Unavailable, forge.Incomplete); before == 0 || len(s.Requests())-before != 3*5 {
		t.Errorf("%d requests after %d: %v", len(s.Requests())-before, before, err)
	}
}
