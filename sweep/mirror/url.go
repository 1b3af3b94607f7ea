package mirror

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// target is a URL that may be fetched from.
type target struct {
	url    string
	scheme string
	host   string // with its port, as in the URL
	allow  string // for GIT_ALLOW_PROTOCOL
}

// maxURL bounds URLs.
const maxURL = 4096

// parseTarget refuses what git would take for an option or a program, what has credentials in it, and protocols that
// the request does not allow.
func parseTarget(raw string, protocols []string) (target, error) {
	if len(protocols) == 0 {
		protocols = []string{"https", "ssh"}
	}
	t := target{url: raw}
	refuse := func(format string, args ...any) (target, error) {
		return target{}, &Error{Kind: Refused, URL: clean(raw, nil), Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case raw == "" || len(raw) > maxURL:
		return refuse("a URL has 1 to %d bytes", maxURL)
	case raw[0] == '-' || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return refuse("no URL of a repository")
	case filepath.IsAbs(raw):
		t.scheme = "file"
	case !strings.Contains(raw, "://"):
		host, ok := scpHost(raw)
		if !ok {
			return refuse("no URL of a repository")
		}
		t.scheme, t.host = "ssh", host
	default:
		u, err := url.Parse(raw)
		if err != nil {
			return refuse("no URL of a repository")
		}
		t.scheme, t.host = strings.ToLower(u.Scheme), u.Host
		if u.User != nil {
			if _, has := u.User.Password(); has || t.scheme != "ssh" || strings.HasPrefix(u.User.Username(), "-") {
				return refuse("credentials do not belong into URLs")
			}
		}
		if t.scheme != "file" && (u.Hostname() == "" || strings.HasPrefix(u.Host, "-") || strings.Contains(u.Host, "%")) {
			return refuse("its host is none")
		}
	}
	if !slices.Contains([]string{"https", "http", "ssh", "git", "file"}, t.scheme) || !slices.Contains(protocols, t.scheme) {
		return refuse("the protocol %s may not be used, but %s", clean(t.scheme, nil), strings.Join(protocols, ", "))
	}
	t.allow = t.scheme
	if t.scheme == "http" && slices.Contains(protocols, "https") {
		t.allow = "http:https" // many servers redirect to it; the other way is a downgrade
	}
	return t, nil
}

// scpHost is the host of user@host:path. The path's first byte is checked, since git hands it to a program.
func scpHost(s string) (string, bool) {
	before, path, ok := strings.Cut(s, ":")
	user, host, hasUser := strings.Cut(before, "@")
	if !ok || !hasUser || path == "" || path[0] == '-' || path[0] == ':' {
		return "", false
	}
	for _, word := range []string{user, host} {
		if word == "" || word[0] == '-' || strings.ContainsFunc(word, func(r rune) bool {
			return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
		}) {
			return "", false
		}
	}
	return host, true
}
