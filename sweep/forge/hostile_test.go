package forge_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// entry is a good entry of a forge at a URL, with fields of dotted names changed.
func entry(kind forge.Kind, at string, changes map[string]any) map[string]any {
	var e map[string]any
	switch kind {
	case forge.GitHub, forge.Gitea:
		e = map[string]any{"id": 99, "full_name": "acme/lie", "clone_url": at + "/acme/lie.git", "html_url": at + "/acme/lie"}
	case forge.GitLab:
		e = map[string]any{"id": 99, "path_with_namespace": "acme/lie", "http_url_to_repo": at + "/acme/lie.git", "web_url": at + "/acme/lie"}
	case forge.Bitbucket:
		e = map[string]any{"uuid": "{99}", "full_name": "acme/lie", "scm": "git", "links": map[string]any{
			"html": map[string]any{"href": at + "/acme/lie"}, "clone": []any{map[string]any{"name": "https", "href": at + "/acme/lie.git"}}}}
	case forge.BitbucketDC:
		e = map[string]any{"id": 99, "slug": "lie", "project": map[string]any{"key": "acme"}, "links": map[string]any{
			"self": []any{map[string]any{"href": at + "/acme/lie"}}, "clone": []any{map[string]any{"name": "http", "href": at + "/acme/lie.git"}}}}
	}
	for name, v := range changes {
		e[name] = v
	}
	return e
}

// named is an entry with another name, clone URL or id.
func named(kind forge.Kind, at, name, clone string, id any) map[string]any {
	e := entry(kind, at, nil)
	links, _ := e["links"].(map[string]any)
	switch kind {
	case forge.GitHub, forge.Gitea:
		e["full_name"], e["clone_url"], e["id"] = name, clone, id
	case forge.GitLab:
		e["path_with_namespace"], e["http_url_to_repo"], e["id"] = name, clone, id
	case forge.Bitbucket:
		e["full_name"], e["uuid"] = name, id
		links["clone"] = []any{map[string]any{"name": "https", "href": clone}}
	case forge.BitbucketDC:
		owner, slug, _ := strings.Cut(name, "/")
		e["slug"], e["project"], e["id"] = slug, map[string]any{"key": owner}, id
		links["clone"] = []any{map[string]any{"name": "http", "href": clone}}
	}
	return e
}

// TestLies: entries that are not as they should be are refused one by one, counted and told; the good ones are visited.
func TestLies(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		s, f := standard(t, kind, forge.Options{})
		id := any(99)
		if kind == forge.Bitbucket {
			id = "{99}"
		}
		url := s.URL + "/acme/lie.git"
		ofName := func(name string) any { return named(kind, s.URL, name, url, id) }
		ofURL := func(clone string) any { return named(kind, s.URL, "acme/lie", clone, id) }
		ofID := func(id any) any { return named(kind, s.URL, "acme/lie", url, id) }
		hidden := secret()
		lies := map[string]any{
			"name with controls":    ofName("acme/li\x1b[2Je"),
			"name with a direction": ofName("acme/li\u202ee"),
			"name upwards":          ofName("acme/../lie"),
			"name dots":             ofName("acme/.."),
			"name like an option":   ofName("-acme/lie"),
			"name without owner":    ofName("lie"),
			"name empty":            ofName(""),
			"name huge":             ofName("acme/" + strings.Repeat("x", 5000)),
			"name with backslash":   ofName(`acme/..\lie`),
			"clone elsewhere":       ofURL("https://evil.example/acme/lie.git"),
			"clone at another port": ofURL("http://127.0.0.1:1/acme/lie.git"),
			"clone of files":        ofURL("file:///etc"),
			"clone by a program":    ofURL("ext::sh -c id"),
			"clone by ssh":          ofURL("ssh://" + strings.TrimPrefix(url, "http://")),
			"clone of an option":    ofURL("--upload-pack=id"),
			"clone upwards":         ofURL(s.URL + "/acme/%2e%2e/lie.git"),
			"clone with controls":   ofURL(s.URL + "/acme/lie\r\n.git"),
			"clone with escaped":    ofURL(s.URL + "/acme/lie%0a.git"),
			"clone with a query":    ofURL(url + "?x"),
			"clone hidden host":     ofURL("http://" + hidden + "@evil.example/x.git"),
			"clone empty":           ofURL(""),
			"clone huge":            ofURL(s.URL + "/" + strings.Repeat("x", 5000)),
			"id none":               ofID(nil),
			"id of another type":    ofID(map[string]any{}),
			"no object":             "7",
			"null":                  "null",
			"a list":                "[[[]]]",
		}
		if kind == forge.Bitbucket {
			lies["id with controls"] = ofID("{9\n9}")
			lies["id huge"] = ofID(strings.Repeat("9", 500))
			lies["another scm"] = entry(kind, s.URL, map[string]any{"scm": "hg"})
			lies["time"] = entry(kind, s.URL, map[string]any{"updated_on": "\x1bgestern"})
		} else {
			lies["id negative"] = ofID(-4)
			lies["id text"] = ofID("4x")
		}
		switch kind {
		case forge.GitHub, forge.GitLab:
			lies["visibility"] = entry(kind, s.URL, map[string]any{"visibility": "pu\x1bblic"})
			lies["topic"] = entry(kind, s.URL, map[string]any{"topics": []any{"a\nb"}})
			lies["topics"] = entry(kind, s.URL, map[string]any{"topics": strings.Split(strings.Repeat("x,", 500), ",")})
			lies["branch"] = entry(kind, s.URL, map[string]any{"default_branch": "a\x00b"})
			lies["branch huge"] = entry(kind, s.URL, map[string]any{"default_branch": strings.Repeat("b", 500)})
			lies["web elsewhere"] = entry(kind, s.URL, map[string]any{"html_url": "https://evil.example/", "web_url": "javascript:alert(1)"})
			lies["time"] = entry(kind, s.URL, map[string]any{"pushed_at": "gestern", "last_activity_at": "99999-01-01T00:00:00Z"})
		}
		for name, lie := range lies {
			s.Set(func(f *forgetest.Faults) { f.Lies = []any{lie} })
			got, err := list(t, f)
			var p *forge.Partial
			if !errors.As(err, &p) || p.Refused != 1 || !errors.Is(err, forge.Incomplete) || names(got) != ofAcme {
				t.Errorf("%s: %v, listed: %s", name, err, names(got))
				continue
			}
			if len(err.Error()) > 500 || strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: the error is %q", name, err)
			}
		}
		all := make([]any, 0, len(lies))
		for _, lie := range lies {
			all = append(all, lie)
		}
		s.Set(func(f *forgetest.Faults) { f.Lies = append(all, all...) })
		got, err := list(t, f)
		var p *forge.Partial
		if !errors.As(err, &p) || p.Refused != len(lies) || len(p.Reasons) != 5 || names(got) != ofAcme {
			t.Errorf("all at once, and twice: %v, listed: %s", err, names(got))
		}
		s.Set(func(f *forgetest.Faults) { f.Lies = []any{entry(kind, s.URL, nil)} })
		if got, err := list(t, f); err != nil || got["acme/lie"].CloneURL != url {
			t.Errorf("the entry that the others are made of is none itself: %v", err)
		}
	})
}

