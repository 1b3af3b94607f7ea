package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSlack(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ received) { _, _ = w.Write([]byte("ok")) })
	c := mustNew(t, Config{Type: "slack"}, Secrets{URL: given(f.URL + "/services/" + testSecret)}, Options{})
	if err := c.Send(context.Background(), testMessage()); err != nil {
		t.Fatal(err)
	}
	var m slackMessage
	if err := json.Unmarshal(f.got()[0].body, &m); err != nil {
		t.Fatal(err)
	}
	if m.Text != "1 new secret, 1 came back in `team/app`" || len(m.Blocks) != 4 || m.Blocks[0].Text.Text != "1 new secret, 1 came back in team/app" {
		t.Errorf("%+v", m)
	}
	want := "*GitHub token*  critical\n`config/app.env:12`  `ghp_****`  and 2 more places\n`abababababab` by `Ann &lt;ann@example.org&gt;`\n`rummage sweep findings 1f0c3b2a4d5e`"
	if got := m.Blocks[2].Text.Text; got != want {
		t.Errorf("%q", got)
	}
	if got := m.Blocks[3].Text.Text; !strings.HasPrefix(got, "*AWS key*  high, came back\n") {
		t.Errorf("%q", got)
	}
	if got := m.Blocks[1].Elements[0].Text; got != "<https://github.com/team/app|the repository>" {
		t.Errorf("%q", got)
	}
}

// TestDigests: each channel tells the counts, the worst and how to have the rest.
func TestDigests(t *testing.T) {
	m := testMessage()
	m.Repository, m.WebURL = "", ""
	m.Digest = &Digest{Repositories: 87, Findings: 1234, Severities: map[string]int{"high": 1200, "critical": 3, "odd": 31}}
	const subject, counts = "1234 open secrets in 87 repositories", "3 critical, 1200 high, 31 others"
	s := slackOf(m)
	if s.Text != subject || s.Blocks[0].Text.Text != subject || s.Blocks[1].Elements[0].Text != counts+"; the worst:" || len(s.Blocks) != 5 ||
		s.Blocks[4].Elements[0].Text != "and 1232 more: `rummage sweep findings` lists them" {
		t.Errorf("%+v", s)
	}
	if text := mailText(m); !strings.HasPrefix(text, subject+"\n"+counts+"; the worst:\n") || !strings.Contains(text, "\nAnd 1232 more: rummage sweep findings lists them.\n") {
		t.Error(text)
	}
	if title, body := issueText(m); title != subject || !strings.Contains(body, subject+": "+counts+"; the worst are below.\n") || !strings.HasSuffix(body, "\nAnd 1232 more: `rummage sweep findings` lists them.\n") {
		t.Error(title, body)
	}
	if p := payload(m); p.Event != "digest" || p.Digest.Repositories != 87 || p.Omitted != 1232 || len(p.New) != 1 {
		t.Errorf("%+v", p)
	}
	m.New, m.Regressed = nil, nil // gone meanwhile
	if m.trial() {
		t.Error("it is no trial")
	}
	for kind, want := range map[string]bool{"webhook": false, "sarif": false, "slack": true, "mail": true, "gitlab-issue": true} {
		if got := (Config{Type: kind}).Gathers(); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if (Config{Type: "github-issue", Own: true}).Gathers() {
		t.Error("issues of repositories are gathered")
	}
}

func TestSlackRefuses(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r received) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("no_service"))
	})
	c := mustNew(t, Config{Type: "slack"}, Secrets{URL: given(f.URL + "/services/" + testSecret)}, Options{})
	if e := failing(t, c, testMessage()); e.Permanent || e.Error() != "channel ops: Slack: 404 Not Found: no_service" {
		t.Errorf("%v", e)
	}
	f = newFake(t, func(w http.ResponseWriter, r received) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("no such path: " + r.path))
	})
	c = mustNew(t, Config{Type: "slack"}, Secrets{URL: given(f.URL + "/services/" + testSecret)}, Options{})
	if e := failing(t, c, testMessage()); !e.Permanent || e.Error() != "channel ops: Slack: 400 Bad Request" {
		t.Errorf("%v", e)
	}
}

// TestSlackMany: ten are told, then a number, within Slack's limits though every character is escaped.
func TestSlackMany(t *testing.T) {
	long := strings.Repeat("&<>", 4000)
	finding := Finding{ID: long, Rule: long, Title: long, Severity: long, Mask: long, Path: long, Line: 1 << 30, Commit: long, Author: long, Places: 1 << 30, FindCommand: long}
	m := Message{ID: "x", Repository: long}
	for range 500 {
		m.New = append(m.New, finding)
	}
	out := slackOf(m)
	checkSlack(t, m)
	if len(out.Blocks) != 12 {
		t.Fatalf("%d blocks", len(out.Blocks))
	}
	if got := out.Blocks[11].Elements[0].Text; !strings.HasPrefix(got, "and 490 more") {
		t.Errorf("%q", got)
	}
	if !strings.Contains(out.Blocks[1].Text.Text, "…:1073741824`") {
		t.Errorf("the line is cut off: %q", out.Blocks[1].Text.Text)
	}
}

// checkSlack: nothing of a stranger's is a link or mention, and all of it stands in code.
func checkSlack(t *testing.T, m Message) {
	t.Helper()
	out := slackOf(m)
	if len(out.Blocks) > 50 {
		t.Errorf("%d blocks", len(out.Blocks))
	}
	texts := []string{out.Text}
	for _, b := range out.Blocks {
		switch b.Type {
		case "header":
			if b.Text.Type != "plain_text" || utf8.RuneCountInString(b.Text.Text) > slackHeader {
				t.Errorf("header %+v", b.Text)
			}
			texts = append(texts, mrkdwn(b.Text.Text, slackSection))
		case "section":
			if n := utf8.RuneCountInString(b.Text.Text); n > slackSection || n == 0 {
				t.Errorf("a section of %d characters", n)
			}
			texts = append(texts, b.Text.Text)
			if strings.Count(b.Text.Text, "`")%2 != 0 {
				t.Errorf("code that does not end: %q", b.Text.Text)
			}
		case "context":
			texts = append(texts, strings.NewReplacer("<https://", "", "<http://", "", "|the repository>", "").Replace(b.Elements[0].Text))
		}
	}
	for _, s := range texts {
		if strings.ContainsAny(s, "<>") || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !visible(r) }) || !utf8.ValidString(s) {
			t.Errorf("%q", s)
		}
		for rest := s; ; {
			i := strings.IndexByte(rest, '&')
			if i < 0 {
				break
			}
			if rest = rest[i:]; !strings.HasPrefix(rest, "&amp;") && !strings.HasPrefix(rest, "&lt;") && !strings.HasPrefix(rest, "&gt;") {
				t.Errorf("an ampersand in %q", s)
			}
			rest = rest[1:]
		}
	}
}

func FuzzSlack(f *testing.F) {
	h := hostile()
	f.Add(h.Repository, h.New[0].Path, h.WebURL)
	f.Add("a|b", "``", "https://github.com/a|<b>_c&d")
	f.Fuzz(func(t *testing.T, name, text, address string) {
		one := Finding{Title: text, Severity: text, Mask: text, Path: text, Commit: text, Author: text, FindCommand: text, Places: 2}
		checkSlack(t, Message{ID: name, Repository: name, WebURL: address, New: []Finding{one}, Regressed: []Finding{one}})
	})
}

func TestHostileSlack(t *testing.T) { checkSlack(t, hostile()) }
