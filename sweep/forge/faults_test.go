package forge_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// TestTransient: errors that pass are tried again with longer and longer waits, those that stay end it.
func TestTransient(t *testing.T) {
	faults := map[string]func(*forgetest.Faults, int){
		"502":       func(f *forgetest.Faults, n int) { f.Fail = n },
		"500":       func(f *forgetest.Faults, n int) { f.Fail, f.FailStatus = n, 500 },
		"truncated": func(f *forgetest.Faults, n int) { f.Truncated = n },
	}
	for name, set := range faults {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, kind forge.Kind) {
				var w waits
				s, f := standard(t, kind, forge.Options{Wait: w.wait})
				s.Set(func(f *forgetest.Faults) { set(f, 3) })
				got, err := list(t, f)
				if err != nil || names(got) != ofAcme {
					t.Errorf("listed: %s %v", names(got), err)
				}
				if len(w) != 3 || w[0] < time.Second/2 || w[1] < time.Second || w[2] < 2*time.Second || w[2] > 4*time.Second {
					t.Errorf("waits of %v", w)
				}
				s.Reset()
				s.Set(func(f *forgetest.Faults) { set(f, 1000) })
				_, err = list(t, f)
				mustBe(t, err, forge.Unavailable)
				if n := len(s.Requests()); n < 5 || n > 6 { // one more where an organisation is tried as a user
					t.Errorf("%d tries", n)
				}
			})
		})
	}
}

// TestNobodyThere: a port on which nothing listens.
func TestNobodyThere(t *testing.T) {
	s := start(t, forgetest.Config{Kind: forge.GitLab})
	s.Close()
	_, err := list(t, open(t, forge.Config{Kind: forge.GitLab, URL: s.URL, Owner: "acme"}, forge.Options{Token: token(secret())}))
	mustBe(t, err, forge.Unavailable)
}

// TestRateLimits: both kinds of limits are waited for as long as the forge says, and no longer than is allowed.
func TestRateLimits(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	each(t, func(t *testing.T, kind forge.Kind) {
		var w waits
		s, f := standard(t, kind, forge.Options{Wait: w.wait, MaxWait: 10 * time.Minute})
		s.Set(func(f *forgetest.Faults) {
			f.Primary, f.Reset, f.RetryAfter, f.Reason = 1, now.Add(5*time.Minute), "300", "come back later"
		})
		got, err := list(t, f)
		if err != nil || names(got) != ofAcme {
			t.Fatalf("listed: %s %v", names(got), err)
		}
		want := 5 * time.Minute
		if kind == forge.Bitbucket { // which says nothing
			want = time.Minute
		}
		if len(w) != 1 || w[0] > want+2*time.Second || w[0] < want-20*time.Second {
			t.Errorf("waits of %v, not %v", w, want)
		}
		for said, want := range map[string]time.Duration{"7": 7 * time.Second, "": time.Minute, "soon": time.Minute, "0": time.Second} {
			w = nil
			s.Set(func(f *forgetest.Faults) { f.Secondary, f.RetryAfter, f.Reason = 1, said, "" })
			if _, err := list(t, f); err != nil || len(w) != 1 || w[0] != want {
				t.Errorf("Retry-After %q: waits of %v, %v", said, w, err)
			}
		}
		w = nil
		s.Set(func(f *forgetest.Faults) {
			f.Secondary, f.RetryAfter = 1, now.Add(100*time.Second).UTC().Format(http.TimeFormat)
		})
		if _, err := list(t, f); err != nil || len(w) != 1 || w[0] < 80*time.Second || w[0] > 102*time.Second {
			t.Errorf("Retry-After with a date: waits of %v, %v", w, err)
		}
	})
}

// TestRateLimitTooLong: a limit that ends later is an error that says when; one that never ends is one too.
func TestRateLimitTooLong(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		var w waits
		s, f := standard(t, kind, forge.Options{Wait: w.wait, Now: func() time.Time { return day(1) }})
		s.Set(func(f *forgetest.Faults) { f.Secondary, f.RetryAfter = 1, "3600" })
		_, err := list(t, f)
		var limit *forge.RateLimit
		if !errors.As(err, &limit) || !limit.Until.Equal(day(1).Add(time.Hour)) || len(w) != 0 {
			t.Errorf("%v after waits of %v", err, w)
		}
		s.Set(func(f *forgetest.Faults) { f.Secondary, f.RetryAfter = 1_000_000, "2" })
		if _, err = list(t, f); !errors.As(err, &limit) || len(w) != 5 {
			t.Errorf("a limit without end: %v after %d waits", err, len(w))
		}
		for _, bad := range []string{"-5", "99999999999999999999", "9223372036854775807", "soon"} {
			s.Set(func(f *forgetest.Faults) { f.Secondary, f.RetryAfter = 1_000_000, bad })
			if _, err = list(t, f); !errors.As(err, &limit) || limit.Until.Before(day(1)) || limit.Until.After(day(1).AddDate(1, 1, 0)) {
				t.Errorf("Retry-After %q: %v", bad, err)
			}
		}
	})
}