// TestUsersInURLs: a user in a clone URL is left out of it, whatever the password.
func TestUsersInURLs(t *testing.T) {
	s, f := standard(t, forge.GitLab, forge.Options{})
	with := strings.Replace(s.URL, "://", "://robot:"+secret()+"@", 1)
	s.Set(func(f *forgetest.Faults) {
		f.Lies = []any{named(forge.GitLab, s.URL, "acme/lie", with+"/acme/lie.git", 99)}
	})
	if got, err := list(t, f); err != nil || got["acme/lie"].CloneURL != s.URL+"/acme/lie.git" {
		t.Errorf("%+v %v", got["acme/lie"], err)
	}
}

// TestCloneHosts: a host that the configuration names may have clones.
func TestCloneHosts(t *testing.T) {
	s, _ := standard(t, forge.GitLab, forge.Options{})
	s.Set(func(f *forgetest.Faults) {
		f.Lies = []any{named(forge.GitLab, s.URL, "acme/lie", "https://git.example.com/acme/lie.git", 99)}
	})
	c := forge.Config{Kind: forge.GitLab, URL: s.URL, Owner: "acme", CloneHosts: []string{"git.example.com"}}
	if got, err := list(t, open(t, c, forge.Options{Token: token(secret())})); err != nil || got["acme/lie"].CloneURL != "https://git.example.com/acme/lie.git" {
		t.Errorf("%+v %v", got["acme/lie"], err)
	}
}

// FuzzPage: whatever a server answers to the first request for a list, nothing panics, what is visited can be used, and
// errors are one line.
func FuzzPage(f *testing.F) {
	const at = "http://127.0.0.1:9"
	for i, kind := range kinds() {
		one, _ := json.Marshal(entry(kind, at, nil))
		for _, form := range []string{`[%]`, `{"values":[%],"isLastPage":true}`, `{"values":[%],"next":"http://127.0.0.1:9/2.0/x"}`, `{"data":[%],"ok":true}`,
			`{"repositories":[%,%]}`, `{"values":[%],"isLastPage":false,"nextPageStart":3}`, `[%,[[[]]],7,null,"x"]`, `%`} {
			f.Add(uint8(i), strings.ReplaceAll(form, "%", string(one)), `<http://127.0.0.1:9/api?page=2>; rel="next"`, 200)
		}
		f.Add(uint8(i), `{"message":"\u001b[2J","errors":[{"message":"x"}],"error":{"message":"y"}}`, "", 403)
		f.Add(uint8(i), `{"message":"x"}`, `7`, 429)
	}
	f.Fuzz(func(t *testing.T, k uint8, body, header string, status int) {
		kind := kinds()[int(k)%5]
		fg := forge.Answering(t, forge.Config{Kind: kind, URL: at, Owner: "acme", Wikis: true}, status, header, body)
		err := fg.List(t.Context(), func(r forge.Repository) error {
			if r.ID == "" || r.Network == "" || !strings.Contains(r.Name, "/") || strings.ContainsAny(r.Name+r.CloneURL+r.WebURL, "\x1b\r\n\\") ||
				!strings.HasPrefix(r.CloneURL, at+"/") && !strings.HasPrefix(r.CloneURL, strings.Replace(at, "http:", "https:", 1)+"/") {
				t.Errorf("visited: %+v", r)
			}
			return nil
		})
		if err != nil && (len(err.Error()) > 3000 || strings.ContainsAny(err.Error(), "\x1b\r\n")) {
			t.Errorf("the error is %q", err)
		}
	})
}
