package report

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
)

// artifactURI is a path as a URI reference. A relative path stays relative, to the root of what was scanned; an
// absolute one becomes a file URI. Each byte that is not plainly allowed in a path is percent-encoded, so a path that
// is not UTF-8 survives; so is a colon, which would make the first part a scheme.
func artifactURI(path string) (uri string, relative bool) {
	if len(path) >= 3 && path[1] == ':' && isLetter(path[0]) && (path[2] == '\\' || path[2] == '/') {
		return "file:///" + path[:2] + encodePath(strings.ReplaceAll(path[2:], `\`, "/")), false
	}
	if strings.HasPrefix(path, "/") {
		return "file://" + encodePath(path), false
	}
	return encodePath(path), true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func encodePath(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if isLetter(c) || c >= '0' && c <= '9' || strings.IndexByte("-._~/!$&'()*+,;=@", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// repositoryURI is a remote's address as an absolute URI without credentials: git's short form host:path becomes an ssh
// URI. A local path, or what cannot be told, is "".
func repositoryURI(remote string) string {
	if !strings.Contains(remote, "://") {
		host, path, ok := strings.Cut(remote, ":")
		if !ok || strings.ContainsAny(host, `/\`) || len(host) < 2 {
			return ""
		}
		remote = "ssh://" + host + "/" + strings.TrimPrefix(path, "/")
	}
	u, err := url.Parse(withoutCredentials(remote))
	if err != nil || u.Host == "" {
		return ""
	}
	return u.String()
}

// placeFile is the path of a place for formats that cannot do without one. A message, or an object that no tree names,
// has none, and gets one that no repository is likely to have: "commit-message/ID", "unreachable-object/ID". For a path in
// an image see imageFile.
func placeFile(p *place) string {
	if p.Image != nil {
		return imageFile(p.Image.Image, pathOf(p))
	}
	return pathOf(p)
}

// pathOf is placeFile in whatever the place is in.
func pathOf(p *place) string {
	if p.Path != "" {
		return p.Path
	}
	id := p.Blob
	if p.Introduced != nil {
		id = p.Introduced.ID
	}
	return strings.ReplaceAll(cmp.Or(p.Note, "object"), " ", "-") + "/" + cmp.Or(id, "unknown")
}
