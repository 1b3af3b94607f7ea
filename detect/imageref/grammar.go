package imageref

import "strings"

// The grammar of names of images is that of github.com/distribution/reference, which is the oracle of its tests. It is read
// here by hand because that package compiles its expressions when the program starts, in a sixth of the time that a program
// which is started for every push may take.

const (
	hub       = "docker.io"
	hubOfOld  = "index.docker.io"
	official  = "library/"
	maxPath   = 255
	maxTag    = 128
	minDigest = 32
)

// canonicalName gives a reference with its registry and a tag or digest; why says why it is none.
func canonicalName(text string) (canonical, why string) {
	if len(text) == 64 && isHex(text, false) {
		return "", "not a reference: the id of an image"
	}
	domain, rest := splitDomain(text)
	repository, _, _ := strings.Cut(rest, ":")
	if strings.ToLower(repository) != repository {
		return "", "not a reference: its name is not in lower case"
	}
	full := domain + "/" + rest
	switch name, tag, digest, ok := parse(full); {
	case !ok:
		if _, _, _, ok := parse(strings.ToLower(full)); ok {
			return "", "not a reference: its name is not in lower case"
		}
		return "", "not a reference"
	case len(name.path) > maxPath:
		return "", "not a reference"
	case digest != "" && !isDigest(digest):
		return "", "not a reference: its digest is none"
	case tag == "" && digest == "":
		return full + ":latest", ""
	}
	return full, ""
}

// splitDomain takes the registry off, which is the Docker Hub unless the first part looks like another.
func splitDomain(text string) (domain, rest string) {
	first, others, ok := strings.Cut(text, "/")
	switch {
	case !ok:
		return hub, official + text
	case first == hubOfOld:
		domain, rest = hub, others
	case first == "localhost" || strings.ContainsAny(first, ".:") || strings.ToLower(first) != first:
		domain, rest = first, others
	default:
		domain, rest = hub, text
	}
	if domain == hub && !strings.Contains(rest, "/") {
		rest = official + rest
	}
	return domain, rest
}

// repository is a name in its two parts; the domain is empty where the first part can be none.
type repository struct{ domain, path string }

// parse reads name [":" tag] ["@" digest].
func parse(text string) (name repository, tag, digest string, ok bool) {
	rest, digest, has := strings.Cut(text, "@")
	if has && !looksLikeDigest(digest) {
		return name, "", "", false
	}
	if slash, colon := strings.LastIndexByte(rest, '/'), strings.LastIndexByte(rest, ':'); colon > slash {
		rest, tag = rest[:colon], rest[colon+1:]
		if !isTag(tag) {
			return name, "", "", false
		}
	}
	first, others, _ := strings.Cut(rest, "/")
	if isDomain(first) && isPath(others) {
		return repository{first, others}, tag, digest, true
	}
	return repository{path: rest}, tag, digest, isPath(rest)
}

// isDomain: parts of letters, digits and inner dashes between dots, or an IPv6 address in brackets; and a port.
func isDomain(s string) bool {
	host := s
	if colon := strings.LastIndexByte(s, ':'); colon > strings.LastIndexByte(s, ']') {
		host = s[:colon]
		if port := s[colon+1:]; port == "" || strings.Trim(port, "0123456789") != "" {
			return false
		}
	}
	if address, ok := strings.CutPrefix(host, "["); ok {
		address, ok = strings.CutSuffix(address, "]")
		return ok && address != "" && isHex(strings.ReplaceAll(address, ":", "0"), true)
	}
	for part := range strings.SplitSeq(host, ".") {
		if part == "" || part[0] == '-' || part[len(part)-1] == '-' || !every(part, func(c byte) bool { return isAlphanumeric(c) || c == '-' }) {
			return false
		}
	}
	return true
}

// isPath: components between slashes, of small letters and digits with one dot, one or two underscores or any number of
// dashes between them.
func isPath(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		for {
			n := 0
			for n < len(part) && isLower(part[n]) {
				n++
			}
			if n == 0 {
				return false
			}
			if part = part[n:]; part == "" {
				break
			}
			n = len(part) - len(strings.TrimLeft(part, string(part[0])))
			if c := part[0]; c != '-' && (c != '.' || n > 1) && (c != '_' || n > 2) {
				return false
			}
			part = part[n:]
		}
	}
	return true
}

func isTag(s string) bool {
	return s != "" && len(s) <= maxTag && s[0] != '.' && s[0] != '-' &&
		every(s, func(c byte) bool { return isAlphanumeric(c) || c == '_' || c == '.' || c == '-' })
}

// looksLikeDigest: algorithm ":" hexadecimal digits.
func looksLikeDigest(s string) bool {
	algorithm, digits, _ := strings.Cut(s, ":")
	if len(digits) < minDigest || !isHex(digits, true) {
		return false
	}
	for part := range strings.FieldsFuncSeq(strings.Map(separators, algorithm), func(r rune) bool { return r == ' ' }) {
		if !isLetter(part[0]) || !every(part, isAlphanumeric) {
			return false
		}
	}
	joined := strings.Map(separators, algorithm)
	return joined != "" && joined[0] != ' ' && joined[len(joined)-1] != ' ' && !strings.Contains(joined, "  ")
}

// separators makes blanks of what stands between the parts of an algorithm's name; a blank itself is none.
func separators(r rune) rune {
	switch r {
	case '-', '_', '+', '.':
		return ' '
	case ' ':
		return '?'
	}
	return r
}

// isDigest: of an algorithm that is known, with as many digits as that gives.
func isDigest(s string) bool {
	algorithm, digits, _ := strings.Cut(s, ":")
	size := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
	return len(digits) == size && isHex(digits, false)
}

func isHex(s string, upper bool) bool {
	return s != "" && every(s, func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || upper && c >= 'A' && c <= 'F'
	})
}

func every(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isLower(c byte) bool        { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
func isLetter(c byte) bool       { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isAlphanumeric(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }
