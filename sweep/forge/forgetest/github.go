package forgetest

import (
	"net/http"
	"strconv"
	"strings"
)

// github answers what GitHub has, as Enterprise Server has it.
func (q *query) github() bool {
	if q.who.app {
		return q.githubApp()
	}
	s := q.s
	switch {
	case q.is("orgs/*/repos"):
		if q.redirected(q.path[1]) {
			return true
		}
		return q.hasOwner(q.path[1], false) && q.list(entries(q.repos(q.path[1], false), q.githubRepo))
	case q.is("users/*/repos"): // public ones, whoever asks
		if q.redirected(q.path[1]) {
			return true
		}
		var public []Repo
		for _, r := range q.repos(q.path[1], false) {
			if r.visibility() == "public" {
				public = append(public, r)
			}
		}
		return (q.hasOwner(q.path[1], true) || q.hasOwner(q.path[1], false)) && q.list(entries(public, q.githubRepo))
	case q.is("user/repos"):
		switch {
		case q.who.installation != 0 || s.config.NoUserList:
			s.refuse(q.w, http.StatusForbidden, "Resource not accessible by integration")
		case !q.who.token:
			s.refuse(q.w, http.StatusUnauthorized, "Requires authentication")
		default:
			q.list(entries(q.repos("", false), q.githubRepo))
		}
		return true
	case q.is("repos/*/*"):
		return q.githubOne(q.path[1] + "/" + q.path[2])
	case q.is("installation/repositories") && q.who.installation != 0:
		all := entries(q.repos("", false), q.githubRepo)
		send(q.w, http.StatusOK, map[string]any{"total_count": len(all), "repository_selection": "all", "repositories": q.byNumber(all, "per_page")})
		return true
	case q.is("orgs/*/members"):
		var all []any
		for i, m := range s.config.Members[q.path[1]] {
			all = append(all, map[string]any{"login": m, "id": i + 1, "type": "User"})
		}
		return q.list(all)
	case q.is("gists") && q.who.token:
		return q.list(q.gists(s.config.Login, true))
	case q.is("users/*/gists"):
		return q.list(q.gists(q.path[1], false))
	}
	return false
}

func (q *query) list(all []any) bool {
	if page := q.byNumber(all, "per_page"); page == nil {
		send(q.w, http.StatusOK, []any{})
	} else {
		send(q.w, http.StatusOK, page)
	}
	return true
}

func (q *query) githubOne(name string) bool {
	if to, ok := q.s.movedTo(name); ok {
		http.Redirect(q.w, q.r, q.s.URL+"/api/v3/repos/"+to, http.StatusMovedPermanently)
		return true
	}
	for _, r := range q.repos("", false) {
		if !strings.EqualFold(r.Name, name) {
			continue
		}
		entry := q.githubRepo(r)
		if r.ForkOf != 0 {
			entry["parent"] = map[string]any{"id": r.ForkOf}
			entry["source"] = map[string]any{"id": q.root(r)}
		}
		send(q.w, http.StatusOK, entry)
		return true
	}
	return false
}

// root is the id of a fork network's first repository.
func (q *query) root(r Repo) int64 {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	for range 100 {
		if r.ForkOf == 0 {
			break
		}
		found := false
		for _, other := range q.s.config.Repos {
			if other.ID == r.ForkOf {
				r, found = other, true
				break
			}
		}
		if !found {
			return r.ForkOf
		}
	}
	return r.ID
}

func (q *query) githubRepo(r Repo) map[string]any {
	owner, name, _ := cutLast(r.Name)
	return map[string]any{
		"id": r.ID, "node_id": "R_" + itoa(r.ID), "name": name, "full_name": r.Name, "private": r.visibility() != "public",
		"owner":    map[string]any{"login": owner, "id": 1, "type": "Organization"},
		"html_url": q.s.URL + "/" + r.Name, "clone_url": q.s.URL + "/" + r.Name + ".git", "ssh_url": "git@example.com:" + r.Name + ".git",
		"description": nil, "fork": r.ForkOf != 0, "url": q.s.URL + "/api/v3/repos/" + r.Name, "size": r.Size >> 10, "default_branch": r.branch(),
		"topics": append([]string{}, r.Topics...), "has_wiki": r.Wiki, "archived": r.Archived, "disabled": r.Disabled, "visibility": r.visibility(),
		"pushed_at": stamp(r.PushedAt), "updated_at": stamp(r.PushedAt), "permissions": map[string]any{"pull": true},
	}
}

func (q *query) gists(owner string, secret bool) []any {
	all := []any{}
	for _, g := range q.s.config.Gists {
		if !strings.EqualFold(g.Owner, owner) || g.Secret && !secret {
			continue
		}
		all = append(all, map[string]any{
			"id": g.ID, "html_url": q.s.URL + "/gist/" + g.ID, "git_pull_url": q.s.URL + "/gist/" + g.ID + ".git",
			"git_push_url": q.s.URL + "/gist/" + g.ID + ".git", "public": !g.Secret, "owner": map[string]any{"login": g.Owner},
			"files": map[string]any{"a.txt": map[string]any{"filename": "a.txt", "size": 3}}, "updated_at": "2024-05-06T07:08:09Z",
		})
	}
	return all
}

// githubApp answers an App that shows who it is.
func (q *query) githubApp() bool {
	installations := q.s.config.Installations
	switch {
	case q.is("app/installations"):
		var all []any
		for _, in := range installations {
			entry := map[string]any{"id": in.ID, "app_id": q.s.config.AppID, "account": map[string]any{"login": in.Account}, "target_type": "Organization",
				"repository_selection": "all", "suspended_at": nil}
			if in.Suspended {
				entry["suspended_at"] = "2024-01-02T03:04:05Z"
			}
			all = append(all, entry)
		}
		return q.list(all)
	case q.is("app/installations/*/access_tokens") && q.r.Method == http.MethodPost:
		id, _ := strconv.ParseInt(q.path[2], 10, 64)
		for _, in := range installations {
			switch {
			case in.ID != id:
				continue
			case in.Suspended:
				q.s.refuse(q.w, http.StatusForbidden, "This installation has been suspended")
			default:
				token, ends := q.s.mint(id)
				send(q.w, http.StatusCreated, map[string]any{"token": token, "expires_at": stamp(ends), "permissions": map[string]any{"contents": "read"},
					"repository_selection": "all"})
			}
			return true
		}
	}
	return false
}
