// Package forgetest is a forge for tests and benchmarks: it speaks the APIs of GitHub (also to Apps), GitLab, Gitea, Bitbucket Cloud and
// Data Center over one model of repositories, and serves those over git's HTTP protocol, by git http-backend. Faults are
// switched on while it runs, and every request is remembered without its credential.
//
// What it does not know: anything that package forge does not ask for. A Server may be used concurrently.
package forgetest

import (
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"rummage/sweep/forge"
)

// Repo is a repository of the model.
type Repo struct {
	ID            int64
	Name          string // owner/name; of GitLab with subgroups
	Visibility    string // "" is public
	ForkOf        int64  // the id of what it was forked from
	Archived      bool
	Disabled      bool
	Empty         bool
	Wiki          bool
	Topics        []string
	DefaultBranch string // "" is main
	Size          int64  // in bytes
	PushedAt      time.Time
	Dir           string // the bare repository; without one there is nothing to clone
	WikiDir       string
}

// Gist is one of GitHub's.
type Gist struct {
	ID, Owner string
	Secret    bool
	Dir       string
}

// Installation is one of a GitHub App, on the account of an owner.
type Installation struct {
	ID        int64
	Account   string
	Suspended bool
}

// Config is what a Server has from the start.
type Config struct {
	Kind  forge.Kind
	Repos []Repo
	Gists []Gist
	// Token is what is to be sent; who sends none sees what is public, who sends another is refused.
	Token string
	Login string // the user whose the token is: "robot" if empty
	// Users are the owners that are users; others are organisations, groups or workspaces.
	Users   []string
	Members map[string][]string // logins by organisation
	PerPage int                 // the most that a page has, 100 if 0
	// NoUserList is a token of GitHub's that stands for no user.
	NoUserList bool
	// NoKeyset is a GitLab that answers 405 to pages by key.
	NoKeyset bool

	AppID         int64
	AppKey        *rsa.PublicKey
	Installations []Installation
	TokenLife     time.Duration // of installations, an hour if 0
	Now           func() time.Time
}

// Faults are what goes wrong from now on. Numbers are of coming requests to the API, and count down.
type Faults struct {
	Fail       int // answered with FailStatus, 502 if that is 0
	FailStatus int
	Primary    int // the limit of requests is used up, until Reset
	Reset      time.Time
	Secondary  int // another limit, which ends after RetryAfter
	RetryAfter string
	Truncated  int // bodies that are cut in the middle
	// RevokeAfter refuses the token after so many requests; 0: does not.
	RevokeAfter int
	Loop        bool   // the last page leads to the first
	Repeat      bool   // each page has the first one's entries, and there is always another
	SSO         bool   // GitHub leaves out what organisations with single sign-on have
	NextHost    string // where links to next pages lead, "http://other.example"
	RedirectTo  string // all requests to the API are redirected to this scheme and host
	Lies        []any  // entries that the first page of a list has besides; strings are taken as JSON
	Reason      string // what refusals say
}

// Request is one that was made.
type Request struct {
	Method, Path, Query string
	Login               bool // it had a credential
}

// Server is a forge on a port of the loopback interface.
type Server struct {
	URL string

	config Config
	http   *httptest.Server

	mu         sync.Mutex
	remembered map[string]*remembered // by directory; see Remember
	faults     Faults
	requests   []Request
	revoked    bool
	renamed    map[string]string // names of before, in lower case
	gone       map[string]bool   // listed, not there
	minted     map[string]minted
}

