package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// githubRepo is what is read of a repository at GitHub.
type githubRepo struct {
	ID            int64    `json:"id"`
	FullName      string   `json:"full_name"`
	CloneURL      string   `json:"clone_url"`
	HTMLURL       string   `json:"html_url"`
	Private       bool     `json:"private"`
	Visibility    string   `json:"visibility"` // not of all versions of Enterprise Server
	Archived      bool     `json:"archived"`
	Disabled      bool     `json:"disabled"`
	Fork          bool     `json:"fork"`
	Topics        []string `json:"topics"`
	DefaultBranch string   `json:"default_branch"`
	Size          int64    `json:"size"` // in KiB
	PushedAt      string   `json:"pushed_at"`
	HasWiki       bool     `json:"has_wiki"`
	Owner         struct {
		Login string `json:"login"`
	} `json:"owner"`
	Source *struct {
		ID int64 `json:"id"`
	} `json:"source"`
}

func githubEntry(raw json.RawMessage) (found, error) {
	var g githubRepo
	if err := json.Unmarshal(raw, &g); err != nil {
		return found{}, errors.New("an entry that is no repository")
	}
	pushed, err := when(g.PushedAt)
	if err != nil {
		return found{}, fmt.Errorf("%q: %w", clip(g.FullName), err)
	}
	e := found{
		Repository: Repository{
			ID: idText(g.ID), Name: g.FullName, CloneURL: g.CloneURL, WebURL: g.HTMLURL,
			Visibility: visibility(g.Visibility, g.Private, false), Archived: g.Archived, Fork: g.Fork, Disabled: g.Disabled,
			Topics: g.Topics, DefaultBranch: g.DefaultBranch, Size: kibi(g.Size), PushedAt: pushed,
		},
		wiki: g.HasWiki, owner: g.Owner.Login,
	}
	if g.Source != nil {
		e.Network = idText(g.Source.ID)
	}
	return e, nil
}

// visibility is what a forge says of it, in one word or two.
func visibility(said string, private, internal bool) string {
	switch {
	case said != "":
		return said
	case private:
		return "private"
	case internal:
		return "internal"
	}
	return "public"
}

// listGitHub lists what is installed for an App, else the organisation's or the user's repositories, or the token's.
func (f *Forge) listGitHub(ctx context.Context, w *walker) error {
	if f.app != nil {
		return f.listApp(ctx, w)
	}
	token, err := f.token(ctx)
	if err != nil {
		return err
	}
	owner := f.config.Owner
	if owner == "" {
		if token == "" {
			return f.fail(NoToken, "", "without a token an owner is needed")
		}
		if err := w.read(ctx, f.githubList(githubOrder(nil), "user", "repos")); err != nil {
			return err
		}
		return f.listGists(ctx, w, "", false)
	}
	err = w.read(ctx, f.githubList(githubOrder(url.Values{"type": {"all"}}), "orgs", owner, "repos"))
	if err == nil {
		return f.listGists(ctx, w, owner, true)
	}
	if !errors.Is(err, NotFound) || len(w.seen) > 0 {
		return err
	}
	if err := f.listGitHubUser(ctx, w, owner, token != ""); err != nil {
		return err
	}
	return f.listGists(ctx, w, owner, false)
}

// listGitHubUser lists a user's repositories: GitHub's list of them has only public ones, those that the token may see besides are
// in the list of the token's own user. Some tokens have none, which is told.
func (f *Forge) listGitHubUser(ctx context.Context, w *walker, owner string, token bool) error {
	if token {
		own := f.githubList(githubOrder(url.Values{"affiliation": {"owner,collaborator"}}), "user", "repos")
		own.keep = func(e found) bool { return strings.EqualFold(e.owner, owner) }
		err := w.read(ctx, own)
		if errors.Is(err, Denied) && len(w.seen) == 0 {
			err = w.failed(ctx, fmt.Errorf("of %s public repositories alone: %w", clean(owner), err))
		}
		if err != nil {
			return err
		}
	}
	return w.read(ctx, f.githubList(githubOrder(nil), "users", owner, "repos"))
}

// githubOrder pages through a list so that what is made meanwhile comes last.
func githubOrder(q url.Values) url.Values {
	if q == nil {
		q = url.Values{}
	}
	q.Set("per_page", "100")
	q.Set("sort", "created")
	q.Set("direction", "asc")
	return q
}

func (f *Forge) githubList(q url.Values, segments ...string) listing {
	return listing{first: f.at(q, segments...), ask: f.get, page: f.githubPage, entry: githubEntry}
}

// githubPage is a page from which GitHub may have left out what organisations with single sign-on have.
func (f *Forge) githubPage(a *answer) (page, error) {
	p, err := f.linked(a)
	if err == nil && strings.HasPrefix(a.header.Get("X-GitHub-SSO"), "partial-results") {
		p.missing = f.fail(Denied, a.url.Path, "organisations with single sign-on are left out: authorize the token for them")
	}
	return p, err
}

// askNetwork asks GitHub for a fork's source, which lists do not have. A fork that is gone by now stands for itself.
func (w *walker) askNetwork(ctx context.Context, e *found) error {
	f := w.f
	if f.opts.KnownNetwork != nil {
		if n, ok := f.opts.KnownNetwork(e.ID); ok && n != "" && n != e.ID { // itself: it was not asked for
			e.Network = n
			return nil
		}
	}
	if f.opts.Wanted != nil && !f.opts.Wanted(e.Repository) || w.lookups >= f.opts.MaxForkLookups {
		return nil
	}
	w.lookups++
	owner, name, _ := strings.Cut(e.Name, "/")
	ask := f.get
	if f.app != nil {
		ask = f.app.asker(owner)
	}
	a, err := ask(ctx, f.at(nil, "repos", owner, name))
	if errors.Is(err, NotFound) || errors.Is(err, Denied) {
		return nil
	}
	if err != nil {
		return err
	}
	var g githubRepo
	if err := f.decode(a, &g); err != nil {
		return err
	}
	if g.Source != nil && g.Source.ID > 0 {
		e.Network = idText(g.Source.ID)
	}
	return nil
}
