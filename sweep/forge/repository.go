package forge

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Repository is one of a list.
type Repository struct {
	ID       string // the forge's own, which outlives renames; of a wiki the repository's and ":wiki", of a gist "gist:" and its own
	Name     string // owner/name, as many owners as there are subgroups
	CloneURL string
	WebURL   string
	// Visibility is "public", "internal" or "private", as a secret gist is.
	Visibility string
	Archived   bool
	Fork       bool
	Disabled   bool // the forge says that it cannot be cloned
	Empty      bool // the forge believes so, which is a hint: something may have been pushed
	// Network is the same for a repository and its forks: the source's id as far as the list tells, else the own.
	Network       string
	Topics        []string
	DefaultBranch string
	Size          int64     // in bytes, -1 if unknown
	PushedAt      time.Time // or of the last change that the list tells of; zero if unknown
	Kind          string    // "", "wiki" or "gist"
}

// found is an entry of a list.
type found struct {
	Repository
	wiki   bool
	parent string // the id of what it was forked from, as far as the entry tells
	owner  string // in words of the forge, where that matters
}

const (
	maxID     = 128
	maxName   = 1024
	maxRawURL = 2048
	maxTopics = 200
	maxWord   = 255
)

// check refuses what would harm whoever uses it, and puts the URLs into their usual form.
func (f *Forge) check(r *Repository) error {
	switch {
	case r.ID == "" || len(r.ID) > maxID || !plain(r.ID) || strings.ContainsAny(r.ID, " /\\"):
		return fmt.Errorf("an id that is none: %q", clip(r.ID))
	case !goodName(r.Name):
		return fmt.Errorf("a name that is none: %q", clip(r.Name))
	case len(r.DefaultBranch) > maxWord || !plain(r.DefaultBranch) || strings.Contains(r.DefaultBranch, ".."):
		return fmt.Errorf("%q: a branch that is none: %q", clip(r.Name), clip(r.DefaultBranch))
	case len(r.Topics) > maxTopics:
		return fmt.Errorf("%q: %d topics", clip(r.Name), len(r.Topics))
	case !slices.Contains([]string{"public", "internal", "private"}, r.Visibility):
		return fmt.Errorf("%q: a visibility that is none: %q", clip(r.Name), clip(r.Visibility))
	case len(r.Network) > maxID || !plain(r.Network):
		return fmt.Errorf("%q: a source that is none", clip(r.Name))
	}
	for _, t := range r.Topics {
		if len(t) > maxWord || !plain(t) {
			return fmt.Errorf("%q: a topic that is none: %q", clip(r.Name), clip(t))
		}
	}
	var err error
	if r.CloneURL, err = f.checkURL(r.CloneURL, r.Kind); err != nil {
		return fmt.Errorf("%q: its clone URL %w", clip(r.Name), err)
	}
	if r.WebURL != "" {
		if r.WebURL, err = f.checkURL(r.WebURL, r.Kind); err != nil {
			return fmt.Errorf("%q: its web URL %w", clip(r.Name), err)
		}
	}
	if r.Size < 0 {
		r.Size = -1
	}
	return nil
}

// goodName tells whether a name is owner/name, or deeper, and is one as a relative path and as an argument too.
func goodName(name string) bool {
	if len(name) > maxName || !plain(name) || strings.ContainsAny(name, `\:`) || !strings.Contains(name, "/") {
		return false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." || segment[0] == '-' || strings.TrimSpace(segment) != segment {
			return false
		}
	}
	return true
}

// checkURL takes a user out of a URL of the forge, and refuses one of another.
func (f *Forge) checkURL(raw, kind string) (string, error) {
	if len(raw) > maxRawURL || !plain(raw) || strings.ContainsAny(raw, ` \`) {
		return "", fmt.Errorf("is none: %q", clip(hideUser(raw)))
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" || u.Path == "" || strings.Contains(u.Path, "..") || !plain(u.Path) {
		return "", fmt.Errorf("is none: %q", clip(hideUser(raw)))
	}
	if u.Scheme != "https" && u.Scheme != f.base.Scheme {
		return "", fmt.Errorf("is not by https: %q", clip(hideUser(raw)))
	}
	if !f.ourHost(u, kind) {
		return "", fmt.Errorf("is on another host: %q", clip(u.Host))
	}
	u.User = nil
	return u.String(), nil
}

// ourHost tells whether a URL is on the forge, and so may have its credential. A configured http on one port and https on
// another are two hosts.
func (f *Forge) ourHost(u *url.URL, kind string) bool {
	host := hostPort(u)
	if host == hostPort(f.base) || u.Scheme != f.base.Scheme && u.Host == f.base.Host {
		return true
	}
	if kind == "gist" && f.config.Kind == GitHub && f.base.Port() == "" && host == "gist."+hostPort(f.base) {
		return true
	}
	return slices.ContainsFunc(f.config.CloneHosts, func(h string) bool {
		return hostPort(&url.URL{Scheme: u.Scheme, Host: h}) == host
	})
}

// hostPort is the host of a URL in one form, always with its port.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[bool]string{true: "443", false: "80"}[u.Scheme == "https"]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// clip cuts what an error quotes of one field.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return clean(s[:most]) + "…"
	}
	return clean(s)
}

// wikiOf is the wiki of a repository.
func wikiOf(kind Kind, r Repository) Repository {
	w := Repository{ID: r.ID + ":wiki", Name: r.Name + ".wiki", WebURL: r.WebURL, Visibility: r.Visibility, Archived: r.Archived, Size: -1, Kind: "wiki"}
	w.Network = w.ID
	if kind == Bitbucket {
		w.CloneURL = strings.TrimSuffix(r.CloneURL, ".git") + ".git/wiki"
	} else {
		w.CloneURL = strings.TrimSuffix(r.CloneURL, ".git") + ".wiki.git"
	}
	return w
}
