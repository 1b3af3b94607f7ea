package oracle

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"rummage/sweep/notify"
)

// issue is the body of the issue that a message becomes.
func issue(t *testing.T, m notify.Message) string {
	t.Helper()
	body := ""
	forge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			var i struct{ Body string }
			b, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(b, &i); err != nil {
				t.Error(err)
			}
			body = i.Body
			_, _ = w.Write([]byte("{}"))
		case strings.HasSuffix(r.URL.Path, "/issues"):
			_, _ = w.Write([]byte("[]"))
		default:
			_, _ = w.Write([]byte(`{"private":true}`))
		}
	}))
	defer forge.Close()
	c, err := notify.New(notify.Config{Name: "x", Type: "github-issue", URL: forge.URL, Project: "a/b"},
		notify.Secrets{Token: func(context.Context) ([]byte, error) { return []byte("t"), nil }}, notify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	return body
}

// shape is what a parser makes of a body: the kinds of its nodes, and what stands in code.
func shape(body string) (kinds string, codes []string) {
	source := []byte(body)
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	var k strings.Builder
	_ = ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			return ast.WalkContinue, nil // how many there are depends on escapes
		case *ast.CodeSpan:
			var b strings.Builder
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				b.Write(c.(*ast.Text).Segment.Value(source))
			}
			codes = append(codes, b.String())
			k.WriteString("CodeSpan ")
			return ast.WalkSkipChildren, nil
		}
		k.WriteString(n.Kind().String() + " ")
		return ast.WalkContinue, nil
	})
	return k.String(), codes
}

func message(name, s, remedy string) notify.Message {
	f := notify.Finding{ID: s, Rule: "r", Title: s, Severity: "high", Mask: s, Path: s, Line: 3, Commit: s, Author: s, State: "open", Remedy: remedy, FindCommand: s, Places: 1}
	return notify.Message{ID: "id", Repository: name, Time: time.Unix(0, 0), New: []notify.Finding{f}}
}

// checkShape: whatever strangers write, a parser sees the same as of harmless words.
func checkShape(t *testing.T, name, s, remedy string) {
	if strings.TrimSpace(s) == "" || strings.TrimSpace(name) == "" || strings.TrimSpace(remedy) == "" {
		return // a dash stands in their place
	}
	want, _ := shape(issue(t, message("team/app", "word", "remedy")))
	body := issue(t, message(name, s, remedy))
	got, _ := shape(body)
	if got != want {
		t.Errorf("%q becomes\n%s\nnot\n%s\n%s", s, got, want, body)
	}
}

const hostile = "x`\n<!channel> <https://evil.example|click> &amp; *b* _i_ ~~s~~ ``code`` [l](https://evil.example) ![i](x) <b>h</b> @everyone #1 " +
	"www.evil.example https://evil.example a@b.example \r\n```\n# h\n\n- [ ] x\n<!-- x --> | a | b |\n"

func TestIssue(t *testing.T) {
	checkShape(t, hostile, hostile, hostile)
	body := issue(t, message("team/`app", "a ` b", "one\n````\ntwo"))
	_, codes := shape(body)
	for i, want := range []string{"team/`app", "a ` b:3", "a ` b", "a ` b", "a ` b", "open", "a ` b", "a ` b"} {
		if i >= len(codes) || codes[i] != want {
			t.Errorf("code %d: want %q of %q", i, want, codes)
		}
	}
}

func FuzzIssue(f *testing.F) {
	f.Add("a", hostile, hostile)
	f.Add("`", "``a`", "~~~\n````\n<details>")
	f.Add("x", "\\", "\\`")
	f.Add("x", "https://a.b", "x")
	f.Fuzz(checkShape)
}
