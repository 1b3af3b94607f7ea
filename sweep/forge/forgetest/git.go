package forgetest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"strings"

	"rummage/sweep/forge"
)

// serveGit serves the bare repositories for reading, with the token as the password.
func (s *Server) serveGit(w http.ResponseWriter, r *http.Request) {
	root, ok := gitRoot(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	name := strings.TrimPrefix(root, "/")
	if s.config.Kind == forge.BitbucketDC {
		name = strings.TrimPrefix(name, "scm/")
	}
	who, allowed := s.gitCaller(r)
	if !allowed {
		w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
		http.Error(w, "access denied", http.StatusUnauthorized)
		return
	}
	if to, ok := s.movedTo(strings.TrimSuffix(name, ".git")); ok {
		at := strings.Replace(root, strings.TrimSuffix(name, ".git"), to, 1)
		http.Redirect(w, r, s.URL+at+strings.TrimPrefix(r.URL.RequestURI(), root), http.StatusMovedPermanently)
		return
	}
	dir, owner, visibility := s.dirOf(name)
	switch {
	case dir != "" && s.sees(who, owner, visibility):
		if !s.quick(dir, w, r) {
			backend(dir, root, w, r)
		}
	case who == (caller{}):
		// Forges do not tell someone without a credential whether there is such a repository.
		w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
		http.Error(w, "log in", http.StatusUnauthorized)
	default:
		http.NotFound(w, r)
	}
}

// gitRoot is the part of a path that is the repository.
func gitRoot(path string) (string, bool) {
	for _, end := range []string{"/info/refs", "/git-upload-pack", "/git-receive-pack", "/HEAD"} {
		if root, ok := strings.CutSuffix(path, end); ok && !strings.Contains(root, "..") {
			return root, true
		}
	}
	return "", false
}

// gitCaller is caller with what git sends.
func (s *Server) gitCaller(r *http.Request) (caller, bool) {
	if _, _, basic := r.BasicAuth(); r.Header.Get("Authorization") != "" && !basic {
		return caller{}, false
	}
	return s.caller(r)
}

func (s *Server) movedTo(name string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to, ok := s.renamed[strings.ToLower(name)]; ok {
		return to, true
	}
	owner, rest, _ := strings.Cut(name, "/")
	to, ok := s.renamed[strings.ToLower(owner)]
	return to + "/" + rest, ok
}

// dirOf is where a repository, a wiki or a gist is.
func (s *Server) dirOf(path string) (dir, owner, visibility string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.config.Gists {
		if path == "gist/"+g.ID+".git" && !s.gone[strings.ToLower(g.ID)] {
			return g.Dir, g.Owner, "" // whoever knows a secret gist's id may read it
		}
	}
	wiki := false
	name := strings.TrimSuffix(path, ".git")
	if s.config.Kind == forge.Bitbucket {
		name, wiki = strings.CutSuffix(path, ".git/wiki")
	} else {
		name, wiki = strings.CutSuffix(name, ".wiki")
	}
	name = strings.TrimSuffix(name, ".git")
	for _, r := range s.config.Repos {
		if !strings.EqualFold(r.Name, name) || s.gone[strings.ToLower(name)] {
			continue
		}
		owner, _, _ = strings.Cut(r.Name, "/")
		if wiki {
			return r.WikiDir, owner, r.Visibility
		}
		return r.Dir, owner, r.Visibility
	}
	return "", "", ""
}

// backend runs git http-backend on one repository.
func backend(dir, root string, w http.ResponseWriter, r *http.Request) {
	git, err := exec.LookPath("git")
	if err != nil {
		http.Error(w, "no git", http.StatusInternalServerError)
		return
	}
	if r.ContentLength < 0 { // which CGI does not know
		body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
		if err != nil {
			http.Error(w, "cut", http.StatusBadRequest)
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.TransferEncoding = nil
	}
	h := cgi.Handler{
		Path: git, Args: []string{"http-backend"}, Root: root,
		Env: []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
			"GIT_PROTOCOL=" + r.Header.Get("Git-Protocol")},
		Stderr: io.Discard,
	}
	h.ServeHTTP(w, r)
}
