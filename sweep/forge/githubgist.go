package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// githubGist is what is read of a gist.
type githubGist struct {
	ID        string `json:"id"`
	PullURL   string `json:"git_pull_url"`
	HTMLURL   string `json:"html_url"`
	Public    bool   `json:"public"`
	UpdatedAt string `json:"updated_at"`
	Owner     struct {
		Login string `json:"login"`
	} `json:"owner"`
}

func gistEntry(raw json.RawMessage) (found, error) {
	var g githubGist
	if err := json.Unmarshal(raw, &g); err != nil || g.ID == "" || strings.Contains(g.ID, ":") {
		return found{}, errors.New("an entry that is no gist")
	}
	updated, err := when(g.UpdatedAt)
	if err != nil {
		return found{}, fmt.Errorf("gist %q: %w", clip(g.ID), err)
	}
	owner := g.Owner.Login
	if owner == "" {
		owner = "anonymous"
	}
	return found{
		Repository: Repository{
			ID: "gist:" + g.ID, Name: owner + "/" + g.ID, CloneURL: g.PullURL, WebURL: g.HTMLURL,
			Visibility: either(g.Public, "public", "private"), Size: -1, PushedAt: updated, Kind: "gist",
		},
		owner: owner,
	}, nil
}

// listGists lists gists: the token's own with secret ones, other users' public ones, those of an organisation's members.
func (f *Forge) listGists(ctx context.Context, w *walker, owner string, org bool) error {
	if !f.config.Gists {
		return nil
	}
	var users []string
	if owner != "" {
		users = []string{owner}
	}
	if org {
		members, err := f.members(ctx, owner)
		if err != nil {
			if err := w.failed(ctx, err); err != nil {
				return err
			}
		}
		users = members
	}
	token, err := f.token(ctx)
	if err != nil {
		return err
	}
	if token != "" {
		own := f.gistList("gists")
		own.keep = func(e found) bool { return owner == "" || containsFold(users, e.owner) }
		if err := w.read(ctx, own); err != nil {
			if err := w.failed(ctx, err); err != nil {
				return err
			}
		}
	}
	for _, user := range users {
		if err := w.read(ctx, f.gistList("users", user, "gists")); err != nil {
			if err := w.failed(ctx, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Forge) gistList(segments ...string) listing {
	return listing{first: f.at(url.Values{"per_page": {"100"}}, segments...), ask: f.get, page: f.linked, entry: gistEntry}
}

// members are the logins of an organisation's, as far as the token sees them.
func (f *Forge) members(ctx context.Context, org string) ([]string, error) {
	var logins []string
	w := &walker{f: f, seen: map[string]struct{}{}}
	l := f.gistList("orgs", org, "members")
	l.entry = func(raw json.RawMessage) (found, error) {
		var m struct {
			Login string `json:"login"`
		}
		if err := json.Unmarshal(raw, &m); err != nil || !goodName("x/"+m.Login) || strings.Contains(m.Login, "/") {
			return found{}, errors.New("an entry that is no member")
		}
		logins = append(logins, m.Login)
		return found{Repository: Repository{ID: m.Login}}, nil
	}
	l.keep = func(found) bool { return false }
	if err := w.read(ctx, l); err != nil {
		return nil, err
	}
	if w.partial.Refused > 0 {
		return logins, &w.partial
	}
	return logins, nil
}
