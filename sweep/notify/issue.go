package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// Of GitHub, whose issues may have 65,536 characters; the others take more.
	maxIssue   = 60_000
	issueSkew  = 24 * time.Hour // by how much the forge's clock may be behind ours
	issuePages = 50
)

// forge is what the three differ in.
type forge struct {
	name    string
	probe   string // a path that tells whether the token is one
	short   bool   // a page that is not full is the last one
	header  func(token string) http.Header
	project func(path string) string // path of a repository in the API
	public  func(*project) bool
	list    func(since time.Time, page int) url.Values
	create  func(c *Config, title, body string) any
}

// project is a repository as the forges tell it.
type project struct {
	Private    *bool  `json:"private"`    // GitHub, Gitea
	Visibility string `json:"visibility"` // GitLab
}

// issue is one as the forges tell it.
type issue struct {
	Body        string    `json:"body"`        // GitHub, Gitea
	Description string    `json:"description"` // GitLab
	Created     time.Time `json:"created_at"`
}

// tracker makes issues.
type tracker struct {
	*client
	forge  forge
	config Config
	web    string // address of the forge, without a slash at its end
	api    string
	token  func(context.Context) ([]byte, error)
}

func newTracker(f forge, web, api string, c Config, s Secrets, o Options) (*tracker, error) {
	switch {
	case s.Token == nil:
		return nil, errors.New("the token is missing")
	case c.Own == (c.Project != ""):
		return nil, errors.New("want either the project whose issues are made, or own")
	case c.Own && c.AllowPublic:
		return nil, errors.New("allow_public: in a public repository that has the findings no issue is made")
	case c.Project != "" && !projectPath(c.Project):
		return nil, fmt.Errorf("project = %.80q: want OWNER/NAME", c.Project)
	}
	return &tracker{newClient(o), f, c, web, api, s.Token}, nil
}

func newGitHub(c Config, s Secrets, o Options) (sender, error) {
	web, api := gitHubAPI(c.URL)
	return newTracker(forge{
		name:    "GitHub",
		probe:   "/rate_limit",
		short:   true,
		header:  gitHubHeader,
		project: func(path string) string { return "/repos/" + path },
		public:  func(p *project) bool { return p.Private == nil || !*p.Private },
		list: func(since time.Time, page int) url.Values {
			return query("state", "all", "sort", "created", "direction", "desc", "per_page", "100", "page", fmt.Sprint(page), "since", when(since))
		},
		create: func(c *Config, title, body string) any {
			return map[string]any{"title": title, "body": body, "labels": labels(c)}
		},
	}, web, api, c, s, o)
}

func newGitLab(c Config, s Secrets, o Options) (sender, error) {
	web := strings.TrimRight(c.URL, "/")
	if web == "" {
		web = "https://gitlab.com"
	}
	return newTracker(forge{
		name:    "GitLab",
		probe:   "/version",
		short:   true,
		header:  bearer,
		project: func(path string) string { return "/projects/" + url.PathEscape(path) },
		public:  func(p *project) bool { return p.Visibility != "private" && p.Visibility != "internal" },
		list: func(since time.Time, page int) url.Values {
			return query("scope", "all", "order_by", "created_at", "sort", "desc", "per_page", "100", "page", fmt.Sprint(page), "created_after", when(since))
		},
		create: func(c *Config, title, body string) any {
			return map[string]any{"title": title, "description": body, "labels": strings.Join(c.Labels, ","), "confidential": true}
		},
	}, web, web+"/api/v4", c, s, o)
}

func newGitea(c Config, s Secrets, o Options) (sender, error) {
	web := strings.TrimRight(c.URL, "/")
	switch {
	case web == "":
		return nil, errors.New("url is missing: the address of the Gitea or Forgejo")
	case len(c.Labels) > 0:
		return nil, errors.New("labels: Gitea knows them by number, which is not supported")
	}
	return newTracker(forge{
		name:    "Gitea",
		probe:   "/version",
		header:  func(token string) http.Header { return http.Header{"Authorization": {"token " + token}} },
		project: func(path string) string { return "/repos/" + path },
		public:  func(p *project) bool { return p.Private == nil || !*p.Private },
		list: func(since time.Time, page int) url.Values {
			return query("state", "all", "type", "issues", "limit", "50", "page", fmt.Sprint(page), "since", when(since))
		},
		create: func(_ *Config, title, body string) any { return map[string]any{"title": title, "body": body} },
	}, web, web+"/api/v1", c, s, o)
}

