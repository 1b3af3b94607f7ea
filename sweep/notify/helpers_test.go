package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// The secrets of the tests' channels are in no error, whatever happens.
const testSecret = "not-a-real-secret-0123456789"

func given(s string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(s), nil }
}

func testTime() time.Time { return time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC) }

func testMessage() Message {
	return Message{
		ID: "ops 4711 true", Repository: "team/app", WebURL: "https://github.com/team/app", Scan: "4711", Time: testTime(),
		New: []Finding{{ID: "1f0c3b2a4d5e", Rule: "github-pat", Title: "GitHub token", Severity: "critical", Mask: "ghp_****", Path: "config/app.env",
			Line: 12, Commit: strings.Repeat("ab", 20), Author: "Ann <ann@example.org>", Places: 3, Remedy: "Revoke it.\nThen make another.", State: "open",
			FindCommand: "rummage sweep findings 1f0c3b2a4d5e"}},
		Regressed: []Finding{{ID: "2f0c3b2a4d5e", Rule: "aws", Title: "AWS key", Severity: "high", Mask: "AKIA****", Path: "a.tf", Line: 1, Places: 1, State: "open"}},
	}
}

// hostile has in every text what each receiver's markup would make something of.
func hostile() Message {
	bad := "x`\n<!channel> <https://evil.example|click> &amp; *b* _i_ ~s~ ``code`` [l](https://evil.example) ![i](x) <b>h</b> @everyone #1 </code>\r\n" +
		"Bcc: victim@example.org\r\n.\r\n/close\n<!-- rummage:00 -->\x1b[2J\u202e\x00\xff =?utf-8?q?Bcc=3a?= | --> ```"
	f := Finding{ID: bad, Rule: bad, Title: bad, Severity: bad, Mask: bad, Path: bad, Line: 1, Commit: bad, Author: bad, Places: 2, Remedy: bad, State: bad,
		FindCommand: bad}
	return Message{ID: bad, Repository: bad, WebURL: "https://github.com/" + bad, Scan: bad, Time: testTime(), New: []Finding{f}, Regressed: []Finding{f}}
}

// received is a request as a fake server got it.
type received struct {
	method, path string
	query        string
	header       http.Header
	body         []byte
}

// fake is a server that keeps what it got.
type fake struct {
	*httptest.Server
	mu   sync.Mutex
	seen []received
}

func newFake(t *testing.T, answer func(w http.ResponseWriter, r received)) *fake {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got := received{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, body}
		f.mu.Lock()
		f.seen = append(f.seen, got)
		f.mu.Unlock()
		answer(w, got)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) got() []received {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]received(nil), f.seen...)
}

func mustNew(t *testing.T, c Config, s Secrets, o Options) Channel {
	t.Helper()
	if c.Name == "" {
		c.Name = "ops"
	}
	ch, err := New(c, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// failing sends and gives the error, of which all that holds for every error is checked.
func failing(t *testing.T, c Channel, m Message) *Error {
	t.Helper()
	err := c.Send(context.Background(), m)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("want an *Error, got %v", err)
	}
	checkError(t, err)
	return e
}

func checkError(t *testing.T, err error) {
	t.Helper()
	s := err.Error()
	if strings.Contains(s, testSecret) || strings.ContainsAny(s, "\r\n\x1b") || len(s) > 1000 {
		t.Errorf("an error that nobody should see: %q", s)
	}
}

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }
