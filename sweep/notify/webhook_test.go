package notify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestWebhook(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ received) { w.WriteHeader(http.StatusAccepted) })
	now := testTime()
	c := mustNew(t, Config{Type: "webhook", URL: f.URL + "/hook"}, Secrets{Key: given(testSecret)}, Options{Now: func() time.Time { return now }})
	for range 2 {
		if err := c.Send(context.Background(), testMessage()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	got := f.got()
	if len(got) != 2 || string(got[0].body) != string(got[1].body) || got[0].header.Get("X-Rummage-Delivery") != got[1].header.Get("X-Rummage-Delivery") {
		t.Fatalf("a repetition is not known by its delivery: %+v", got)
	}
	r := got[0]
	if r.header.Get("X-Rummage-Event") != "findings" || r.path != "/hook" || r.method != http.MethodPost || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", r)
	}
	var p Payload
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatal(err)
	}
	if p.ID != r.header.Get("X-Rummage-Delivery") || len(p.New) != 1 || len(p.Regressed) != 1 || p.New[0].Path != "config/app.env" || p.New[0].Line != 12 {
		t.Errorf("%+v", p)
	}

	key := []byte(testSecret)
	if err := Verify(key, r.header, r.body, testTime().Add(4*time.Minute)); err != nil {
		t.Error(err)
	}
	if Verify([]byte("another"), r.header, r.body, testTime()) == nil || Verify(key, r.header, append(r.body, ' '), testTime()) == nil {
		t.Error("a signature holds for another key or body")
	}
	if Verify(key, r.header, r.body, testTime().Add(6*time.Minute)) == nil || Verify(key, r.header, r.body, testTime().Add(-6*time.Minute)) == nil {
		t.Error("an old timestamp is taken")
	}
	r.header.Set("X-Rummage-Timestamp", "1")
	if Verify(key, r.header, r.body, time.Unix(1, 0)) == nil {
		t.Error("the timestamp is not signed")
	}
}

func TestWebhookTrial(t *testing.T) {
	f := newFake(t, func(http.ResponseWriter, received) {})
	c := mustNew(t, Config{Type: "webhook"}, Secrets{Key: given(testSecret), URL: given(f.URL)}, Options{})
	if err := c.Send(context.Background(), Message{ID: "x"}); err != nil {
		t.Fatal(err)
	}
	if got := f.got(); got[0].header.Get("X-Rummage-Event") != "ping" || !contains(got[0].body, `"new":[]`) {
		t.Errorf("%+v", got)
	}
}

// TestWebhookBounds: however much there is, the body is bounded and says what it leaves out.
func TestWebhookBounds(t *testing.T) {
	m := testMessage()
	m.New[0].Remedy = strings.Repeat("é", 1<<20)
	for len(m.New) < webhookFindings+7 {
		m.New = append(m.New, m.New[0])
	}
	p := payload(m)
	if len(p.New) != webhookFindings || p.Omitted != 8 || len(p.Regressed) != 0 {
		t.Errorf("%d new, %d omitted", len(p.New), p.Omitted)
	}
	if r := p.New[0].Remedy; len(r) > maxField+4 || !strings.HasSuffix(r, "é…") {
		t.Errorf("a field of %d bytes that ends with %q", len(r), r[len(r)-6:])
	}
	if p := payload(hostile()); strings.ContainsAny(p.ID, "\r\n ") || !json.Valid(encode(p)) {
		t.Error("a payload that is none")
	}
}