// gitHubAPI are the addresses of a GitHub's pages and of its API.
func gitHubAPI(address string) (web, api string) {
	web = strings.TrimRight(address, "/")
	if web == "" {
		web = "https://github.com"
	}
	host, cloud := strings.CutPrefix(web, "https://")
	if cloud && (host == "github.com" || strings.HasSuffix(host, ".ghe.com") && !strings.Contains(host, "/")) {
		return web, "https://api." + host
	}
	return web, web + "/api/v3"
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func gitHubHeader(token string) http.Header {
	h := bearer(token)
	h.Set("Accept", "application/vnd.github+json")
	h.Set("X-GitHub-Api-Version", "2022-11-28")
	return h
}

func labels(c *Config) []string { return append([]string{}, c.Labels...) }

// query are the parameters of a request, in pairs; those without a value are left out.
func query(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// projectPath: it is a repository's path at a forge, and nothing that would lead elsewhere in a URL.
func projectPath(s string) bool {
	elements := strings.Split(s, "/")
	if len(elements) < 2 || len(s) > 500 {
		return false
	}
	for _, e := range elements {
		if e == "" || e == "." || e == ".." || strings.Trim(e, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
			return false
		}
	}
	return true
}

// ownProject is the path of the message's repository at the forge whose pages are at web.
func ownProject(web string, m *Message) (string, error) {
	if path, ok := strings.CutPrefix(m.WebURL, web+"/"); ok && projectPath(path) {
		return path, nil
	}
	return "", permanent("the repository is none of %s", web)
}

func (t *tracker) send(ctx context.Context, m Message) error {
	token, err := read(ctx, "token", t.token)
	if err != nil {
		return err
	}
	path := t.config.Project
	if t.config.Own {
		if m.trial() {
			return t.call(ctx, token, http.MethodGet, t.forge.probe, nil, nil)
		}
		if path, err = ownProject(t.web, &m); err != nil {
			return err
		}
	}
	at := t.forge.project(path)
	if err := t.refusePublic(ctx, token, at, path); err != nil {
		return err
	}
	there, err := t.there(ctx, token, at, &m)
	if err != nil || there {
		return err
	}
	title, body := issueText(m)
	return t.call(ctx, token, http.MethodPost, at+"/issues", encode(t.forge.create(&t.config, title, body)), nil)
}

func (t *tracker) refusePublic(ctx context.Context, token, at, path string) error {
	if t.config.AllowPublic {
		return nil
	}
	var p project
	if err := t.call(ctx, token, http.MethodGet, at, nil, &p); err != nil {
		return err
	}
	if !t.forge.public(&p) {
		return nil
	}
	if t.config.Own {
		return permanent("%s is public, and an issue would tell everybody where to look: name a project that is not", path)
	}
	return permanent("%s is public, and an issue would tell everybody where to look: name another project, or set allow_public", path)
}

// there: the message was sent before. Lists are asked for, since searches are of an index that is behind. When there are more
// issues than it is worth, the message is sent: rather twice than not at all.
func (t *tracker) there(ctx context.Context, token, at string, m *Message) (bool, error) {
	since := m.Time
	if !since.IsZero() {
		since = since.Add(-issueSkew)
	}
	mark := m.mark()
	for page := 1; page <= issuePages; page++ {
		values := t.forge.list(since, page)
		var all []issue
		if err := t.call(ctx, token, http.MethodGet, at+"/issues?"+values.Encode(), nil, &all); err != nil {
			return false, err
		}
		old := len(all) == 0
		for _, i := range all {
			if strings.Contains(i.Body, mark) || strings.Contains(i.Description, mark) {
				return true, nil
			}
			old = old || i.Created.Before(since)
		}
		if old || t.forge.short && len(all) < 100 {
			break
		}
	}
	return false, nil
}

func (t *tracker) call(ctx context.Context, token, method, path string, body []byte, out any) error {
	return t.do(ctx, request{what: t.forge.name, method: method, url: t.api + path, header: t.forge.header(token), body: body,
		secrets: []string{token}, detail: forgeDetail}, out)
}

// forgeDetail is the message of a forge's error.
func forgeDetail(body []byte) string {
	var e struct {
		Message json.RawMessage `json:"message"` // GitLab's may be an object
		Error   string          `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(e.Message, &text) != nil {
		text = string(e.Message)
	}
	if text == "" {
		text = e.Error
	}
	return text
}

// mark is what an issue of the message has in it.
func (m *Message) mark() string { return "<!-- rummage:" + m.key() + " -->" }

func issueText(m Message) (title, body string) {
	var b strings.Builder
	b.WriteString(m.mark() + "\n" + m.subject(code(m.Repository, maxPath)))
	if m.Digest != nil {
		b.WriteString(": " + m.Digest.counts() + "; the worst are below")
	}
	if u, ok := webURL(m.WebURL); ok {
		b.WriteString(" ([web](" + u + "))")
	}
	b.WriteString(".\n")
	all, more := m.findings(len(m.New) + len(m.Regressed))
	for i := range all {
		var one strings.Builder
		issueFinding(&one, &all[i])
		if b.Len()+one.Len() > maxIssue {
			more += len(all) - i
			break
		}
		b.WriteString(one.String())
	}
	if more > 0 {
		fmt.Fprintf(&b, "\nAnd %d more: `rummage sweep findings` lists them.\n", more)
	}
	return m.subject(plain(m.Repository, maxName)), b.String()
}

func issueFinding(b *strings.Builder, f *told) {
	fmt.Fprintf(b, "\n### %s (%s%s)\n\n", markdown(f.title(), maxTitle), markdown(f.Severity, 20), back(f))
	line := func(name, value string) { fmt.Fprintf(b, "- %s: %s\n", name, value) }
	where := code(f.place(maxPath), maxPath)
	if f.Places > 1 {
		where += " and " + count(f.Places-1, "more place", "more places")
	}
	line("Where", where)
	line("Secret", code(f.Mask, maxLine))
	if f.Commit != "" {
		line("Commit", code(f.Commit, maxName)+" by "+code(f.Author, maxLine))
	}
	if f.State != "" {
		line("State", code(f.State, 40))
	}
	line("Finding", code(f.ID, maxName))
	if f.FindCommand != "" {
		line("Look", code(f.FindCommand, maxPath))
	}
	if f.Remedy != "" {
		b.WriteString("\n" + block(f.Remedy, maxRemedy))
	}
}
