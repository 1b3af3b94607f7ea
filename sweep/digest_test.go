package sweep

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rummage/sweep/notify"
	"rummage/sweep/store"
)

// TestDigest: people hear of a first sweep by one message, and programs of each repository; of what comes later by itself. Who is
// told of from now on hears by one message of what there is.
func TestDigest(t *testing.T) {
	ctx := context.Background()
	folder, database := t.TempDir(), filepath.Join(t.TempDir(), "sweep.db")
	for i := range 10 {
		oneMark(t, folder, fmt.Sprintf("r%03d", i), fmt.Sprintf("mark-xx%c\n", 'a'+i))
	}
	rooms := map[string]*receiver{}
	channels := func(names ...string) (text string) {
		for _, name := range names {
			if rooms[name] == nil {
				rooms[name] = &receiver{}
				server := httptest.NewServer(rooms[name])
				t.Cleanup(server.Close)
				t.Setenv(SecretVariable(name), "a-key-of-a-webhook-of-a-test")
				t.Setenv(SecretVariable(name)+"_URL", server.URL)
			}
			first, more, _ := strings.Cut(name, "-") // the webhook's answers are those that the tests read, of which a digest is one
			text += fmt.Sprintf("[[channel]]\nname = %q\ntype = \"webhook\"\nfirst = %q\n", name, first)
			if more == "few" {
				text += "repositories = [\"r00[0-3]\", \"!r003\"]\n"
			}
		}
		return text
	}
	config := func(text string) *Sweeper {
		return openForge(t, database, fmt.Sprintf("[[target]]\nfolder = %q\n%s", folder, text))
	}
	told := func(s *Sweeper, want map[string]string) {
		t.Helper()
		if sum, err := worker(t, s, nil, nil).Run(ctx, false); err != nil || sum.Failed > 0 || len(sum.Errors) > 0 {
			t.Fatalf("%v %+v", err, sum)
		}
		for name, room := range rooms {
			got := ""
			for _, p := range room.take(t) {
				if got += p.Event; p.Digest != nil {
					got += fmt.Sprintf(" %d in %d, %d told;", p.Digest.Findings, p.Digest.Repositories, len(p.New)+p.Omitted)
				} else {
					got += fmt.Sprintf(" %d in %s;", len(p.New), p.Repository)
				}
			}
			if want := want[name]; want != "many" && got != want || want == "many" && strings.Count(got, ";") != 10 {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if st, err := s.store.Status(ctx); err != nil || st.Pending+st.Failed != 0 {
			t.Errorf("%+v %v", st, err)
		}
	}
	s := config(channels("digest", "digest-few", "each", "none"))
	told(s, map[string]string{"digest": "digest 10 in 10, 10 told;", "each": "many", "digest-few": "digest 3 in 3, 3 told;"})
	told(s, nil)
	oneMark(t, folder, "new", "mark-xyz\n")
	told(s, map[string]string{"digest": "findings 1 in new;", "each": "findings 1 in new;"})
	s = config(channels("digest", "digest-late", "each-late", "none-late"))
	told(s, map[string]string{"digest-late": "digest 11 in 11, 11 told;"})
	told(s, nil)
}

// oneMark makes a repository of one file.
func oneMark(t *testing.T, folder, name, text string) {
	t.Helper()
	dir := filepath.Join(folder, name)
	git(t, folder, "init", "-q", dir)
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "x")
	git(t, dir, "commit", "-qm", "x")
}

// TestDigestWaits: in a sweep that keeps going a digest waits until all repositories were searched, but not for ever, and what is of
// few is no digest.
func TestDigestWaits(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		ctx := context.Background()
		s := some(t, database, 7)
		if err := s.list(ctx, &s.config.Targets[0]); err != nil {
			t.Fatal(err)
		}
		list, err := s.store.Repositories(ctx)
		if err != nil {
			t.Fatal(err)
		}
		settle := func(r store.Repository) {
			t.Helper()
			scan := store.Scan{ID: r.Name, Ruleset: 1, Complete: true, Held: []string{"room"}}
			if _, err := s.store.Settle(ctx, r.ID, scan, []store.Found{{Fingerprint: r.Name, Rule: "mark", Severity: "high", Places: []store.Place{{Path: "x"}}}}); err != nil {
				t.Fatal(err)
			}
		}
		claimed := func(patience time.Duration) []store.Delivery {
			t.Helper()
			if err := s.store.Digest(ctx, "room", digestFew, patience); err != nil {
				t.Fatal(err)
			}
			d, err := s.store.Claim(ctx, 100, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		for _, r := range list[:6] {
			settle(r)
		}
		if d := claimed(time.Hour); len(d) != 0 {
			t.Fatalf("%+v", d)
		}
		if d := claimed(0); len(d) != 1 || !strings.Contains(string(d[0].Payload), "digest") {
			t.Fatalf("%+v", d)
		} else if m, err := (&Worker{Sweeper: s}).digest(ctx, &Channel{Config: notify.Config{MinSeverity: "high"}}, d[0], "held"); err != nil || m.Digest.Findings != 6 || m.Digest.Severities["high"] != 6 || len(m.New) != 6 {
			t.Fatalf("%+v %v", m, err)
		}
		settle(list[6])
		if d := claimed(time.Hour); len(d) != 1 || strings.Contains(string(d[0].Payload), "digest") {
			t.Fatalf("%+v", d)
		}
	})
}
