package forge_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// TestList: lists are whole over several pages, and say of each repository what the forge does.
func TestList(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		s, f := standard(t, kind, forge.Options{})
		got, err := list(t, f)
		if err != nil {
			t.Fatal(err)
		}
		if names(got) != ofAcme {
			t.Fatalf("listed: %s", names(got))
		}
		if n := s.Count("repos") + s.Count("projects") + s.Count("repositories"); n < 4 {
			t.Errorf("%d requests are not of several pages", n)
		}
		checkAPI(t, kind, s.URL, got["acme/api"])
		web := got["acme/web"]
		if web.Visibility != "private" || kind != forge.BitbucketDC && web.DefaultBranch != "trunk" {
			t.Errorf("web is %+v", web)
		}
		if kind != forge.Bitbucket && !got["acme/old"].Archived { // which Cloud does not have
			t.Error("old is not archived")
		}
	})
}

func checkAPI(t *testing.T, kind forge.Kind, url string, r forge.Repository) {
	t.Helper()
	want := forge.Repository{
		ID: "11", Name: "acme/api", CloneURL: url + "/acme/api.git", WebURL: url + "/acme/api", Visibility: "public", Network: "11",
		Topics: []string{"go", "http"}, DefaultBranch: "main", Size: 5 << 20, PushedAt: day(1),
	}
	switch kind {
	case forge.GitLab:
		want.Size = -1
	case forge.Bitbucket:
		want.ID, want.Topics = "{00000000-0000-4000-8000-000000000011}", nil
		want.Network = want.ID
	case forge.BitbucketDC:
		want.CloneURL, want.WebURL = url+"/scm/acme/api.git", url+"/projects/acme/repos/api/browse"
		want.Topics, want.DefaultBranch, want.Size, want.PushedAt = nil, "", -1, day(1).AddDate(-5000, 0, 0)
		want.PushedAt = r.PushedAt
		want.Network = "hierarchy:0000000000000000000b"
		if !r.PushedAt.IsZero() {
			t.Errorf("a time from nowhere: %v", r.PushedAt)
		}
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("api is\n%+v, not\n%+v", r, want)
	}
}

// TestNetworks: forks, and forks of forks, have their source's network.
func TestNetworks(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		_, f := standard(t, kind, forge.Options{})
		got, err := list(t, f)
		if err != nil {
			t.Fatal(err)
		}
		source := got["acme/api"].Network
		for _, name := range []string{"acme/api-fork", "acme/api-fork-fork"} {
			if r := got[name]; !r.Fork || r.Network != source {
				t.Errorf("%s: fork %v, network %q, not %q", name, r.Fork, r.Network, source)
			}
		}
		if r := got["acme/outside-fork"]; !r.Fork || r.Network == source || !strings.Contains(r.Network, "900") && kind != forge.BitbucketDC {
			t.Errorf("outside-fork: fork %v, network %q", r.Fork, r.Network)
		}
		if r := got["acme/web"]; r.Fork || r.Network == source {
			t.Errorf("web: fork %v, network %q", r.Fork, r.Network)
		}
	})
}

// TestForkLookups: GitHub is asked for forks alone, for no more than allowed, and not for what the caller knows or does not want.
func TestForkLookups(t *testing.T) {
	cases := map[string]struct {
		o    forge.Options
		asks int
		of   string // the network of acme/api-fork
	}{
		"all":     {forge.Options{}, 3, "11"},
		"known":   {forge.Options{KnownNetwork: func(id string) (string, bool) { return "77", id == "14" }}, 2, "77"},
		"itself":  {forge.Options{KnownNetwork: func(id string) (string, bool) { return id, true }}, 3, "11"},
		"unwant":  {forge.Options{Wanted: func(r forge.Repository) bool { return r.Name != "acme/api-fork" }}, 2, "14"},
		"bounded": {forge.Options{MaxForkLookups: 1}, 1, "11"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, f := standard(t, forge.GitHub, c.o)
			got, err := list(t, f)
			if err != nil {
				t.Fatal(err)
			}
			if n := s.Count("/repos/acme/"); n != c.asks {
				t.Errorf("%d requests for single repositories, not %d", n, c.asks)
			}
			if n := got["acme/api-fork"].Network; n != c.of {
				t.Errorf("its network is %s, not %s", n, c.of)
			}
		})
	}
}

