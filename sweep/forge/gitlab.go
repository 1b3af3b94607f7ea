package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// gitlabProject is what is read of a project at GitLab.
type gitlabProject struct {
	ID                int64    `json:"id"`
	PathWithNamespace string   `json:"path_with_namespace"`
	HTTPURLToRepo     string   `json:"http_url_to_repo"`
	WebURL            string   `json:"web_url"`
	Visibility        string   `json:"visibility"`
	Archived          bool     `json:"archived"`
	EmptyRepo         bool     `json:"empty_repo"`
	Topics            []string `json:"topics"`
	TagList           []string `json:"tag_list"` // what topics were called before 14.0
	DefaultBranch     string   `json:"default_branch"`
	LastActivityAt    string   `json:"last_activity_at"`
	WikiEnabled       bool     `json:"wiki_enabled"`
	WikiAccess        string   `json:"wiki_access_level"`
	RepositoryAccess  string   `json:"repository_access_level"`
	ForkedFrom        *struct {
		ID int64 `json:"id"`
	} `json:"forked_from_project"`
	Statistics *struct {
		RepositorySize int64 `json:"repository_size"`
	} `json:"statistics"`
}

func gitlabEntry(raw json.RawMessage) (found, error) {
	var g gitlabProject
	if err := json.Unmarshal(raw, &g); err != nil {
		return found{}, errors.New("an entry that is no project")
	}
	active, err := when(g.LastActivityAt)
	if err != nil {
		return found{}, fmt.Errorf("%q: %w", clip(g.PathWithNamespace), err)
	}
	if g.Visibility == "" && g.HTTPURLToRepo != "" {
		g.Visibility = "public" // all that someone without a token sees of a project
	}
	e := found{Repository: Repository{
		ID: idText(g.ID), Name: g.PathWithNamespace, CloneURL: g.HTTPURLToRepo, WebURL: g.WebURL, Visibility: g.Visibility,
		Archived: g.Archived, Disabled: g.RepositoryAccess == "disabled", Empty: g.EmptyRepo, Topics: g.Topics, DefaultBranch: g.DefaultBranch,
		Size: -1, PushedAt: active,
	}}
	if e.Topics == nil {
		e.Topics = g.TagList
	}
	if g.Statistics != nil {
		e.Size = g.Statistics.RepositorySize
	}
	if g.ForkedFrom != nil {
		e.Fork, e.parent = true, idText(g.ForkedFrom.ID)
	}
	e.wiki = g.WikiAccess != "disabled" && (g.WikiAccess != "" || g.WikiEnabled)
	return e, nil
}

// listGitLab lists a group with its subgroups, or a user's projects, or those that the token's user is a member of.
func (f *Forge) listGitLab(ctx context.Context, w *walker) error {
	owner := f.config.Owner
	if owner == "" {
		token, err := f.token(ctx)
		if err != nil {
			return err
		}
		if token == "" {
			return f.fail(NoToken, "", "without a token an owner is needed")
		}
		return w.read(ctx, f.gitlabList(url.Values{"membership": {"true"}, "statistics": {"true"}}, "projects"))
	}
	err := w.read(ctx, f.gitlabList(url.Values{"include_subgroups": {"true"}, "with_shared": {"false"}}, "groups", owner, "projects"))
	if !errors.Is(err, NotFound) || len(w.seen) > 0 {
		return err
	}
	return w.read(ctx, f.gitlabList(url.Values{"statistics": {"true"}}, "users", owner, "projects"))
}

func (f *Forge) gitlabList(q url.Values, segments ...string) listing {
	for name, value := range map[string]string{"pagination": "keyset", "order_by": "id", "sort": "asc", "per_page": "100"} {
		q.Set(name, value)
	}
	return listing{first: f.at(q, segments...), ask: f.askGitLab, page: f.gitlabPage, entry: gitlabEntry}
}

// askGitLab falls back to pages by number where a list has none by key.
func (f *Forge) askGitLab(ctx context.Context, u *url.URL) (*answer, error) {
	a, err := f.get(ctx, u)
	var e *Error
	if err == nil || !errors.As(err, &e) || e.Status != http.StatusMethodNotAllowed && e.Status != http.StatusBadRequest {
		return a, err
	}
	q := u.Query()
	if q.Get("pagination") != "keyset" || q.Has("id_after") || q.Has("cursor") {
		return nil, err
	}
	q.Del("pagination")
	q.Set("page", "1")
	byNumber := *u
	byNumber.RawQuery = q.Encode()
	return f.get(ctx, &byNumber)
}

// gitlabPage takes the next page from the Link header, or from the number that older versions give.
func (f *Forge) gitlabPage(a *answer) (page, error) {
	p, err := f.linked(a)
	if err != nil || p.next != nil {
		return p, err
	}
	if n := number(a.header.Get("X-Next-Page")); n > 0 {
		p.next = withParam(a.url, "page", a.header.Get("X-Next-Page"))
	}
	return p, nil
}