// TestUnsaidLimit: a limit that does not say when it ends is waited for longer and longer.
func TestUnsaidLimit(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		var w waits
		s, f := standard(t, kind, forge.Options{Wait: w.wait})
		s.Set(func(f *forgetest.Faults) { f.Secondary = 1_000_000 })
		_, err := list(t, f)
		var limit *forge.RateLimit
		if !errors.As(err, &limit) || len(w) != 3 || w[0] != time.Minute || w[1] != 2*time.Minute || w[2] != 4*time.Minute {
			t.Errorf("%v after %v", err, w)
		}
	})
}

// TestForbiddenIsNoLimit: a 403 of a token that may not is refused at once.
func TestForbiddenIsNoLimit(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		var w waits
		s, f := standard(t, kind, forge.Options{Wait: w.wait})
		s.Set(func(f *forgetest.Faults) { f.Fail, f.FailStatus = 1, 403 })
		_, err := list(t, f)
		mustBe(t, err, forge.Denied)
		if len(w) != 0 {
			t.Errorf("waits of %v", w)
		}
	})
}

// TestRevoked: a token that is revoked in the middle of a list ends it, and what was visited before stays visited.
func TestRevoked(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		s, f := standard(t, kind, forge.Options{})
		s.Set(func(f *forgetest.Faults) { f.RevokeAfter = 2 })
		got, err := list(t, f)
		mustBe(t, err, forge.Denied)
		if len(got) == 0 || len(got) >= 11 {
			t.Errorf("listed: %s", names(got))
		}
	})
}

// TestPagesWithoutEnd: lists that lead back or on and on are errors.
func TestPagesWithoutEnd(t *testing.T) {
	for name, set := range map[string]func(*forgetest.Faults){
		"loop":   func(f *forgetest.Faults) { f.Loop = true },
		"repeat": func(f *forgetest.Faults) { f.Repeat = true },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, kind forge.Kind) {
				if name == "loop" && kind == forge.Gitea {
					t.Skip("its pages are counted, not followed")
				}
				s, f := standard(t, kind, forge.Options{})
				s.Set(set)
				_, err := list(t, f)
				mustBe(t, err, forge.Malformed)
				if n := len(s.Requests()); n > 20 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// TestMovingPages: repositories that come up twice because others were made meanwhile are visited once, and no loop.
func TestMovingPages(t *testing.T) {
	s, f := standard(t, forge.Gitea, forge.Options{})
	added := false
	got := 0
	err := f.List(t.Context(), func(forge.Repository) error {
		if got++; !added {
			added = true
			s.SetRepos(append([]forgetest.Repo{{ID: 1, Name: "acme/first"}}, model()...))
		}
		return nil
	})
	if err != nil || got != 11 {
		t.Errorf("%d visited, %v", got, err)
	}
}

// TestBounds: answers, pages and lists that are too large.
func TestBounds(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		_, f := standard(t, kind, forge.Options{MaxRepositories: 4})
		got, err := list(t, f)
		mustBe(t, err, forge.Malformed)
		if len(got) > 6 {
			t.Errorf("%d were visited", len(got))
		}
	})
	many := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v4/groups/many") {
			fmt.Fprint(w, "["+strings.Repeat(`{},`, 5000)+"{}]")
			return
		}
		part := strings.Repeat(" ", 1<<20)
		for range 17 {
			fmt.Fprint(w, part)
		}
		fmt.Fprint(w, "[]")
	}))
	defer many.Close()
	for owner, want := range map[string]string{"many": "more than 2000 entries", "large": "more than 16777216 bytes"} {
		_, err := list(t, open(t, forge.Config{Kind: forge.GitLab, URL: many.URL, Owner: owner}, forge.Options{}))
		mustBe(t, err, forge.Malformed)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", owner, err)
		}
	}
}

