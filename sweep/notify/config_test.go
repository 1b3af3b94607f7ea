package notify

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestWants(t *testing.T) {
	m := Message{Repository: "team/sub/app", New: []Finding{{Severity: "critical"}, {Severity: "low"}, {Severity: "unheard-of"}}, Regressed: []Finding{{Severity: "medium"}}}
	for _, tt := range []struct {
		c              Config
		wanted         bool
		new, regressed int
	}{
		{Config{}, true, 3, 1},
		{Config{MinSeverity: "high"}, true, 2, 0},
		{Config{MinSeverity: "medium"}, true, 2, 1},
		{Config{MinSeverity: "info"}, true, 3, 1},
		{Config{Repositories: []string{"team/**"}}, true, 3, 1},
		{Config{Repositories: []string{"team/*"}}, false, 0, 0},
		{Config{Repositories: []string{"other/*", "**/app"}}, true, 3, 1},
		{Config{Repositories: []string{"!team/sub/*"}}, false, 0, 0},
		{Config{Repositories: []string{"**", "!team/sub/*"}}, false, 0, 0},
		{Config{Repositories: []string{"!other/**"}}, true, 3, 1},
	} {
		got, wanted := tt.c.Wants(m)
		if wanted != tt.wanted || len(got.New) != tt.new || len(got.Regressed) != tt.regressed {
			t.Errorf("%+v: %v %d %d", tt.c, wanted, len(got.New), len(got.Regressed))
		}
	}
	if len(m.New) != 3 || m.New[1].Severity != "low" {
		t.Error("the message itself was changed")
	}
	if _, wanted := (Config{MinSeverity: "critical"}).Wants(Message{New: []Finding{{Severity: "low"}}}); wanted {
		t.Error("a message of which nothing is left is wanted")
	}
	if !glob("**/x", strings.Repeat("a/", 1<<20)+"x") && !glob("**", strings.Repeat("a/", 1<<20)+"x") {
		t.Error("a name of many elements")
	}
}

func TestNewRefuses(t *testing.T) {
	all := Secrets{Key: given("k"), URL: given("https://hooks.example/x"), Password: given("p"), Token: given("t")}
	for _, tt := range []struct {
		c    Config
		s    Secrets
		want string
	}{
		{Config{Type: "webhook"}, all, "a channel has no name"},
		{Config{Name: "n", Type: "pager"}, all, `type = "pager": there is gitea-issue, github-issue,`},
		{Config{Name: "n", Type: "slack", MinSeverity: "worst"}, all, `min_severity = "worst": there is critical, high,`},
		{Config{Name: "n", Type: "slack", Repositories: []string{"["}}, all, `the pattern "["`},
		{Config{Name: "n", Type: "slack", Repositories: []string{"!"}}, all, `the pattern "!"`},
		{Config{Name: "n", Type: "slack", URL: "https://hooks.example/x"}, all, "a secret and does not belong"},
		{Config{Name: "n", Type: "slack"}, Secrets{}, "the address at Slack is missing"},
		{Config{Name: "n", Type: "webhook", URL: "http://hooks.example"}, all, "plain http is for this machine alone"},
		{Config{Name: "n", Type: "webhook", URL: "http://127.0.0.1.example"}, all, "plain http is for this machine alone"},
		{Config{Name: "n", Type: "webhook", URL: "https://u:" + testSecret + "@hooks.example"}, all, "a user or password does not belong"},
		{Config{Name: "n", Type: "webhook", URL: "https://h.example/\x7f" + testSecret}, all, "that is no address"},
		{Config{Name: "n", Type: "webhook", URL: "file:///etc/passwd"}, all, "that is no address"},
		{Config{Name: "n", Type: "webhook"}, Secrets{Key: given("k")}, "url is missing"},
		{Config{Name: "n", Type: "webhook", URL: "https://h.example"}, Secrets{}, "the key that signs is missing"},
		{Config{Name: "n", Type: "mail", From: "a@b.example", To: []string{"c@d.example"}}, all, "server is missing"},
		{Config{Name: "n", Type: "mail", From: "a@b.example", To: []string{"c@d.example"}, Server: "mail.example", TLS: "none"}, all, "this machine alone"},
		{Config{Name: "n", Type: "mail", From: "a@b.example", To: []string{"c@d.example"}, Server: "mail.example", TLS: "maybe"}, all, "tls = "},
		{Config{Name: "n", Type: "mail", From: "a@b.example\r\nBcc: x@y.example", To: []string{"c@d.example"}, Server: "m"}, all, "from = "},
		{Config{Name: "n", Type: "mail", From: "a@b.example", To: []string{"c\r\n@d.example"}, Server: "m"}, all, "to = "},
		{Config{Name: "n", Type: "mail", From: "a@b.example", Server: "m"}, all, "to is missing"},
		{Config{Name: "n", Type: "mail", From: "a@b.example", To: []string{"c@d.example"}, Server: "m", User: "u"}, Secrets{}, "password of its user is missing"},
		{Config{Name: "n", Type: "github-issue"}, all, "want either the project"},
		{Config{Name: "n", Type: "github-issue", Own: true, Project: "a/b"}, all, "want either the project"},
		{Config{Name: "n", Type: "github-issue", Own: true, AllowPublic: true}, all, "no issue is made"},
		{Config{Name: "n", Type: "github-issue", Project: "../../user"}, all, "want OWNER/NAME"},
		{Config{Name: "n", Type: "github-issue", Project: "a/b?x"}, all, "want OWNER/NAME"},
		{Config{Name: "n", Type: "github-issue", Project: "a/b"}, Secrets{}, "the token is missing"},
		{Config{Name: "n", Type: "gitea-issue", Project: "a/b"}, all, "url is missing"},
		{Config{Name: "n", Type: "gitea-issue", URL: "https://g.example", Project: "a/b", Labels: []string{"x"}}, all, "labels"},
		{Config{Name: "n", Type: "sarif"}, all, "nothing that makes its SARIF"},
	} {
		_, err := New(tt.c, tt.s, Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: want %q, got %v", tt.c, tt.want, err)
			continue
		}
		checkError(t, err)
		// What needs no secret is known without one: all but what these secrets lack.
		complete := tt.s.Token != nil && tt.c.Type != "sarif"
		if checked := tt.c.Check(); (checked != nil) != complete {
			t.Errorf("%+v: %v", tt.c, checked)
		}
	}
}

// TestSecretsUnread: a secret that cannot be read stops nothing for good, and tells nothing.
func TestSecretsUnread(t *testing.T) {
	bad := func(context.Context) ([]byte, error) { return nil, errors.New("RUMMAGE_X is not set\n\x1b[2J") }
	all := Secrets{Key: bad, URL: bad, Password: bad, Token: bad}
	for _, c := range []Config{
		{Type: "webhook", URL: "http://127.0.0.1:1"}, {Type: "slack"}, {Type: "github-issue", Project: "a/b"}, {Type: "gitlab-issue", Project: "a/b"},
		{Type: "mail", From: "a@b.example", To: []string{"c@d.example"}, Server: "127.0.0.1:1", User: "u"}, {Type: "sarif"},
	} {
		ch := mustNew(t, c, all, Options{SARIF: func(context.Context, Message) (Upload, error) { return Upload{}, nil }})
		if e := failing(t, ch, testMessage()); e.Permanent || !strings.Contains(e.Error(), `could not be read: RUMMAGE_X is not set\n\x1b`) {
			t.Errorf("%s: %v", c.Type, e)
		}
	}
}
