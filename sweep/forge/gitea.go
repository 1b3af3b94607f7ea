package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// giteaRepo is what is read of a repository at Gitea or Forgejo.
type giteaRepo struct {
	ID            int64    `json:"id"`
	FullName      string   `json:"full_name"`
	CloneURL      string   `json:"clone_url"`
	HTMLURL       string   `json:"html_url"`
	Private       bool     `json:"private"`
	Internal      bool     `json:"internal"`
	Archived      bool     `json:"archived"`
	Fork          bool     `json:"fork"`
	Empty         bool     `json:"empty"`
	HasCode       *bool    `json:"has_code"` // since Gitea 1.25
	HasWiki       bool     `json:"has_wiki"`
	Topics        []string `json:"topics"` // since Gitea 1.22
	DefaultBranch string   `json:"default_branch"`
	Size          int64    `json:"size"` // in KiB
	UpdatedAt     string   `json:"updated_at"`
	ExternalWiki  *struct {
		URL string `json:"external_wiki_url"`
	} `json:"external_wiki"`
	Parent *struct {
		ID int64 `json:"id"`
	} `json:"parent"`
}

func giteaEntry(raw json.RawMessage) (found, error) {
	var g giteaRepo
	if err := json.Unmarshal(raw, &g); err != nil {
		return found{}, errors.New("an entry that is no repository")
	}
	updated, err := when(g.UpdatedAt)
	if err != nil {
		return found{}, fmt.Errorf("%q: %w", clip(g.FullName), err)
	}
	e := found{
		Repository: Repository{
			ID: idText(g.ID), Name: g.FullName, CloneURL: g.CloneURL, WebURL: g.HTMLURL, Visibility: visibility("", g.Private, g.Internal),
			Archived: g.Archived, Fork: g.Fork, Disabled: g.HasCode != nil && !*g.HasCode, Empty: g.Empty, Topics: g.Topics,
			DefaultBranch: g.DefaultBranch, Size: kibi(g.Size), PushedAt: updated,
		},
		wiki: g.HasWiki && g.ExternalWiki == nil,
	}
	if g.Fork && g.Parent != nil {
		e.parent = idText(g.Parent.ID)
	}
	return e, nil
}

// listGitea lists an organisation's or a user's repositories, or all that may be seen.
func (f *Forge) listGitea(ctx context.Context, w *walker) error {
	l := listing{ask: f.get, page: f.giteaPage, entry: giteaEntry}
	q := url.Values{"limit": {"50"}, "page": {"1"}} // 50 is the most that a server gives unless it is set up otherwise
	owner := f.config.Owner
	if owner == "" {
		q.Set("sort", "id")
		q.Set("order", "asc")
		l.first, l.page = f.at(q, "repos", "search"), f.giteaSearch
		return w.read(ctx, l)
	}
	l.first = f.at(q, "orgs", owner, "repos")
	if err := w.read(ctx, l); !errors.Is(err, NotFound) || len(w.seen) > 0 {
		return err
	}
	l.first = f.at(q, "users", owner, "repos")
	return w.read(ctx, l)
}

func (f *Forge) giteaPage(a *answer) (page, error) {
	var list entries
	if err := f.decode(a, &list); err != nil {
		return page{}, err
	}
	return f.giteaNext(a, list)
}

func (f *Forge) giteaSearch(a *answer) (page, error) {
	var p struct {
		Data entries `json:"data"`
	}
	if err := f.decode(a, &p); err != nil {
		return page{}, err
	}
	if err := f.listOf(a, p.Data); err != nil {
		return page{}, err
	}
	return f.giteaNext(a, p.Data)
}

// giteaNext counts pages. That there is another says the Link header, whose URL is that of the server's configuration, which
// behind a proxy need not be ours; an empty page in the middle is one whose repositories may not be seen. Without the header
// the number of all repositories says it.
func (f *Forge) giteaNext(a *answer, list entries) (page, error) {
	p := page{raw: list.raw}
	n := number(a.url.Query().Get("page"))
	if n < 1 {
		return p, f.fail(Malformed, a.url.Path, "a redirect that loses the number of the page")
	}
	more := false
	if links := a.header.Values("Link"); len(links) > 0 {
		_, more = nextLink(links)
	} else if len(list.raw) > 0 {
		total := number(a.header.Get("X-Total-Count"))
		more = total < 0 || n*len(list.raw) < total
	}
	if more {
		p.next = withParam(a.url, "page", strconv.Itoa(n+1))
	}
	return p, nil
}