// Start starts a forge, which Close ends.
func Start(c Config) *Server {
	s := newServer(c)
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// StartTLS is Start by https. Its certificate is Certificate's.
func StartTLS(c Config) *Server {
	s := newServer(c)
	s.http = httptest.NewTLSServer(s)
	s.URL = s.http.URL
	return s
}

func newServer(c Config) *Server {
	if c.PerPage == 0 {
		c.PerPage = 100
	}
	if c.Login == "" {
		c.Login = "robot"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.TokenLife == 0 {
		c.TokenLife = time.Hour
	}
	return &Server{config: c, renamed: map[string]string{}, gone: map[string]bool{}, minted: map[string]minted{}}
}

// Close ends it.
func (s *Server) Close() { s.http.Close() }

// Certificate is what it shows by https, in DER.
func (s *Server) Certificate() []byte { return s.http.Certificate().Raw }

// Set changes faults.
func (s *Server) Set(change func(*Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
}

// Revoke refuses the token and all of installations from now on; Restore takes it again.
func (s *Server) Revoke() { s.setRevoked(true) }

// Restore takes the token again.
func (s *Server) Restore() { s.setRevoked(false) }

func (s *Server) setRevoked(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = is
}

// Expire forgets the tokens of installations.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.minted)
}

// Vanish lets a repository be listed that cannot be cloned.
func (s *Server) Vanish(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[strings.ToLower(name)] = true
}

// Rename gives a repository or, without a slash, an owner another name. The API and git redirect from the old one.
func (s *Server) Rename(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renamed[strings.ToLower(from)] = to
	repos := slices.Clone(s.config.Repos)
	for i, r := range repos {
		if strings.EqualFold(r.Name, from) {
			repos[i].Name = to
		} else if rest, ok := strings.CutPrefix(r.Name, from+"/"); ok && !strings.Contains(from, "/") {
			repos[i].Name = to + "/" + rest
		}
	}
	s.config.Repos, s.remembered = repos, nil
}

// SetRepos replaces the model's repositories.
func (s *Server) SetRepos(repos []Repo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.Repos = repos
}

// Requests are those that were made so far, to the API and by git.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count counts requests whose path has a text in it.
func (s *Server) Count(text string) int {
	n := 0
	for _, r := range s.Requests() {
		if strings.Contains(r.Path, text) {
			n++
		}
	}
	return n
}

// Reset forgets requests and faults.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.faults, s.revoked = nil, Faults{}, false
}

func (s *Server) prefix() string {
	switch s.config.Kind {
	case forge.GitHub:
		return "/api/v3/"
	case forge.GitLab:
		return "/api/v4/"
	case forge.Gitea:
		return "/api/v1/"
	case forge.Bitbucket:
		return "/2.0/"
	}
	return "/rest/api/1.0/"
}

// ServeHTTP answers requests to the API and git's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	s.mu.Lock()
	s.requests = append(s.requests, Request{r.Method, path, r.URL.RawQuery, r.Header.Get("Authorization") != ""})
	s.mu.Unlock()
	if rest, ok := strings.CutPrefix(path, s.prefix()); ok {
		s.serveAPI(w, r, rest)
		return
	}
	s.serveGit(w, r)
}

// serveAPI answers by the faults first.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, rest string) {
	f := s.fault()
	switch {
	case f.RedirectTo != "":
		http.Redirect(w, r, f.RedirectTo+r.URL.RequestURI(), http.StatusFound)
	case f.Fail > 0:
		if f.FailStatus == 0 {
			f.FailStatus = http.StatusBadGateway
		}
		s.refuse(w, f.FailStatus, "out of order")
	case f.Primary > 0:
		s.limit(w, f)
	case f.Secondary > 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		status := http.StatusTooManyRequests
		if s.config.Kind == forge.GitHub {
			status = http.StatusForbidden
			w.Header().Set("X-RateLimit-Remaining", "4000")
		}
		s.refuse(w, status, "You have exceeded a secondary rate limit.")
	default:
		who, ok := s.caller(r)
		if !ok {
			s.refuse(w, http.StatusUnauthorized, "Bad credentials")
			return
		}
		if f.SSO {
			w.Header().Set("X-GitHub-SSO", "partial-results; organizations=21955855,20582480")
		}
		if f.Truncated > 0 {
			w = &cutWriter{w}
		}
		s.serve(w, r, who, strings.Split(rest, "/"), f)
	}
}

// fault takes one request's share of the faults.
func (s *Server) fault() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faults
	for _, n := range []*int{&s.faults.Fail, &s.faults.Primary, &s.faults.Secondary, &s.faults.Truncated} {
		if *n > 0 {
			*n--
			break
		}
	}
	if s.faults.RevokeAfter > 0 {
		if s.faults.RevokeAfter--; s.faults.RevokeAfter == 0 {
			s.revoked = true // for the next one: callers are judged after this
			s.faults.RevokeAfter = -1
		}
	}
	return f
}

// limit answers as a forge whose limit of requests is used up.
func (s *Server) limit(w http.ResponseWriter, f Faults) {
	reset := f.Reset.Unix()
	status := http.StatusTooManyRequests
	switch s.config.Kind {
	case forge.GitHub:
		status = http.StatusForbidden
		w.Header().Set("X-RateLimit-Limit", "5000")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", itoa(reset))
	case forge.GitLab:
		w.Header().Set("RateLimit-Limit", "600")
		w.Header().Set("RateLimit-Remaining", "0")
		w.Header().Set("RateLimit-Reset", itoa(reset))
	case forge.BitbucketDC, forge.Gitea:
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	s.refuse(w, status, "API rate limit exceeded")
}

// cutWriter sends half of a body and breaks the connection.
type cutWriter struct{ http.ResponseWriter }

func (c *cutWriter) Write(b []byte) (int, error) {
	c.Header().Set("Content-Length", itoa(int64(len(b))))
	_, _ = c.ResponseWriter.Write(b[:len(b)/2])
	panic(http.ErrAbortHandler)
}
