package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/gitscan"
	"rummage/scan"
)

// askedPush is a push with two findings that block, and one that is warned of.
func askedPush(t *testing.T, decisions Decisions) (p *push, out *bytes.Buffer, audit string) {
	t.Helper()
	audit = filepath.Join(t.TempDir(), "log")
	policy, err := ParsePolicy([]byte("audit = \"" + audit + "\"\n[sweep]\nconfig = \"/none\"\ndeadline = \"10s\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	out = &bytes.Buffer{}
	p = &push{Receiver: &Receiver{Policy: policy, Decisions: decisions, Getenv: func(string) string { return "" }, Dir: t.TempDir(), Started: time.Now(), Out: out,
		updates: []gitscan.Update{{Ref: "refs/heads/main", Old: zero, New: one}}}, src: &gitscan.Push{}}
	find := func(fingerprint, severity string) judged {
		return judged{f: &scan.Finding{Fingerprint: strings.Repeat(fingerprint, 32), Rule: "rule-" + fingerprint, Severity: severity, Kind: scan.KindSecret,
			Places: []scan.Place{{Path: "p", Note: "tag message"}}}}
	}
	p.block = []judged{find("a", "high"), find("b", "high")}
	p.warn = []judged{find("c", "low")}
	return p, out, audit
}

// logged are the events of a log, by what they are.
func logged(t *testing.T, file string) map[string]Event {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	events := map[string]Event{}
	for line := range bytes.Lines(data) {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		events[e.Event] = e
	}
	return events
}

// TestAskSweep: what was decided not to count does not; what is revoked is told as such and blocks all the same; what is open, or
// in a state of a later version, is as if it were not known.
func TestAskSweep(t *testing.T) {
	a, b, c := strings.Repeat("a", 32), strings.Repeat("b", 32), strings.Repeat("c", 32)
	for name, test := range map[string]struct {
		by         map[string]Decision
		verdict    Verdict
		told, says []string // not counted; said to the pusher
	}{
		"nothing is known": {nil, Refuse, nil, []string{"push refused: 2 findings"}},
		"open":             {map[string]Decision{a: {State: "open"}, b: {State: "later", Who: "x"}}, Refuse, nil, []string{"push refused: 2 findings"}},
		"revoked":          {map[string]Decision{a: {State: "revoked", Who: "eve"}}, Refuse, nil, []string{"push refused: 2 findings", "known    revoked, by eve"}},
		"one of two": {map[string]Decision{a: {State: "false_positive", Who: "eve\x1b"}}, Refuse, []string{a},
			[]string{"push refused: 1 finding\n", `rule-a aaaaaaaaaaaa does not count: false_positive, by eve\x1b`}},
		"all but the warning": {map[string]Decision{a: {State: "used_in_tests", Who: "eve"}, b: {State: "wont_fix", Who: "eve"}}, Accept, []string{a, b},
			[]string{"warning: 1 finding", "rule-b bbbbbbbbbbbb does not count: wont_fix"}},
		"all": {map[string]Decision{a: {State: "used_in_tests"}, b: {State: "wont_fix"}, c: {State: "false_positive"}}, Accept, []string{a, b, c},
			[]string{"rule-c cccccccccccc does not count: false_positive\n"}},
	} {
		p, out, audit := askedPush(t, func(_ context.Context, fingerprints []string) (map[string]Decision, error) {
			if !slices.Equal(fingerprints, []string{a, b, c}) {
				t.Errorf("asked about %v", fingerprints)
			}
			return test.by, nil
		})
		p.ask(context.Background())
		verdict, err := p.decide()
		if verdict != test.verdict || err != nil {
			t.Errorf("%s: verdict %d, %v", name, verdict, err)
		}
		for _, text := range test.says {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: %q is not said:\n%s", name, text, out)
			}
		}
		events := logged(t, audit)
		var told []string
		for _, r := range events[eventUncounted].Findings {
			told = append(told, r.Fingerprint)
			if d := test.by[r.Fingerprint]; r.State != d.State || d.Who != "" && !strings.HasPrefix(r.DecidedBy, "eve") {
				t.Errorf("%s: recorded as %+v", name, r)
			}
		}
		if !slices.Equal(told, test.told) || events[eventUnasked].ID != "" {
			t.Errorf("%s: not counted are %v, events %v", name, told, events)
		}
	}
}

// TestAskNoSweep: without an answer all is as without a sweep, but for the log. What brings nothing asks nobody.
func TestAskNoSweep(t *testing.T) {
	for why, decisions := range map[string]Decisions{
		"the database is gone": func(context.Context, []string) (map[string]Decision, error) {
			return nil, errors.New("the database is gone")
		},
		"internal error":       func(context.Context, []string) (map[string]Decision, error) { panic("x") },
		"no answer within 1ms": func(context.Context, []string) (map[string]Decision, error) { select {} },
		"no answer within 1ms ": func(ctx context.Context, _ []string) (map[string]Decision, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		p, _, audit := askedPush(t, decisions)
		if strings.HasPrefix(why, "no answer") {
			p.Policy.Sweep.Deadline = time.Millisecond
		}
		p.ask(context.Background())
		if verdict, err := p.decide(); verdict != Refuse || err != nil || len(p.block) != 2 {
			t.Errorf("%s: %d, %v", why, verdict, err)
		}
		if events := logged(t, audit); events[eventUnasked].Reason != strings.TrimSpace(why) || events[eventBlock].Count != 2 {
			t.Errorf("%s: %+v", why, events)
		}
	}
	p, _, _ := askedPush(t, func(context.Context, []string) (map[string]Decision, error) {
		t.Error("asked")
		return nil, nil
	})
	p.block, p.warn = nil, nil
	p.ask(context.Background())
	if verdict, err := p.decide(); verdict != Accept || err != nil {
		t.Error(verdict, err)
	}
	p, _, _ = askedPush(t, p.Decisions)
	p.Policy.Sweep = nil
	p.ask(context.Background())
}
