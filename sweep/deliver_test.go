package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rummage/sweep/notify"
	"rummage/sweep/store"
)

// receiver takes webhooks in, or refuses them.
type receiver struct {
	mu     sync.Mutex
	status int
	bodies [][]byte
	errs   []error
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := notify.Verify([]byte("a-key-of-a-webhook-of-a-test"), q.Header, body, time.Now()); err != nil {
		r.errs = append(r.errs, err)
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	r.bodies = append(r.bodies, body)
}

// take gives what has come since the last time.
func (r *receiver) take(t *testing.T) (list []notify.Payload) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.bodies {
		var p notify.Payload
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	for _, err := range r.errs {
		t.Error(err)
	}
	r.bodies = nil
	return list
}

// TestDeliver: what is new or comes back is told once, what is known is not; a receiver that is down hears of it later, and
// what is decided until then is not told. Nothing that is sent, logged or stored has a secret in it.
func TestDeliver(t *testing.T) {
	hook := &receiver{}
	server := httptest.NewServer(hook)
	defer server.Close()
	t.Setenv(SecretVariable("hook"), "a-key-of-a-webhook-of-a-test")
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	r0 := filepath.Join(f.dir, "r0")
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(r0, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, r0, "add", "-A")
		git(t, r0, "commit", "-qm", "Add "+name)
	}
	database := filepath.Join(t.TempDir(), "sweep.db")
	s := openForge(t, database, fmt.Sprintf("[[target]]\nfolder = %q\n[[channel]]\nname = \"hook\"\ntype = \"webhook\"\nurl = %q\n", f.dir, server.URL))
	var logged bytes.Buffer
	sent := func(step string) []notify.Payload {
		t.Helper()
		w, err := NewWorker(context.Background(), s, WorkerOptions{Search: s.Search, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		sum, err := w.Run(context.Background(), false)
		if err != nil || sum.Failed > 0 || (len(sum.Errors) > 0) != (hook.status != 0) {
			t.Fatalf("%s: %v %+v", step, err, sum)
		}
		return hook.take(t)
	}
	put("one", "mark-abc\n")
	if got := sent("new"); len(got) != 1 || len(got[0].New) != 1 || got[0].New[0].Path != "one" || got[0].Repository != "r0" || len(got[0].New[0].Commit) != 40 {
		t.Fatalf("%+v", got)
	}
	put("two", "mark-abc\n")
	if got := sent("known"); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
	hook.status = http.StatusInternalServerError
	put("three", "mark-def\n")
	put("four", "mark-ghi\n")
	if got := sent("down"); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
	hook.status = 0
	var decided string
	if err := s.store.Findings(context.Background(), store.Filter{Path: "four"}, func(f *store.Finding) error {
		decided = f.ID
		return nil
	}); err != nil || decided == "" {
		t.Fatal(err)
	}
	if _, err := s.store.Triage(context.Background(), decided, store.StateFalsePositive, "x", "me"); err != nil {
		t.Fatal(err)
	}
	if got := sent("too early"); len(got) != 0 {
		t.Fatalf("sent again at once: %+v", got)
	}
	hurry(t, database)
	if got := sent("up"); len(got) != 1 || len(got[0].New) != 1 || got[0].New[0].Path != "three" {
		t.Fatalf("%+v", got)
	}
	st, err := s.store.Status(context.Background())
	if err != nil || st.Pending != 0 || st.Failed != 0 {
		t.Fatalf("%+v %v", st, err)
	}
	searchForValues(t, []string{"mark-abc", "mark-def", "mark-ghi"}, map[string][]byte{"log": logged.Bytes()}, filepath.Dir(database))
}

// hurry makes all messages due.
func hurry(t *testing.T, database string) {
	t.Helper()
	db := openSQLite(t, database)
	defer db.Close()
	if _, err := db.Exec("UPDATE delivery SET next_try = 0"); err != nil {
		t.Fatal(err)
	}
}

// searchForValues fails when one of the values is in the texts or in any file below the folder.
func searchForValues(t *testing.T, values []string, texts map[string][]byte, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			texts[file] = data
		}
	}
	for name, text := range texts {
		if len(text) == 0 && !strings.Contains(name, "-wal") {
			t.Errorf("%s is empty", name)
		}
		for _, value := range values {
			if bytes.Contains(text, []byte(value)) {
				t.Errorf("%s has %s", name, value)
			}
		}
	}
}

// TestChannelDown: a channel that is down is not asked for each of many messages, and that is told in few lines; all are sent when
// it is up.
func TestChannelDown(t *testing.T) {
	hook := &receiver{status: http.StatusInternalServerError}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked++
		hook.ServeHTTP(w, q)
	}))
	defer server.Close()
	t.Setenv(SecretVariable("hook"), "a-key-of-a-webhook-of-a-test")
	folder := t.TempDir()
	manyRepositories(t, folder, 50)
	database := filepath.Join(t.TempDir(), "sweep.db")
	s := openForge(t, database, fmt.Sprintf("[[target]]\nfolder = %q\n[[channel]]\nname = \"hook\"\ntype = \"webhook\"\nurl = %q\n", folder, server.URL))
	sum := func() *Summary {
		w := worker(t, s, nil, nil)
		sum, err := w.Run(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if sum := sum(); len(sum.Errors) > failsMost || len(sum.Errors) == 0 || asked > failsMost {
		t.Errorf("asked %d times, %d errors", asked, len(sum.Errors))
	}
	st, err := s.store.Status(context.Background())
	if err != nil || st.Pending < 10 || st.Failed != 0 {
		t.Fatalf("%+v %v", st, err)
	}
	hook.status = 0
	hurry(t, database)
	if sum := sum(); len(sum.Errors) != 0 {
		t.Errorf("%+v", sum)
	}
	if got := hook.take(t); len(got) != st.Pending {
		t.Errorf("%d messages, want %d", len(got), st.Pending)
	}
}

// TestGivenUp: what a receiver refuses for good is given up and counted, until somebody has it sent again.
func TestGivenUp(t *testing.T) {
	hook := &receiver{status: http.StatusRequestEntityTooLarge}
	server := httptest.NewServer(hook)
	defer server.Close()
	t.Setenv(SecretVariable("hook"), "a-key-of-a-webhook-of-a-test")
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	if err := os.WriteFile(filepath.Join(f.dir, "r0", "one"), []byte("mark-abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, filepath.Join(f.dir, "r0"), "add", "-A")
	git(t, filepath.Join(f.dir, "r0"), "commit", "-qm", "Add one")
	s := openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("[[target]]\nfolder = %q\n[[channel]]\nname = \"hook\"\ntype = \"webhook\"\nurl = %q\n", f.dir, server.URL))
	ctx := context.Background()
	if sum, err := worker(t, s, nil, nil).Run(ctx, false); err != nil || len(sum.Errors) != 1 {
		t.Fatalf("%+v %v", sum, err)
	}
	unsent, err := s.store.Unsent(ctx)
	if st, stErr := s.store.Status(ctx); err != nil || stErr != nil || st.Failed != 1 || unsent != 0 {
		t.Fatalf("%+v %d %v %v", st, unsent, err, stErr)
	}
	hook.status = 0
	if n, err := s.store.SendAgain(ctx); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if unsent, err := s.store.Unsent(ctx); err != nil || unsent != 1 {
		t.Fatal(unsent, err)
	}
	if sum, err := worker(t, s, nil, nil).Run(ctx, false); err != nil || len(sum.Errors) != 0 || len(hook.take(t)) != 1 {
		t.Fatalf("%+v %v", sum, err)
	}
}
