package forgetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// gitlab answers what GitLab has.
func (q *query) gitlab() bool {
	var list []Repo
	switch {
	case q.is("groups/*/projects"):
		if q.redirected(q.path[1]) {
			return true
		}
		if !q.hasOwner(q.path[1], false) {
			return false
		}
		list = q.repos(q.path[1], q.param("include_subgroups") == "true")
	case q.is("users/*/projects"):
		if !q.hasOwner(q.path[1], true) {
			return false
		}
		list = q.repos(q.path[1], false)
	case q.is("projects"):
		list = q.repos("", false)
	default:
		return false
	}
	all := entries(list, q.gitlabProject)
	if q.param("pagination") != "keyset" {
		q.w.Header().Set("X-Page", max(q.param("page"), "1"))
		return q.list(all)
	}
	if q.s.config.NoKeyset {
		q.s.refuse(q.w, http.StatusMethodNotAllowed, "Keyset pagination is not yet available for this type of request")
		return true
	}
	return q.byKey(list, all)
}

// byKey cuts a page out of projects after an id.
func (q *query) byKey(list []Repo, all []any) bool {
	after, _ := strconv.ParseInt(q.param("id_after"), 10, 64)
	from := slices.IndexFunc(list, func(r Repo) bool { return r.ID > after })
	if from < 0 || q.faults.Repeat {
		from = map[bool]int{true: 0, false: len(list)}[q.faults.Repeat]
	}
	to := min(from+q.s.config.PerPage, len(list))
	page := append([]any{}, all[from:to]...)
	if after == 0 {
		page = append(page, q.lies()...)
	}
	switch {
	case q.faults.Repeat:
		q.w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, q.link("id_after", itoa(after+1))))
	case to < len(list):
		q.w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, q.link("id_after", itoa(list[to-1].ID))))
	case q.faults.Loop:
		q.w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, q.link("id_after", itoa(list[0].ID))))
	}
	send(q.w, http.StatusOK, page)
	return true
}

func (q *query) gitlabProject(r Repo) map[string]any {
	namespace, name, _ := cutLast(r.Name)
	p := map[string]any{
		"id": r.ID, "name": name, "path": name, "path_with_namespace": r.Name, "namespace": map[string]any{"full_path": namespace, "kind": "group"},
		"http_url_to_repo": q.s.URL + "/" + r.Name + ".git", "ssh_url_to_repo": "git@example.com:" + r.Name + ".git", "web_url": q.s.URL + "/" + r.Name,
		"default_branch": r.branch(), "topics": append([]string{}, r.Topics...), "tag_list": append([]string{}, r.Topics...),
		"last_activity_at": stamp(r.PushedAt), "forks_count": 0,
	}
	if q.who == (caller{}) {
		return p
	}
	access := map[bool]string{true: "enabled", false: "disabled"}
	p["visibility"], p["archived"], p["empty_repo"] = r.visibility(), r.Archived, r.Empty
	p["wiki_enabled"], p["wiki_access_level"], p["repository_access_level"] = r.Wiki, access[r.Wiki], access[!r.Disabled]
	if r.ForkOf != 0 {
		p["forked_from_project"] = map[string]any{"id": r.ForkOf, "path_with_namespace": "some/where"}
	}
	if q.param("statistics") == "true" {
		p["statistics"] = map[string]any{"commit_count": 1, "repository_size": r.Size, "storage_size": r.Size}
	}
	return p
}

// gitea answers what Gitea and Forgejo have.
func (q *query) gitea() bool {
	switch {
	case q.is("repos/search"):
		all := entries(q.repos("", false), q.giteaRepo)
		send(q.w, http.StatusOK, map[string]any{"ok": true, "data": q.byNumber(all, "limit")})
		return true
	case q.is("orgs/*/repos"), q.is("users/*/repos"):
		if q.redirected(q.path[1]) {
			return true
		}
		if !q.hasOwner(q.path[1], q.path[0] == "users") {
			return false
		}
		page := q.byNumber(entries(q.repos(q.path[1], false), q.giteaRepo), "limit")
		send(q.w, http.StatusOK, append([]any{}, page...))
		return true
	}
	return false
}

func (q *query) giteaRepo(r Repo) map[string]any {
	owner, name, _ := cutLast(r.Name)
	g := map[string]any{
		"id": r.ID, "owner": map[string]any{"id": 1, "login": owner}, "name": name, "full_name": r.Name, "empty": r.Empty,
		"private": r.visibility() == "private", "internal": r.visibility() == "internal", "fork": r.ForkOf != 0, "template": false, "parent": nil, "mirror": false,
		"size": r.Size >> 10, "html_url": q.s.URL + "/" + r.Name, "clone_url": q.s.URL + "/" + r.Name + ".git", "ssh_url": "git@example.com:" + r.Name + ".git",
		"default_branch": r.branch(), "archived": r.Archived, "updated_at": stamp(r.PushedAt), "has_wiki": r.Wiki, "has_code": !r.Disabled,
		"topics": append([]string{}, r.Topics...),
	}
	if r.PushedAt.IsZero() {
		g["updated_at"] = "0001-01-01T00:00:00Z"
	}
	if r.ForkOf != 0 {
		g["parent"] = map[string]any{"id": r.ForkOf, "full_name": "some/where"}
	}
	return g
}