// TestStatus: what of an answer makes an error permanent, and when to come again.
func TestStatus(t *testing.T) {
	reset := testTime().Add(90 * time.Second)
	for _, tt := range []struct {
		code      int
		header    [2]string
		permanent bool
		after     time.Duration
	}{
		{400, [2]string{}, true, 0},
		{401, [2]string{}, false, 0},
		{403, [2]string{}, false, 0},
		{403, [2]string{"Retry-After", "60"}, false, time.Minute},
		{404, [2]string{}, false, 0},
		{408, [2]string{}, false, 0},
		{410, [2]string{}, true, 0},
		{422, [2]string{}, true, 0},
		{429, [2]string{"Retry-After", "30"}, false, 30 * time.Second},
		{429, [2]string{}, false, 0},
		{429, [2]string{"Retry-After", "99999999999999"}, false, 24 * time.Hour},
		{429, [2]string{"Retry-After", "-5"}, false, 0},
		{429, [2]string{"Retry-After", reset.Format(http.TimeFormat)}, false, 90 * time.Second},
		{413, [2]string{}, true, 0},
		{500, [2]string{"Retry-After", "30"}, false, 0},
		{503, [2]string{"Retry-After", "30"}, false, 30 * time.Second},
		{302, [2]string{"Location", "https://evil.example/" + testSecret}, false, 0},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ received) {
			if tt.header[0] != "" {
				w.Header().Set(tt.header[0], tt.header[1])
			}
			w.WriteHeader(tt.code)
			_, _ = w.Write([]byte(testSecret))
		})
		c := mustNew(t, Config{Type: "webhook", URL: f.URL}, Secrets{Key: given(testSecret)}, Options{Now: testTime})
		e := failing(t, c, testMessage())
		if e.Permanent != tt.permanent || e.After != tt.after {
			t.Errorf("%d %v: permanent %v, after %v", tt.code, tt.header, e.Permanent, e.After)
		}
		if !strings.HasPrefix(e.Error(), "channel ops: the receiver: ") {
			t.Errorf("%v", e)
		}
	}
}

// TestRateLimit: GitHub tells of the primary limit by other headers.
func TestRateLimit(t *testing.T) {
	h := http.Header{}
	h.Set("X-RateLimit-Remaining", "0")
	h.Set("X-RateLimit-Reset", "1795849290") // 90 s after
	after, limited := limit(&http.Response{StatusCode: http.StatusForbidden, Header: h}, time.Unix(1795849200, 0))
	if !limited || after != 90*time.Second {
		t.Errorf("%v %v", after, limited)
	}
}

// TestRedirect: no credential goes where an answer leads.
func TestRedirect(t *testing.T) {
	evil := newFake(t, func(http.ResponseWriter, received) {})
	for _, code := range []int{301, 302, 303, 307, 308} {
		f := newFake(t, func(w http.ResponseWriter, _ received) {
			w.Header().Set("Location", evil.URL)
			w.WriteHeader(code)
		})
		failing(t, mustNew(t, Config{Type: "webhook", URL: f.URL}, Secrets{Key: given(testSecret)}, Options{}), testMessage())
		failing(t, mustNew(t, Config{Type: "github-issue", URL: f.URL, Project: "sec/inbox"}, Secrets{Token: given(testSecret)}, Options{}), testMessage())
	}
	if n := len(evil.got()); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

// TestUnreachable: an address that is a secret is in no error of a connection either.
func TestUnreachable(t *testing.T) {
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	for _, c := range []Channel{
		mustNew(t, Config{Type: "webhook"}, Secrets{Key: given("k"), URL: given(dead.URL + "/" + testSecret)}, Options{}),
		mustNew(t, Config{Type: "slack"}, Secrets{URL: given(dead.URL + "/" + testSecret)}, Options{}),
		mustNew(t, Config{Type: "slack"}, Secrets{URL: given("http://[::1]:namedport/" + testSecret)}, Options{}),
		mustNew(t, Config{Type: "slack"}, Secrets{URL: given("https://user:" + testSecret + "@127.0.0.1:1/x")}, Options{}),
		mustNew(t, Config{Type: "slack"}, Secrets{URL: given("http://slack.example/" + testSecret)}, Options{}),
		mustNew(t, Config{Type: "slack"}, Secrets{URL: given(testSecret + "\n" + testSecret)}, Options{}),
	} {
		if e := failing(t, c, testMessage()); e.Permanent {
			t.Errorf("%v: another try may mend it", e)
		}
	}
}

// TestConnectError: errors of the library quote the address, and that escaped or shortened.
func TestConnectError(t *testing.T) {
	inner := &url.Error{Op: "Post", URL: "https://hooks.example/" + testSecret, Err: errors.New("refused")}
	err := connectError(context.Background(), "Slack", &url.Error{Op: "Post", URL: "https://hooks.example/%2F" + testSecret, Err: inner})
	checkError(t, err)
	if err.Error() != "Slack: refused" {
		t.Error(err)
	}
}

func TestTimeout(t *testing.T) {
	hang := make(chan struct{})
	f := newFake(t, func(http.ResponseWriter, received) { <-hang })
	defer close(hang)
	c := mustNew(t, Config{Type: "webhook", URL: f.URL}, Secrets{Key: given(testSecret)}, Options{Timeout: 50 * time.Millisecond})
	if e := failing(t, c, testMessage()); e.Reason != "the receiver: no answer in time" || e.Permanent {
		t.Errorf("%v", e)
	}
}
