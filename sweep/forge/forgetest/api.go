package forgetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rummage/sweep/forge"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// send answers with JSON.
func send(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", itoa(int64(len(b))))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// refuse answers with an error as the kind of forge writes it.
func (s *Server) refuse(w http.ResponseWriter, status int, text string) {
	s.mu.Lock()
	if s.faults.Reason != "" {
		text = s.faults.Reason
	}
	s.mu.Unlock()
	switch s.config.Kind {
	case forge.Bitbucket:
		send(w, status, map[string]any{"type": "error", "error": map[string]any{"message": text}})
	case forge.BitbucketDC:
		send(w, status, map[string]any{"errors": []any{map[string]any{"context": nil, "message": text, "exceptionName": nil}}})
	default:
		send(w, status, map[string]any{"message": text, "documentation_url": "https://docs.example.com/rest"})
	}
}

// serve answers what the kind of forge has.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, who caller, path []string, f Faults) {
	for i, p := range path {
		path[i], _ = url.PathUnescape(p)
	}
	q := &query{s: s, w: w, r: r, who: who, path: path, faults: f}
	served := false
	switch s.config.Kind {
	case forge.GitHub:
		served = q.github()
	case forge.GitLab:
		served = q.gitlab()
	case forge.Gitea:
		served = q.gitea()
	case forge.Bitbucket:
		served = q.bitbucket()
	case forge.BitbucketDC:
		served = q.bitbucketDC()
	}
	if !served {
		s.refuse(w, http.StatusNotFound, "Not Found")
	}
}

// query is a request to the API.
type query struct {
	s      *Server
	w      http.ResponseWriter
	r      *http.Request
	who    caller
	path   []string
	faults Faults
}

// is matches a path; "*" is any segment.
func (q *query) is(path string) bool {
	want := strings.Split(path, "/")
	return len(want) == len(q.path) && !slices.ContainsFunc(indexes(want), func(i int) bool { return want[i] != "*" && want[i] != q.path[i] })
}

func indexes(list []string) []int {
	n := make([]int, len(list))
	for i := range n {
		n[i] = i
	}
	return n
}

func (q *query) param(name string) string { return q.r.URL.Query().Get(name) }

// redirected sends whoever asks for an owner by an old name on.
func (q *query) redirected(owner string) bool {
	q.s.mu.Lock()
	to, ok := q.s.renamed[strings.ToLower(owner)]
	q.s.mu.Unlock()
	if !ok {
		return false
	}
	at := strings.Replace(q.r.URL.RequestURI(), url.PathEscape(owner), url.PathEscape(to), 1)
	http.Redirect(q.w, q.r, q.s.URL+at, http.StatusMovedPermanently)
	return true
}

// repos are those that the caller sees, in the order of their ids. Owner "" is any; below are subgroups.
func (q *query) repos(owner string, below bool) []Repo {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	var list []Repo
	for _, r := range q.s.config.Repos {
		at, _, _ := cutLast(r.Name)
		top, _, _ := strings.Cut(r.Name, "/")
		if owner != "" && !strings.EqualFold(at, owner) && !(below && strings.HasPrefix(strings.ToLower(at), strings.ToLower(owner)+"/")) {
			continue
		}
		if q.s.sees(q.who, top, r.Visibility) {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b Repo) int { return int(a.ID - b.ID) })
	return list
}

func cutLast(name string) (before, after string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// hasOwner tells whether there is such an owner, of the kind that is asked for.
func (q *query) hasOwner(owner string, user bool) bool {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	isUser := slices.ContainsFunc(q.s.config.Users, func(u string) bool { return strings.EqualFold(u, owner) })
	if isUser != user {
		return false
	}
	_, isOrg := q.s.config.Members[owner]
	return isUser || isOrg || slices.ContainsFunc(q.s.config.Repos, func(r Repo) bool {
		return strings.HasPrefix(strings.ToLower(r.Name), strings.ToLower(owner)+"/")
	})
}

// byNumber cuts a page out of entries, by the number of the page, with the links of GitHub, GitLab and Gitea.
func (q *query) byNumber(all []any, perPage string) []any {
	n, _ := strconv.Atoi(q.param("page"))
	n = max(n, 1)
	size, _ := strconv.Atoi(q.param(perPage))
	if size <= 0 || size > q.s.config.PerPage {
		size = q.s.config.PerPage
	}
	from := min((n-1)*size, len(all))
	to := min(from+size, len(all))
	last := max((len(all)+size-1)/size, 1)
	next := 0
	switch {
	case q.faults.Repeat:
		from, to, next = 0, min(size, len(all)), n+1
	case to < len(all):
		next = n + 1
	case q.faults.Loop:
		next = 1
	}
	part := slices.Clone(all[from:to])
	if n == 1 || q.faults.Repeat {
		part = append(part, q.lies()...)
	}
	q.w.Header().Set("X-Total-Count", strconv.Itoa(len(all)))
	if next > 0 {
		q.w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next", <%s>; rel="last"`, q.link("page", strconv.Itoa(next)), q.link("page", strconv.Itoa(last))))
	} else if n > 1 {
		q.w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="first"`, q.link("page", "1")))
	}
	return part
}

// link is this request with another parameter, on this host but for a fault.
func (q *query) link(name, value string) string {
	u := *q.r.URL
	v := u.Query()
	v.Set(name, value)
	u.RawQuery = v.Encode()
	host := q.s.URL
	if q.faults.NextHost != "" {
		host = q.faults.NextHost
	}
	return host + u.RequestURI()
}

func (q *query) lies() []any {
	var list []any
	for _, l := range q.faults.Lies {
		if text, ok := l.(string); ok {
			l = json.RawMessage(text)
		}
		list = append(list, l)
	}
	return list
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func (r Repo) branch() string {
	if r.DefaultBranch == "" {
		return "main"
	}
	return r.DefaultBranch
}

func (r Repo) visibility() string {
	if r.Visibility == "" {
		return "public"
	}
	return r.Visibility
}

// entries makes the JSON of repositories.
func entries(list []Repo, entry func(Repo) map[string]any) []any {
	all := make([]any, 0, len(list))
	for _, r := range list {
		all = append(all, entry(r))
	}
	return all
}
