package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// tracking is a fake forge with issues, in the shapes of all three.
type tracking struct {
	mu         sync.Mutex
	visibility string
	issues     []map[string]any
	foreign    int // issues that others made, newest first before ours
	clock      time.Time
	page       int
}

func (f *tracking) answer(w http.ResponseWriter, r received) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !strings.Contains(r.header.Get("Authorization"), testSecret):
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"message":"Bad credentials: %s"}`, r.header.Get("Authorization"))
	case r.method == http.MethodPost && strings.HasSuffix(r.path, "/issues"):
		var i map[string]any
		if err := json.Unmarshal(r.body, &i); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		i["created_at"] = f.clock
		f.issues = append(f.issues, i)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{}`))
	case strings.HasSuffix(r.path, "/issues"):
		f.list(w, r)
	default:
		_, _ = fmt.Fprintf(w, `{"private":%v,"visibility":%q}`, f.visibility != "public", f.visibility)
	}
}

func (f *tracking) list(w http.ResponseWriter, r received) {
	q, _ := url.ParseQuery(r.query)
	var all []map[string]any
	for range f.foreign {
		all = append(all, map[string]any{"body": nil, "description": "another", "created_at": f.clock})
	}
	all = append(all, f.issues...)
	page := 1
	_, _ = fmt.Sscan(q.Get("page"), &page)
	from := min(len(all), (page-1)*f.page)
	_ = json.NewEncoder(w).Encode(all[from:min(len(all), from+f.page)])
}

// TestIssues: what was delivered twice is one issue, at each forge, on whatever page the first one is.
func TestIssues(t *testing.T) {
	for _, tt := range []struct {
		kind, posts string
		page        int
		body        string
	}{
		{"github-issue", "/api/v3/repos/sec/inbox/issues", 100, "body"},
		{"gitlab-issue", "/api/v4/projects/sec%2Finbox/issues", 100, "description"},
		{"gitea-issue", "/api/v1/repos/sec/inbox/issues", 30, "body"}, // fewer than were asked for
	} {
		t.Run(tt.kind, func(t *testing.T) {
			forge := &tracking{visibility: "private", foreign: 205, clock: testTime(), page: tt.page}
			f := newFake(t, forge.answer)
			c := Config{Type: tt.kind, URL: f.URL + "/", Project: "sec/inbox"}
			if tt.kind != "gitea-issue" {
				c.Labels = []string{"leak", "sweep"}
			}
			ch := mustNew(t, c, Secrets{Token: given(testSecret)}, Options{})
			other := testMessage()
			other.ID = "another"
			for _, m := range []Message{testMessage(), testMessage(), other} {
				if err := ch.Send(context.Background(), m); err != nil {
					t.Fatal(err)
				}
			}
			if len(forge.issues) != 2 {
				t.Fatalf("%d issues", len(forge.issues))
			}
			m := testMessage()
			body, _ := forge.issues[0][tt.body].(string)
			if !strings.HasPrefix(body, m.mark()+"\n1 new secret, 1 came back in `team/app` ([web](https://github.com/team/app)).\n") ||
				!strings.Contains(body, "\n- Where: `config/app.env:12` and 2 more places\n- Secret: `ghp_****`\n") ||
				!strings.Contains(body, "\n```text\nRevoke it.\nThen make another.\n```\n") {
				t.Errorf("%s", body)
			}
			if title := forge.issues[0]["title"]; title != "1 new secret, 1 came back in team/app" {
				t.Errorf("%v", title)
			}
			if tt.kind == "gitlab-issue" && (forge.issues[0]["confidential"] != true || forge.issues[0]["labels"] != "leak,sweep") {
				t.Errorf("%v", forge.issues[0])
			}
			for _, r := range f.got() {
				if r.method == http.MethodPost && r.path != tt.posts {
					t.Errorf("posted to %s", r.path)
				}
				if strings.Contains(r.path+r.query, testSecret) {
					t.Errorf("the token is in an address: %s", r.path)
				}
			}
		})
	}
}

// TestIssuesOld: issues from before the message are not read through.
func TestIssuesOld(t *testing.T) {
	forge := &tracking{visibility: "private", foreign: 5000, clock: testTime().Add(-48 * time.Hour), page: 100}
	f := newFake(t, forge.answer)
	ch := mustNew(t, Config{Type: "github-issue", URL: f.URL, Project: "sec/inbox"}, Secrets{Token: given(testSecret)}, Options{})
	if err := ch.Send(context.Background(), testMessage()); err != nil {
		t.Fatal(err)
	}
	if n := len(f.got()); n != 3 {
		t.Errorf("%d requests", n)
	}
}