// bitbucket answers what Bitbucket Cloud has.
func (q *query) bitbucket() bool {
	if !q.is("repositories/*") || !q.hasOwner(q.path[1], false) && !q.hasOwner(q.path[1], true) {
		return false
	}
	all := entries(q.repos(q.path[1], false), q.bitbucketRepo)
	page := q.byNumber(all, "pagelen")
	body := map[string]any{"size": len(all), "page": 1, "pagelen": q.s.config.PerPage, "values": append([]any{}, page...)}
	link := q.w.Header().Get("Link")
	if target, _, ok := strings.Cut(strings.TrimPrefix(link, "<"), ">"); ok && strings.Contains(link, `rel="next"`) {
		body["next"] = target
	}
	q.w.Header().Del("Link")
	q.w.Header().Del("X-Total-Count")
	send(q.w, http.StatusOK, body)
	return true
}

func bitbucketID(id int64) string { return fmt.Sprintf("{00000000-0000-4000-8000-%012d}", id) }

func (q *query) bitbucketRepo(r Repo) map[string]any {
	_, name, _ := cutLast(r.Name)
	host := strings.Replace(q.s.URL, "://", "://robot@", 1) // as it has the name of who asks in it
	b := map[string]any{
		"type": "repository", "uuid": bitbucketID(r.ID), "full_name": r.Name, "name": name, "slug": name, "scm": "git",
		"is_private": r.visibility() != "public", "has_wiki": r.Wiki, "size": r.Size, "updated_on": stamp(r.PushedAt),
		"mainbranch": map[string]any{"type": "branch", "name": r.branch()}, "parent": nil,
		"links": map[string]any{
			"html":  map[string]any{"href": q.s.URL + "/" + r.Name},
			"clone": []any{map[string]any{"name": "https", "href": host + "/" + r.Name + ".git"}, map[string]any{"name": "ssh", "href": "git@example.com:" + r.Name}},
		},
	}
	if r.Empty {
		b["mainbranch"] = nil
	}
	if r.ForkOf != 0 {
		b["parent"] = map[string]any{"type": "repository", "uuid": bitbucketID(r.ForkOf), "full_name": "some/where"}
	}
	return b
}

// bitbucketDC answers what Bitbucket Data Center has.
func (q *query) bitbucketDC() bool {
	var list []Repo
	switch {
	case q.is("repos"):
		for _, r := range q.repos("", false) {
			if !r.Archived || q.param("archived") == "ALL" {
				list = append(list, r)
			}
		}
	case q.is("projects/*/repos"):
		if !q.hasOwner(q.path[1], false) && !q.hasOwner(q.path[1], true) {
			q.s.refuse(q.w, http.StatusNotFound, "Project "+q.path[1]+" does not exist.")
			return true
		}
		list = q.repos(q.path[1], false)
	default:
		return false
	}
	all := entries(list, q.dcRepo)
	start, _ := strconv.Atoi(q.param("start"))
	from := min(max(start, 0), len(all))
	if q.faults.Repeat {
		from = 0
	}
	to := min(from+q.s.config.PerPage, len(all))
	page := append([]any{}, all[from:to]...)
	if start == 0 {
		page = append(page, q.lies()...)
	}
	body := map[string]any{"size": len(page), "limit": q.s.config.PerPage, "start": start, "isLastPage": to == len(all), "values": page, "nextPageStart": nil}
	switch {
	case q.faults.Repeat:
		body["isLastPage"], body["nextPageStart"] = false, start+1
	case to < len(all):
		body["nextPageStart"] = to
	case q.faults.Loop:
		body["isLastPage"], body["nextPageStart"] = false, 0
	}
	send(q.w, http.StatusOK, body)
	return true
}

func (q *query) dcRepo(r Repo) map[string]any {
	key, slug, _ := cutLast(r.Name)
	b := map[string]any{
		"slug": slug, "id": r.ID, "name": slug, "hierarchyId": fmt.Sprintf("%020x", q.root(r)), "scmId": "git", "state": "AVAILABLE", "forkable": true,
		"project": map[string]any{"key": key, "id": 1, "name": key, "public": false, "type": "NORMAL"}, "public": r.visibility() == "public", "archived": r.Archived,
		"links": map[string]any{
			"clone": []any{map[string]any{"href": "ssh://git@example.com/" + r.Name + ".git", "name": "ssh"},
				map[string]any{"href": q.s.URL + "/scm/" + r.Name + ".git", "name": "http"}},
			"self": []any{map[string]any{"href": q.s.URL + "/projects/" + key + "/repos/" + slug + "/browse"}},
		},
	}
	if r.Disabled {
		b["state"] = "OFFLINE"
	}
	if r.ForkOf != 0 {
		b["origin"] = map[string]any{"id": r.ForkOf}
	}
	return b
}