// TestAnonymous: without a token what is public is listed, and no credential made up.
func TestAnonymous(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		s := start(t, forgetest.Config{Kind: kind, Repos: model(), Token: secret(), PerPage: 3})
		f := open(t, forge.Config{Kind: kind, URL: s.URL, Owner: "acme"}, forge.Options{})
		got, err := list(t, f)
		if err != nil {
			t.Fatal(err)
		}
		if names(got) != strings.TrimSuffix(ofAcme, " acme/web") {
			t.Errorf("listed: %s", names(got))
		}
		for _, r := range s.Requests() {
			if r.Login {
				t.Errorf("%s had a credential", r.Path)
			}
		}
		if user, password, err := f.Credential(t.Context()); user != "" || password != "" || err != nil {
			t.Errorf("a credential from nowhere: %q %v", user, err)
		}
	})
}

// TestOwners: a user in place of an organisation, all that may be seen, and nobody.
func TestOwners(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		repos := append(model(), forgetest.Repo{ID: 50, Name: "jo/dots"}, forgetest.Repo{ID: 51, Name: "jo/diary", Visibility: "private"})
		s := start(t, forgetest.Config{Kind: kind, Repos: repos, Token: secret(), PerPage: 3, Users: []string{"jo"}})
		of := func(owner string) (map[string]forge.Repository, error) {
			f, err := forge.New(forge.Config{Kind: kind, URL: s.URL, Owner: owner}, forge.Options{Token: token(secret()), Wait: new(waits).wait})
			if err != nil {
				return nil, err
			}
			return list(t, f)
		}
		if got, err := of("jo"); err != nil || names(got) != "jo/diary jo/dots" {
			t.Errorf("of a user: %s %v", names(got), err)
		}
		got, err := of("")
		if kind == forge.Bitbucket {
			if err == nil {
				t.Error("Cloud was asked for no workspace")
			}
		} else if err != nil || names(got) != ofAcme+" jo/diary jo/dots other/thing" {
			t.Errorf("of all: %s %v", names(got), err)
		}
		_, err = of("nobody")
		mustBe(t, err, forge.NotFound)
	})
}

// TestSubgroups: a group of GitLab is listed with what is below it.
func TestSubgroups(t *testing.T) {
	repos := []forgetest.Repo{{ID: 1, Name: "top/a"}, {ID: 2, Name: "top/mid/b"}, {ID: 3, Name: "top/mid/low/c"}, {ID: 4, Name: "topping/d"}}
	for _, old := range []bool{false, true} {
		s := start(t, forgetest.Config{Kind: forge.GitLab, Repos: repos, PerPage: 1, NoKeyset: old})
		for owner, want := range map[string]string{"top": "top/a top/mid/b top/mid/low/c", "top/mid": "top/mid/b top/mid/low/c"} {
			got, err := list(t, open(t, forge.Config{Kind: forge.GitLab, URL: s.URL, Owner: owner}, forge.Options{}))
			if err != nil || names(got) != want {
				t.Errorf("%s, pages by number %v: %s %v", owner, old, names(got), err)
			}
		}
	}
}

// TestSingleSignOn: what GitHub leaves out of a list because the token is not authorized for it is told.
func TestSingleSignOn(t *testing.T) {
	s, f := standard(t, forge.GitHub, forge.Options{})
	s.Set(func(f *forgetest.Faults) { f.SSO = true })
	got, err := list(t, f)
	if mustBe(t, err, forge.Incomplete, forge.Denied); names(got) != ofAcme || strings.Count(err.Error(), "single sign-on") != 1 {
		t.Errorf("listed: %s %v", names(got), err)
	}
}

// TestUserWithoutOwnList: a token that has no list of its own user's repositories gets the public ones, and the rest is told.
func TestUserWithoutOwnList(t *testing.T) {
	s := start(t, forgetest.Config{Kind: forge.GitHub, Repos: []forgetest.Repo{{ID: 50, Name: "jo/dots"}, {ID: 51, Name: "jo/diary", Visibility: "private"}},
		Token: secret(), Users: []string{"jo"}, NoUserList: true})
	got, err := list(t, open(t, forge.Config{Kind: forge.GitHub, URL: s.URL, Owner: "jo"}, forge.Options{Token: token(secret())}))
	if mustBe(t, err, forge.Incomplete, forge.Denied); names(got) != "jo/dots" {
		t.Errorf("listed: %s %v", names(got), err)
	}
}

// TestVisitEnds: what visit returns ends a list, as it is.
func TestVisitEnds(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		_, f := standard(t, kind, forge.Options{})
		enough, n := errors.New("enough"), 0
		err := f.List(t.Context(), func(forge.Repository) error {
			if n++; n == 4 {
				return enough
			}
			return nil
		})
		if err != enough || n != 4 {
			t.Errorf("%v after %d", err, n)
		}
	})
}
