// Package checksum tells from a token's own characters whether a provider could have issued it.
//
// Many providers end their tokens in a checksum, or build them as a structure that can be decoded, so that a
// scanner can discard look-alikes without asking anybody. Each such format is a [Scheme], found by the name that a
// rule gives in its `checksum` key:
//
//	s, ok := checksum.Lookup("github")
//	ok = ok && s.Valid(token)
//
// A scheme also makes tokens ([Scheme.Make]) and spoils them ([Scheme.Spoil]), so that the examples of rules need
// not hold anything that looks like a live token. Only formats whose construction is published, or that published
// sample tokens confirm, are here; each says where it comes from. A made token is random: it opens nothing.
//
// The package knows neither rules nor files, and never asks a provider: a valid token may long be revoked, and a
// wrong checksum proves only that the token was altered or made up.
//
// Concurrency: a Scheme is immutable; all functions may be called from any goroutine.
package checksum

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Rand draws an integer in [0, n); n is at least 1. Make is as deterministic as its Rand.
type Rand func(n int) int

// Strength says what Valid has looked at.
type Strength int

const (
	// Sum schemes carry a checksum: changing any one character makes the token invalid, but for a chance of at
	// most one in a thousand million (one in 65,536 for nkey and in 16 million for azure-cask and azure-entra).
	Sum Strength = iota
	// Structure schemes only decode: most random look-alikes fail, but many changed characters go unnoticed.
	Structure
)

// maxToken bounds what Valid looks at, so that its cost is bounded whatever a rule matched. The longest real thing
// is a PEM block of an 8192-bit RSA key, about 6,400 bytes.
const maxToken = 64 << 10

// Scheme is one token format.
type Scheme struct {
	name     string
	strength Strength
	prefixes []string // what Make accepts; the first is the default
	open     bool     // Make accepts any prefix: instances choose their own
	valid    func(token []byte) bool
	make     func(prefix string, r Rand) string
}

// ErrUnspoilable is returned by Spoil when no change of one character makes the token invalid.
var ErrUnspoilable = errors.New("no single character spoils the token")

// Lookup finds a scheme by name; ok is false when there is none.
func Lookup(name string) (s *Scheme, ok bool) {
	s, ok = byName[name]
	return s, ok
}

// Names lists all schemes in alphabetical order.
func Names() []string {
	names := make([]string, 0, len(schemes))
	for _, s := range schemes {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// Name is what Lookup finds the scheme by.
func (s *Scheme) Name() string { return s.name }

// Strength says how much a valid token means.
func (s *Scheme) Strength() Strength { return s.strength }

// Prefixes are the prefixes that Make knows, the default first. A scheme without any gives nil.
func (s *Scheme) Prefixes() []string { return slices.Clone(s.prefixes) }

// Valid reports whether token, whole and without quotes around it, is well formed and its checksum, if the scheme
// has one, is right. It accepts any bytes and keeps none of them.
func (s *Scheme) Valid(token []byte) bool {
	return len(token) > 0 && len(token) <= maxToken && s.valid(token)
}

// Make builds a random valid token that begins with prefix; an empty prefix means the scheme's default. The error
// names the prefixes that the scheme has. Two schemes choose otherwise: azure-key by the signature that stands near
// the key's end, pem by the label.
func (s *Scheme) Make(prefix string, r Rand) (string, error) {
	switch {
	case prefix == "" && len(s.prefixes) > 0:
		prefix = s.prefixes[0]
	case prefix == "" || s.open || slices.Contains(s.prefixes, prefix):
	case len(s.prefixes) == 0:
		return "", fmt.Errorf("checksum %s: takes no prefix, got %q", s.name, prefix)
	default:
		return "", fmt.Errorf("checksum %s: prefix %q is none of %s", s.name, prefix, strings.Join(s.prefixes, " "))
	}
	return s.make(prefix, r), nil
}

// Spoil returns token with one character changed to another of its kind (digit, hex letter, lower case, upper
// case), the last that makes the token invalid, so that its shape stays. ErrUnspoilable when there is none.
func (s *Scheme) Spoil(token string) (string, error) {
	b := []byte(token)
	for i := len(b) - 1; i >= 0; i-- {
		was := b[i]
		for _, c := range []byte(kindOf(was)) {
			if b[i] = c; c != was && !s.Valid(b) {
				return string(b), nil
			}
		}
		b[i] = was
	}
	return "", fmt.Errorf("checksum %s: %w", s.name, ErrUnspoilable)
}

// kindOf lists the characters of c's kind; none when c is neither letter nor digit.
func kindOf(c byte) string {
	for _, kind := range []string{digits, "abcdef", "ABCDEF", lower[6:], upper[6:]} {
		if strings.IndexByte(kind, c) >= 0 {
			return kind
		}
	}
	return ""
}

// schemes holds every scheme; its order does not matter.
var schemes = slices.Concat(crcSchemes, azureSchemes, keySchemes, structureSchemes)

var byName = func() map[string]*Scheme {
	m := make(map[string]*Scheme, len(schemes))
	for _, s := range schemes {
		if _, twice := m[s.name]; twice {
			panic("checksum: internal error: two schemes named " + s.name)
		}
		m[s.name] = s
	}
	return m
}()