func TestIssuesPublic(t *testing.T) {
	for kind, visibilities := range map[string]map[string]bool{
		"github-issue": {"public": true, "private": false},
		"gitlab-issue": {"public": true, "private": false, "internal": false, "": true},
		"gitea-issue":  {"public": true, "private": false},
	} {
		for visibility, refused := range visibilities {
			forge := &tracking{visibility: visibility, clock: testTime(), page: 100}
			f := newFake(t, forge.answer)
			m := testMessage()
			m.WebURL = f.URL + "/team/app"
			own := mustNew(t, Config{Type: kind, URL: f.URL, Own: true}, Secrets{Token: given(testSecret)}, Options{})
			err := own.Send(context.Background(), m)
			if (err != nil) != refused || refused && !failing(t, own, m).Permanent {
				t.Errorf("%s %s: %v", kind, visibility, err)
			}
			if len(forge.issues) != map[bool]int{true: 0, false: 1}[refused] {
				t.Errorf("%s %s: %d issues", kind, visibility, len(forge.issues))
			}
			allowed := mustNew(t, Config{Type: kind, URL: f.URL, Project: "team/inbox", AllowPublic: true}, Secrets{Token: given(testSecret)}, Options{})
			m.ID = "for the inbox"
			if err := allowed.Send(context.Background(), m); err != nil {
				t.Errorf("%s %s: %v", kind, visibility, err)
			}
		}
	}
}

// TestIssuesElsewhere: a token is not used for a repository that is none of its forge, or whose address is made to lead elsewhere.
func TestIssuesElsewhere(t *testing.T) {
	f := newFake(t, func(http.ResponseWriter, received) {})
	ch := mustNew(t, Config{Type: "github-issue", URL: f.URL, Own: true}, Secrets{Token: given(testSecret)}, Options{})
	for _, web := range []string{"", "https://evil.example/a/b", f.URL + ".evil.example/a/b", f.URL + "/a", f.URL + "/a/../b", f.URL + "/a/b?x", f.URL + "/a//b",
		f.URL + "/a/%2e%2e", f.URL + "/../../user"} {
		m := testMessage()
		m.WebURL = web
		if e := failing(t, ch, m); !e.Permanent {
			t.Errorf("%q: %v", web, e)
		}
	}
	if n := len(f.got()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestIssuesRefused(t *testing.T) {
	forge := &tracking{}
	f := newFake(t, forge.answer)
	ch := mustNew(t, Config{Type: "github-issue", URL: f.URL, Project: "sec/inbox"}, Secrets{Token: given("wrong-token")}, Options{})
	e := failing(t, ch, testMessage())
	if e.Permanent || e.Error() != "channel ops: GitHub: 401 Unauthorized: Bad credentials: Bearer xxxxx: is its credential right, and may it do this?" {
		t.Errorf("%v", e)
	}
	f = newFake(t, func(w http.ResponseWriter, _ received) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(`{"message":{"title":["is\u001b[2J\ntoo long"]}}`))
	})
	ch = mustNew(t, Config{Type: "gitlab-issue", URL: f.URL, Project: "sec/inbox"}, Secrets{Token: given(testSecret)}, Options{})
	if e := failing(t, ch, testMessage()); !e.Permanent || !strings.Contains(e.Error(), "too long") {
		t.Errorf("%v", e)
	}
}

// TestIssuesGarbage: answers that are too much or none end, and nothing is made of them.
func TestIssuesGarbage(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, received){
		"html": func(w http.ResponseWriter, _ received) { _, _ = w.Write([]byte("<html>")) },
		"endless": func(w http.ResponseWriter, _ received) {
			blank := []byte(strings.Repeat(" ", 1<<20))
			for {
				if _, err := w.Write(blank); err != nil {
					return
				}
			}
		},
	} {
		f := newFake(t, answer)
		ch := mustNew(t, Config{Type: "github-issue", URL: f.URL, Project: "sec/inbox"}, Secrets{Token: given(testSecret)}, Options{})
		if e := failing(t, ch, testMessage()); e.Permanent {
			t.Errorf("%s: %v", name, e)
		}
		for _, r := range f.got() {
			if r.method == http.MethodPost {
				t.Errorf("%s: an issue was made", name)
			}
		}
	}
}

func TestGitHubAPI(t *testing.T) {
	for address, want := range map[string][2]string{
		"":                            {"https://github.com", "https://api.github.com"},
		"https://github.com/":         {"https://github.com", "https://api.github.com"},
		"https://acme.ghe.com":        {"https://acme.ghe.com", "https://api.acme.ghe.com"},
		"https://git.example.org":     {"https://git.example.org", "https://git.example.org/api/v3"},
		"https://evil.org/x.ghe.com":  {"https://evil.org/x.ghe.com", "https://evil.org/x.ghe.com/api/v3"},
		"http://127.0.0.1:8080":       {"http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3"},
		"https://git.example.org/sub": {"https://git.example.org/sub", "https://git.example.org/sub/api/v3"},
	} {
		web, api := gitHubAPI(address)
		if web != want[0] || api != want[1] {
			t.Errorf("%s: %s %s", address, web, api)
		}
	}
}

