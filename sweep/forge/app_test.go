package forge_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// appKey is the App's private key, made once: it takes a while.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// appForge is a GitHub with an App that is installed for two organisations, and not in use for a third.
func appForge(t *testing.T, c forge.Config) (*forgetest.Server, *forge.Forge, *clock) {
	t.Helper()
	key := appKey()
	time := &clock{t: day(1)}
	repos := append(model(), forgetest.Repo{ID: 70, Name: "idle/x"})
	repos[1].Dir = bare(t, "web")
	s := start(t, forgetest.Config{
		Kind: forge.GitHub, Repos: repos, PerPage: 3, AppID: 5, AppKey: &key.PublicKey, Now: time.now,
		Installations: []forgetest.Installation{{ID: 501, Account: "Acme"}, {ID: 502, Account: "other"}, {ID: 503, Account: "idle", Suspended: true}},
	})
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	c.Kind, c.URL, c.AppID = forge.GitHub, s.URL, 5
	return s, open(t, c, forge.Options{Now: time.now, AppKey: func(context.Context) ([]byte, error) { return text, nil }}), time
}

// TestApp: an App lists what it is installed for: an owner's, an installation's, or all, but for what is suspended, which is told.
func TestApp(t *testing.T) {
	for name, c := range map[string]forge.Config{"owner": {Owner: "acme"}, "installation": {InstallationID: 501}} {
		_, f, _ := appForge(t, c)
		got, err := list(t, f)
		if err != nil || names(got) != ofAcme {
			t.Errorf("%s: listed: %s %v", name, names(got), err)
		}
		if n := got["acme/api-fork-fork"].Network; n != "11" {
			t.Errorf("%s: a network of %s", name, n)
		}
	}
	_, f, _ := appForge(t, forge.Config{})
	got, err := list(t, f)
	if mustBe(t, err, forge.Incomplete, forge.Denied); names(got) != ofAcme+" other/thing" || !strings.Contains(err.Error(), "for idle is suspended") {
		t.Errorf("all: listed: %s %v", names(got), err)
	}
	_, f, _ = appForge(t, forge.Config{Owner: "nobody"})
	_, err = list(t, f)
	mustBe(t, err, forge.NotFound)
	_, f, _ = appForge(t, forge.Config{Owner: "idle"})
	_, err = list(t, f)
	mustBe(t, err, forge.Denied)
}

// TestAppFailures: what befalls one installation keeps the others from nothing, until several could not be had at all.
func TestAppFailures(t *testing.T) {
	s, f, _ := appForge(t, forge.Config{})
	s.Set(func(f *forgetest.Faults) { f.FailStatus = 404 })
	n := 0
	err := f.List(t.Context(), func(r forge.Repository) error {
		if n++; n == 1 {
			s.Set(func(f *forgetest.Faults) { f.Fail = 1 }) // of the second page, or of a fork
		}
		return nil
	})
	var p *forge.Partial
	if mustBe(t, err, forge.NotFound); !errors.As(err, &p) || p.Failed != 2 || n != 4 {
		t.Errorf("%d visited, %v", n, err)
	}
}

// TestAppCredential: tokens of installations are asked for once for all who need one, and anew before their hour is over.
func TestAppCredential(t *testing.T) {
	s, f, clock := appForge(t, forge.Config{Owner: "acme"})
	get := func() string {
		user, password, err := f.Credential(t.Context())
		if err != nil || user != "x-access-token" || password == "" {
			t.Errorf("%q %v", user, err)
		}
		return password
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { get() })
	}
	wait.Wait()
	first := get()
	clock.pass(49 * time.Minute)
	if get() != first || s.Count("/access_tokens") != 1 {
		t.Errorf("%d tokens were asked for", s.Count("/access_tokens"))
	}
	clock.pass(2 * time.Minute)
	second := get()
	if second == first || s.Count("/access_tokens") != 2 {
		t.Errorf("after 51 minutes %d tokens were asked for", s.Count("/access_tokens"))
	}
	got, err := list(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := clone(t, f, got["acme/web"]); err != nil || out != "web" {
		t.Errorf("a private repository: %v %s", err, out)
	}
	s.Expire() // a token that was taken back is asked for anew
	if got, err := list(t, f); err != nil || names(got) != ofAcme {
		t.Errorf("after the tokens were taken back: %s %v", names(got), err)
	}
	s.Revoke()
	_, err = list(t, f)
	mustBe(t, err, forge.Denied)
}

// TestAppCredentialFor: of an App for all its installations the repository's name says which one's token is meant.
func TestAppCredentialFor(t *testing.T) {
	_, f, _ := appForge(t, forge.Config{})
	_, one, err := f.CredentialFor(t.Context(), "ACME/web")
	if err != nil || !strings.Contains(one, "501") {
		t.Errorf("%v", err)
	}
	if _, two, err := f.CredentialFor(t.Context(), "other/thing"); err != nil || !strings.Contains(two, "502") {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"", "nobody/x"} {
		_, _, err := f.CredentialFor(t.Context(), name)
		mustBe(t, err, forge.NoToken)
	}
}

// TestAppKeys: keys that are none, or another's, are errors that say nothing of them.
func TestAppKeys(t *testing.T) {
	s, _, clock := appForge(t, forge.Config{Owner: "acme"})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	lost := errors.New("the vault is sealed")
	_, err = list(t, open(t, forge.Config{Kind: forge.GitHub, URL: s.URL, Owner: "acme", AppID: 5}, forge.Options{}))
	mustBe(t, err, forge.NoToken)
	for name, c := range map[string]struct {
		text string
		err  error
		want error
	}{
		"lost":    {"", lost, lost},
		"no PEM":  {secret(), nil, forge.NoToken},
		"no key":  {string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte(secret())})), nil, forge.NoToken},
		"another": {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), nil, forge.Denied},
	} {
		f := open(t, forge.Config{Kind: forge.GitHub, URL: s.URL, Owner: "acme", AppID: 5},
			forge.Options{Now: clock.now, AppKey: func(context.Context) ([]byte, error) { return []byte(c.text), c.err }})
		_, err := list(t, f)
		mustBe(t, err, c.want)
		_, _, err = f.Credential(t.Context())
		if mustBe(t, err, c.want); err == nil || strings.Contains(err.Error(), secret()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
