package imagescan

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// password is one that no error may tell, nor what is made of it.
const password = "correct-horse-battery"

var basic = base64.StdEncoding.EncodeToString([]byte("me:" + password))

// issued is the token that the test's realm gives for the password.
const issued = "issued-for-me-alone"

// bearer makes a site ask for a token of its realm, which wants the password. After that then is asked.
func bearer(s *site, then func(w http.ResponseWriter, r *http.Request) bool) {
	s.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			if user, word, _ := r.BasicAuth(); user != "me" || word != password {
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"not with %s"}]}`, r.Header.Get("Authorization"))
				return true
			}
			fmt.Fprintf(w, `{"token":%q}`, issued)
			return true
		}
		if r.Header.Get("Authorization") != "Bearer "+issued {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/token",service="test"`, strings.Replace(s.host, "registry.", "auth.", 1)))
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return then(w, r)
	})
}

func auths(host, auth string) string { return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, auth) }

func TestCredentials(t *testing.T) {
	s := newSite(t, true)
	s.push(s.host+"/app:1", randomImage(t))
	_, port, _ := net.SplitHostPort(s.host)
	s.options.Allow = append(s.options.Allow, "auth.example.com:"+port)
	bearer(s, func(http.ResponseWriter, *http.Request) bool { return false })

	dockerConfig(t, auths(s.host, basic))
	theRoot(t, s.open(s.host+"/app:1"))

	helper(t, "printf '%s' '{\"Username\":\"me\",\"Secret\":\""+password+"\"}'")
	dockerConfig(t, fmt.Sprintf(`{"credHelpers":{%q:"rummage-test"}}`, s.host))
	theRoot(t, s.open(s.host+"/app:1"))

	for what, config := range map[string]string{
		"none": "", "of another host": auths("other.example.com", basic), "wrong": auths(s.host, base64.StdEncoding.EncodeToString([]byte("me:wrong-"+password))),
	} {
		dockerConfig(t, config)
		_, err := s.open(s.host + "/app:1").roots(t.Context())
		if err == nil || !strings.Contains(err.Error(), "HTTP 401 Unauthorized, UNAUTHORIZED") {
			t.Errorf("%s: %v", what, err)
		}
		checkSecret(t, what, err)
	}
}

// helper puts a credential helper on the path.
func helper(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-rummage-test"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// checkSecret looks for what no error may tell in an error and all that it wraps.
func checkSecret(t *testing.T, what string, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			text := fmt.Sprintf(verb, err)
			for _, secret := range []string{password, basic, issued, "signature-of-a-url"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s: an error tells %s: %s", what, verb, secret, text)
				}
			}
		}
	}
}

// TestErrorsTellNoCredential: registries that answer with what they were sent, in all the ways there are.
func TestErrorsTellNoCredential(t *testing.T) {
	s, img := newSite(t, true), randomImage(t)
	s.push(s.host+"/app:1", img)
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer := manifest.Layers[0]
	d := descriptor{MediaType: string(layer.MediaType), Digest: layer.Digest.String(), Size: layer.Size}
	_, port, _ := net.SplitHostPort(s.host)
	s.options.Allow = append(s.options.Allow, "auth.example.com:"+port, "auth.example.com:1")
	dockerConfig(t, auths(s.host, basic))
	for what, echo := range map[string]func(w http.ResponseWriter, r *http.Request){
		"message": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":%q,"detail":%q},{"code":%q}]}`, issued, issued, issued)
		},
		"body": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, r.Header.Get("Authorization")+basic+password)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://cdn.example.com:1/"+issued+"?X-Sig=signature-of-a-url", http.StatusFound)
		},
		"redirect to what is down": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://auth.example.com:1/signature-of-a-url?X-Sig=signature-of-a-url", http.StatusFound)
		},
		"user in a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "ftp://"+issued+":"+password+"@cdn.example.com/"+basic, http.StatusFound)
		},
		"redirect that is none": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://%zz"+issued+"?X-Sig=signature-of-a-url")
			w.WriteHeader(http.StatusFound)
		},
		"no HTTP": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 %s nonsense\r\n\r\n", r.Header.Get("Authorization"))
				conn.Close()
			}
		},
		"not a token": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://registry.example.com:`+port+`/nothing"`)
			w.WriteHeader(http.StatusUnauthorized)
		},
	} {
		bearer(s, func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			echo(w, r)
			return true
		})
		st := s.open(s.host + "/app:1")
		_, err := st.roots(t.Context())
		_, err2 := content(t, st, d)
		_, err3 := st.referrers(t.Context(), d.Digest)
		for _, err := range []error{err, err2, err3} {
			if err == nil {
				t.Errorf("%s: no error", what)
			}
			checkSecret(t, what, err)
		}
	}
}

// TestTokenOfRealm: what a realm answers is not told either.
func TestTokenOfRealm(t *testing.T) {
	s := newSite(t, true)
	_, port, _ := net.SplitHostPort(s.host)
	s.options.Allow = append(s.options.Allow, "auth.example.com:"+port)
	dockerConfig(t, auths(s.host, basic))
	s.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			fmt.Fprintf(w, `{"refresh_token":%q}`, issued)
			return true
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://auth.example.com:%s/token"`, port))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	_, err := s.open(s.host + "/app:1").roots(t.Context())
	if err == nil {
		t.Error("no error")
	}
	checkSecret(t, "token", err)
}

// TestBrokenHelper: a helper's output is not told, and nothing is asked without the credentials that there should be.
func TestBrokenHelper(t *testing.T) {
	s := newSite(t, true)
	helper(t, "echo "+password+"; exit 1")
	for _, config := range []string{
		fmt.Sprintf(`{"credHelpers":{%q:"rummage-test"}}`, s.host),
		fmt.Sprintf(`{"credHelpers":{%q:"rummage-test-none"}}`, s.host),
		fmt.Sprintf(`{"auths":{%q:{"auth":"%s`, s.host, basic),
	} {
		dockerConfig(t, config)
		_, err := s.open(s.host + "/app:1").roots(t.Context())
		if err == nil || !strings.Contains(err.Error(), "credential helper") || len(s.requests()) != 0 {
			t.Error(err)
		}
		checkSecret(t, config[:12], err)
	}
}

func TestDefaultRegistries(t *testing.T) {
	hub := []string{"auth.docker.io", "docker.io", "index.docker.io", "registry-1.docker.io"}
	for _, c := range []struct {
		config string
		more   []string
	}{
		{"", nil},
		{`{}`, nil},
		{`{"credsStore":"x","auths":{"https://index.docker.io/v1/":{},"ghcr.io":{"auth":"x"},"https://quay.example/v2/":{}},"credHelpers":{"zone.example:5000":"y","ghcr.io":"z"}}`,
			[]string{"ghcr.io", "quay.example", "zone.example:5000"}},
	} {
		dockerConfig(t, c.config)
		got, err := DefaultRegistries()
		want := append(slices.Clone(hub), c.more...)
		slices.Sort(want)
		if !slices.Equal(got, want) || err != nil {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
		if _, err := openRegistry(t.Context(), "alpine", RegistryOptions{Allow: got}); err != nil {
			t.Error(err)
		}
	}
	dockerConfig(t, `{"auths":{"x":{"auth":"`+basic)
	if got, err := DefaultRegistries(); err == nil || got != nil {
		t.Errorf("%v, %v", got, err)
	} else {
		checkSecret(t, "configuration", err)
	}
}
