package forge_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// TestConfig: what is wrong with a configuration is said when it is read, without credentials that are in it.
func TestConfig(t *testing.T) {
	key := func(context.Context) ([]byte, error) { return nil, nil }
	bad := map[string]struct {
		c    forge.Config
		o    forge.Options
		want string
	}{
		"kind":             {forge.Config{Kind: "svn", URL: "https://x.example"}, forge.Options{}, "no kind of forge"},
		"no URL":           {forge.Config{Kind: forge.Gitea}, forge.Options{}, "needs its URL"},
		"no URL of DC":     {forge.Config{Kind: forge.BitbucketDC}, forge.Options{}, "needs its URL"},
		"credentials":      {forge.Config{Kind: forge.Gitea, URL: "https://me:" + secret() + "@x.example"}, forge.Options{}, "has credentials in it"},
		"broken":           {forge.Config{Kind: forge.Gitea, URL: "https://me:" + secret() + "@x.example:port"}, forge.Options{}, "no URL of a forge"},
		"scheme":           {forge.Config{Kind: forge.Gitea, URL: "ssh://x.example"}, forge.Options{}, "neither https nor http"},
		"query":            {forge.Config{Kind: forge.Gitea, URL: "https://x.example?a=b"}, forge.Options{}, "no URL of a forge"},
		"controls":         {forge.Config{Kind: forge.Gitea, URL: "https://x.example/\x1b"}, forge.Options{}, "no URL of a forge"},
		"no workspace":     {forge.Config{Kind: forge.Bitbucket}, forge.Options{}, "workspace"},
		"owner upwards":    {forge.Config{Kind: forge.GitLab, Owner: "a/../b"}, forge.Options{}, "no owner"},
		"owner of two":     {forge.Config{Kind: forge.GitHub, Owner: "a/b"}, forge.Options{}, "no owner"},
		"owner with query": {forge.Config{Kind: forge.GitHub, Owner: "a?b"}, forge.Options{}, "no owner"},
		"App of GitLab":    {forge.Config{Kind: forge.GitLab, AppID: 1}, forge.Options{AppKey: key}, "GitHub's"},
		"no App":           {forge.Config{Kind: forge.GitHub, InstallationID: 1}, forge.Options{}, "id of its App"},
		"gists of an App":  {forge.Config{Kind: forge.GitHub, AppID: 1, Gists: true}, forge.Options{AppKey: key}, "no gists"},
		"user":             {forge.Config{Kind: forge.GitHub, User: "a:b"}, forge.Options{}, "no user"},
		"clone host":       {forge.Config{Kind: forge.GitHub, CloneHosts: []string{"https://me:" + secret() + "@x"}}, forge.Options{}, "no host"},
		"no CA":            {forge.Config{Kind: forge.GitHub, CAFile: "/nowhere/ca.pem"}, forge.Options{}, "/nowhere/ca.pem"},
		"empty CA":         {forge.Config{Kind: forge.GitHub, CAFile: "config_test.go"}, forge.Options{}, "no certificate"},
		"CA is a folder":   {forge.Config{Kind: forge.GitHub, CAFile: "."}, forge.Options{}, "no file of certificates"},
	}
	for name, c := range bad {
		_, err := forge.New(c.c, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret()) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for kind, want := range map[forge.Kind]string{forge.GitHub: "github.com", forge.GitLab: "gitlab.com", forge.Bitbucket: "bitbucket.org"} {
		if f, err := forge.New(forge.Config{Kind: kind, Owner: "acme"}, forge.Options{}); err != nil || f.Host() != want {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestPlainHTTP: no token goes by plain http but over the loopback interface, neither to the API nor to git.
func TestPlainHTTP(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		f := open(t, forge.Config{Kind: kind, URL: "http://forge.invalid", Owner: "acme"}, forge.Options{Token: token(secret())})
		_, err := list(t, f)
		if mustBe(t, err, forge.NoToken); err == nil || !strings.Contains(err.Error(), "plain http") {
			t.Errorf("%v", err)
		}
		_, password, err := f.Credential(t.Context())
		if mustBe(t, err, forge.NoToken); password != "" {
			t.Error("a credential for plain http")
		}
	})
}

// TestTokens: a token that cannot be had or be sent is an error; it is asked for when it is needed.
func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		sealed := errors.New("the vault is sealed")
		s, f := standard(t, kind, forge.Options{Token: func(context.Context) (string, error) { return "", sealed }})
		_, err := list(t, f)
		mustBe(t, err, sealed, forge.NoToken)
		_, f = standard(t, kind, forge.Options{Token: token(secret() + "\n")})
		_, err = list(t, f)
		mustBe(t, err, forge.NoToken)
		_, f = standard(t, kind, forge.Options{Token: token("not-" + secret())})
		_, err = list(t, f)
		mustBe(t, err, forge.Denied)
		if n := len(s.Requests()); n != 0 {
			t.Errorf("%d requests without a token", n)
		}
		current := "old-" + secret()
		_, f = standard(t, kind, forge.Options{Token: func(context.Context) (string, error) { return current, nil }})
		current = secret()
		if _, err := list(t, f); err != nil {
			t.Error(err)
		}
	})
}