// TestNoList: answers of success that are no lists are no empty lists.
func TestNoList(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		for _, body := range []string{``, `{}`, `"x"`, `7`, `[`, `[{]`, `{"values":7}`, `<html>log in</html>`, `{"values":[]}x`, `{"values":[]`, `{"data":{}}`} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
			_, err := list(t, open(t, forge.Config{Kind: kind, URL: s.URL, Owner: "acme"}, forge.Options{}))
			s.Close()
			if !errors.Is(err, forge.Malformed) {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}

// stranger is another host, that counts what is asked of it.
func stranger(t *testing.T) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, "[]")
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// TestElsewhere: neither a link nor a redirect leads to another host, nor from https to http.
func TestElsewhere(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		other, asked := stranger(t)
		s, f := standard(t, kind, forge.Options{})
		if kind != forge.Gitea && kind != forge.BitbucketDC { // whose pages are counted, not followed
			s.Set(func(f *forgetest.Faults) { f.NextHost = other })
			_, err := list(t, f)
			mustBe(t, err, forge.Elsewhere)
		}
		s.Set(func(f *forgetest.Faults) { f.RedirectTo = other })
		_, err := list(t, f)
		mustBe(t, err, forge.Elsewhere)

		tls := forgetest.StartTLS(forgetest.Config{Kind: kind, Repos: model(), Token: secret(), PerPage: 3})
		defer tls.Close()
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate()}), 0o600); err != nil {
			t.Fatal(err)
		}
		c := forge.Config{Kind: kind, URL: tls.URL, Owner: "acme"}
		_, err = list(t, open(t, c, forge.Options{Token: token(secret())}))
		mustBe(t, err, forge.Unavailable)
		if n := len(tls.Requests()); n > 0 {
			t.Errorf("%d requests to a host whose certificate nobody knows", n)
		}
		c.CAFile = ca
		f = open(t, c, forge.Options{Token: token(secret())})
		if got, err := list(t, f); err != nil || names(got) != ofAcme {
			t.Errorf("by https: %s %v", names(got), err)
		}
		tls.Set(func(f *forgetest.Faults) { f.RedirectTo = strings.Replace(tls.URL, "https:", "http:", 1) })
		_, err = list(t, f)
		mustBe(t, err, forge.Elsewhere)
		if n := asked.Load(); n > 0 {
			t.Errorf("%d requests to another host", n)
		}
	})
}

// TestRedirectOnHost: an organisation that was renamed is found by its old name; a redirect in a circle ends.
func TestRedirectOnHost(t *testing.T) {
	for _, kind := range []forge.Kind{forge.GitHub, forge.GitLab, forge.Gitea} {
		s, f := standard(t, kind, forge.Options{})
		s.Rename("acme", "emca")
		got, err := list(t, f)
		if want := strings.ReplaceAll(ofAcme, "acme/", "emca/"); err != nil || names(got) != want {
			t.Errorf("%s: listed: %s %v", kind, names(got), err)
		}
		s.Reset()
		s.Set(func(f *forgetest.Faults) { f.RedirectTo = s.URL })
		_, err = list(t, f)
		mustBe(t, err, forge.Elsewhere)
		if n := len(s.Requests()); n != 6 {
			t.Errorf("%s: a circle of %d requests", kind, n)
		}
	}
}

// TestEmptyPages: empty pages that go on and on end, whatever they are called.
func TestEmptyPages(t *testing.T) {
	for name, next := range map[string]string{"other names": `?n=%d`, "deeper and deeper": `x/%d/`} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			fmt.Fprintf(w, `{"values":[],"next":%q}`, fmt.Sprintf(next, asked))
		}))
		_, err := list(t, open(t, forge.Config{Kind: forge.Bitbucket, URL: s.URL, Owner: "acme"}, forge.Options{}))
		s.Close()
		if mustBe(t, err, forge.Malformed); asked > 510 || asked < 400 {
			t.Errorf("%s: %d requests", name, asked)
		}
	}
}

// TestReasons: what a server says of an error is shown in part, in one line, and without the token.
func TestReasons(t *testing.T) {
	each(t, func(t *testing.T, kind forge.Kind) {
		s, f := standard(t, kind, forge.Options{})
		s.Set(func(f *forgetest.Faults) {
			f.Fail, f.FailStatus = 1000, 403
			f.Reason = "no\x1b[2J\r\n" + secret() + strings.Repeat(" long", 1000)
		})
		_, err := list(t, f) // looks for the secret and line breaks
		if err == nil || !strings.Contains(err.Error(), "no?[2J??xxxxx long") || len(err.Error()) > 400 {
			t.Errorf("%v", err)
		}
	})
}

// TestCancel: a context that ends while a rate limit is waited for ends the list with its cause.
func TestCancel(t *testing.T) {
	s, f := standard(t, forge.GitLab, forge.Options{Wait: func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }})
	s.Set(func(f *forgetest.Faults) { f.Secondary = 1 })
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if err := f.List(ctx, func(forge.Repository) error { return nil }); err != enough {
		t.Errorf("%v", err)
	}
}