// TestIssueBounds: a body that would be too long says how many it leaves out.
func TestIssueBounds(t *testing.T) {
	m := testMessage()
	m.New[0].Remedy = strings.Repeat("x y ", 1000)
	for len(m.New) < 400 {
		m.New = append(m.New, m.New[0])
	}
	title, body := issueText(m)
	told := strings.Count(body, "\n### ")
	if len(body) > 65_000 || told < 20 || !strings.HasSuffix(body, fmt.Sprintf("\nAnd %d more: `rummage sweep findings` lists them.\n", 401-told)) || len(title) > 250 {
		t.Errorf("%d bytes, %d told: %q", len(body), told, body[len(body)-80:])
	}
}

// checkIssue: a stranger's text begins no line but in a block of code, and ends neither code nor a block.
func checkIssue(t *testing.T, m Message) {
	t.Helper()
	title, body := issueText(m)
	if strings.ContainsFunc(title, func(r rune) bool { return !visible(r) }) || len([]rune(title)) > 250 {
		t.Errorf("title %q", title)
	}
	if strings.Count(body, "<!--") != 1+strings.Count(unmarked(body), "<!--") || !strings.HasPrefix(body, m.mark()+"\n") {
		t.Errorf("marks in %q", body)
	}
	fence := ""
	for line := range strings.Lines(strings.TrimPrefix(body, m.mark()+"\n")) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			} else if strings.Contains(line, fence) {
				t.Errorf("a block ends within %q", line)
			}
		case strings.HasPrefix(line, "```"):
			fence = strings.TrimSuffix(line, "text")
		default:
			checkLine(t, outsideCode(t, line))
		}
	}
	if fence != "" {
		t.Errorf("a block that does not end: %q", body)
	}
}

// unmarked is a body without its first line.
func unmarked(body string) string {
	_, rest, _ := strings.Cut(body, "\n")
	return rest
}

// outsideCode is a line without what stands in code, as CommonMark has it: a run of backticks ends with the next one as long.
func outsideCode(t *testing.T, line string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(line); {
		if line[i] == '\\' && i+1 < len(line) {
			b.WriteString(line[i : i+2])
			i += 2
			continue
		}
		if line[i] != '`' {
			b.WriteByte(line[i])
			i++
			continue
		}
		n := len(line[i:]) - len(strings.TrimLeft(line[i:], "`"))
		end := -1
		for j := i + n; j < len(line); {
			run := len(line[j:]) - len(strings.TrimLeft(line[j:], "`"))
			if run == n {
				end = j + n
				break
			}
			j += max(run, 1)
		}
		if end < 0 {
			t.Errorf("code that does not end: %q", line)
			return b.String()
		}
		b.WriteString("CODE")
		i = end
	}
	return b.String()
}

// checkLine: what is left of a line has our own words, and a title in which every mark is escaped.
func checkLine(t *testing.T, line string) {
	t.Helper()
	for _, begin := range []string{"- Where: CODE", "- Secret: CODE", "- Commit: CODE by CODE", "- State: CODE", "- Finding: CODE", "- Look: CODE", "And ", ""} {
		if line == begin || begin == "- Where: CODE" && strings.HasPrefix(line, begin) || begin == "And " && strings.HasPrefix(line, begin) {
			return
		}
		if strings.HasPrefix(line, begin) && begin != "" && (strings.HasSuffix(line, " –") || strings.HasSuffix(line, "CODE")) {
			return
		}
	}
	if strings.HasPrefix(line, "- ") && strings.HasSuffix(line, "–") || strings.HasPrefix(line, "- Where: –") || strings.HasPrefix(line, "- Commit: – by ") {
		return
	}
	if text, ok := strings.CutPrefix(line, "### "); ok {
		text = strings.TrimSuffix(text, ")")
		text = strings.Replace(text, " (", " ", 1)
		for i := 0; i < len(text); i++ {
			if text[i] == '\\' {
				i++
				continue
			}
			if strings.IndexByte("`*_[]<>#&!~|@", text[i]) >= 0 {
				t.Errorf("%q formats %q", text[i], line)
			}
		}
		return
	}
	if !strings.Contains(line, " in CODE") && !strings.Contains(line, " in –") {
		t.Errorf("a line that is none of ours: %q", line)
	}
}

func TestHostileIssue(t *testing.T) { checkIssue(t, hostile()) }

func FuzzIssue(f *testing.F) {
	h := hostile()
	f.Add(h.Repository, h.New[0].Path, h.New[0].Remedy)
	f.Add("`", "``a`", "~~~\n````\n<details>")
	f.Add(" ", "\\", "\\`")
	f.Fuzz(func(t *testing.T, name, text, remedy string) {
		one := Finding{ID: text, Title: text, Severity: text, Mask: text, Path: text, Line: 3, Commit: text, Author: text, State: text, Remedy: remedy, FindCommand: text, Places: 2}
		checkIssue(t, Message{ID: name, Repository: name, New: []Finding{one}, Regressed: []Finding{one}})
	})
}