// TestUsers: the user that goes with a token is the usual one, or the configuration's.
func TestUsers(t *testing.T) {
	for _, c := range []struct {
		kind       forge.Kind
		user, want string
	}{
		{forge.GitHub, "", "x-access-token"}, {forge.GitLab, "", "oauth2"}, {forge.Gitea, "", "oauth2"}, {forge.Bitbucket, "", "x-token-auth"},
		{forge.BitbucketDC, "", "x-token-auth"}, {forge.BitbucketDC, "jo", "jo"}, {forge.Bitbucket, "jo@example.com", "x-bitbucket-api-token-auth"},
		{forge.Bitbucket, "jo", "jo"}, {forge.GitLab, "gitlab-ci-token", "gitlab-ci-token"},
	} {
		s := start(t, forgetest.Config{Kind: c.kind, Repos: model(), Token: secret()})
		f := open(t, forge.Config{Kind: c.kind, URL: s.URL, Owner: "acme", User: c.user}, forge.Options{Token: token(secret())})
		user, password, err := f.Credential(t.Context())
		if err != nil || user != c.want || password != secret() {
			t.Errorf("%s of %q: %q %v", c.kind, c.user, user, err)
		}
		if got, err := list(t, f); err != nil || len(got) != 11 {
			t.Errorf("%s of %q: %v", c.kind, c.user, err)
		}
	}
}

// TestFilter: each criterion by itself, and why something is not meant.
func TestFilter(t *testing.T) {
	yes, no := true, false
	r := forge.Repository{Name: "Acme/Tools/api", Visibility: "private", Topics: []string{"Go"}, Fork: true, Size: 1000}
	for _, c := range []struct {
		f   forge.Filter
		ok  bool
		why string
	}{
		{forge.Filter{}, true, ""},
		{forge.Filter{Include: []string{"acme/**"}}, true, ""},
		{forge.Filter{Include: []string{"acme/*"}}, false, "not included by name"},
		{forge.Filter{Include: []string{"acme/*/api"}}, true, ""},
		{forge.Filter{Include: []string{"**/api"}}, true, ""},
		{forge.Filter{Include: []string{"**/a[p-q]i", "x/y"}}, true, ""},
		{forge.Filter{Include: []string{"acme/**/tools/api"}}, true, ""},
		{forge.Filter{Include: []string{"acme/tools"}}, false, "not included by name"},
		{forge.Filter{Include: []string{"**"}, Exclude: []string{"acme/tools/**"}}, false, "excluded by name"},
		{forge.Filter{Exclude: []string{"acme/tool/**"}}, true, ""},
		{forge.Filter{Visibility: []string{"public", "internal"}}, false, "private"},
		{forge.Filter{Visibility: []string{"private"}}, true, ""},
		{forge.Filter{Topics: []string{"c", "go"}}, true, ""},
		{forge.Filter{Topics: []string{"c"}}, false, "none of the topics"},
		{forge.Filter{Archived: &yes}, false, "not archived"},
		{forge.Filter{Archived: &no}, true, ""},
		{forge.Filter{Forks: &no}, false, "a fork"},
		{forge.Filter{Forks: &yes}, true, ""},
		{forge.Filter{MaxSize: 999}, false, "larger than 999 bytes"},
		{forge.Filter{MaxSize: 1000}, true, ""},
	} {
		if ok, why := c.f.Match(r); ok != c.ok || why != c.why {
			t.Errorf("%+v: %v %q", c.f, ok, why)
		}
		if err := c.f.Check(); err != nil {
			t.Errorf("%+v: %v", c.f, err)
		}
	}
	r.Size = -1
	if ok, _ := (forge.Filter{MaxSize: 1}).Match(r); !ok {
		t.Error("what has no known size is not meant")
	}
	for _, f := range []forge.Filter{{Include: []string{"a/["}}, {Exclude: []string{""}}, {Visibility: []string{"secret"}}, {Include: []string{strings.Repeat("**/", 9)}}} {
		if f.Check() == nil {
			t.Errorf("%+v is taken", f)
		}
	}
}

// TestFilterList: filters over what forges list.
func TestFilterList(t *testing.T) {
	no := false
	each(t, func(t *testing.T, kind forge.Kind) {
		_, f := standard(t, kind, forge.Options{})
		got, err := list(t, f)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]*forge.Filter{
			"acme/api acme/old acme/part-a acme/part-b acme/part-c acme/part-d acme/part-e": {Forks: &no, Visibility: []string{"public"}},
			"acme/part-a acme/part-b": {Include: []string{"acme/part-*"}, Exclude: []string{"*/*-[c-e]"}},
		}
		for names, filter := range want {
			n := 0
			for _, r := range got {
				if ok, why := filter.Match(r); ok != strings.Contains(" "+names+" ", " "+r.Name+" ") {
					t.Errorf("%s: %v %s", r.Name, ok, why)
				}
				n++
			}
			if n != 11 {
				t.Errorf("%d were looked at", n)
			}
		}
	})
}
