package checksum

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func seeded(n uint64) Rand { return rand.New(rand.NewPCG(n, 1)).IntN }

// Sums that were computed outside this package, by other programs, over bodies that no provider would issue. The
// Marvin, Bech32 and CRC samples of the specifications are in the tests of those functions.
func TestKnownSums(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct{ scheme, token string }{
		{"github", "ghp_" + a(30) + "1yLcDB"},
		{"github", "ghs_" + a(30) + "1yLcDB"},
		{"npm", "npm_" + a(30) + "1yLcDB"},
		{"vercel", "vcp_" + a(50) + "1JZOsH"},
		{"cloudflare", "cfut_" + a(40) + "c95b8a25"},
		{"apify", "apify_api_" + a(30) + "3beOOW"},
		{"zuplo", "zpka_" + a(32) + "_cab11777"},
		{"canva", "cnvca" + a(43) + "4a62a16b"},
		{"grafana", "glsa_" + a(32) + "_b1a40a94"},
		{"gitlab-routable", "glpat-" + "AQEBAQEBAQEBAQEBAQEBAW86MQp1OmEH" + ".01.0w" + "00p1yua"},
		{"nkey", "SU" + strings.Repeat("A", 52) + "AAEQ"},
		{"azure-key", strings.Repeat("A", 76) + "+AStvmNvzw=="},
		{"azure-cask", strings.Repeat("A", 52) + "JQQJ99AGAAAAAAAAAAAAAAAAABCD" + "TZJ9JA=="},
		{"azure-entra", "zzz8Q~" + strings.Repeat("z", 31) + "blP"},
	} {
		s, ok := Lookup(c.scheme)
		if !ok {
			t.Fatalf("no scheme %s", c.scheme)
		}
		if !s.Valid([]byte(c.token)) {
			t.Errorf("%s: %s is not valid", c.scheme, c.token)
		}
	}
}

// Every scheme makes valid tokens with each of its prefixes, and Spoil undoes that without changing the shape.
func TestMakeAndSpoil(t *testing.T) {
	for _, s := range schemes {
		for _, prefix := range append([]string{""}, s.Prefixes()...) {
			for n := range uint64(30) {
				token, err := s.Make(prefix, seeded(n))
				if err != nil {
					t.Fatalf("%s %q: %v", s.Name(), prefix, err)
				}
				if !s.Valid([]byte(token)) {
					t.Fatalf("%s %q: made an invalid token", s.Name(), prefix)
				}
				again, _ := s.Make(prefix, seeded(n))
				if again != token {
					t.Fatalf("%s %q: two tokens from one seed", s.Name(), prefix)
				}
				bad, err := s.Spoil(token)
				if err != nil || s.Valid([]byte(bad)) || len(bad) != len(token) {
					t.Fatalf("%s %q: spoiling failed: %v", s.Name(), prefix, err)
				}
			}
		}
	}
}

// Changing any character of a token with a checksum makes it invalid.
func TestOneCharacterChanged(t *testing.T) {
	for _, s := range schemes {
		if s.Strength() != Sum {
			continue
		}
		for _, prefix := range append([]string{""}, s.Prefixes()...) {
			token, err := s.Make(prefix, seeded(7))
			if err != nil {
				t.Fatal(err)
			}
			for i := range len(token) {
				for _, c := range []byte(kindOf(token[i]) + "x0Q-\xff") {
					b := []byte(token)
					if b[i] == c {
						continue
					}
					b[i] = c
					if s.Valid(b) && !unseen(s, i, b) {
						t.Errorf("%s %q: still valid with byte %d changed to %q", s.Name(), prefix, i, c)
					}
				}
			}
			for i := range len(token) {
				if s.Valid([]byte(token[:i])) {
					t.Errorf("%s %q: valid when cut to %d bytes", s.Name(), prefix, i)
				}
			}
			if s.Valid([]byte(token + "0")) {
				t.Errorf("%s %q: valid with a character more", s.Name(), prefix)
			}
		}
	}
}

// unseen reports whether a change of byte i, which gave token, may go unnoticed: in a prefix that the sum does not
// cover (GitHub's), where it made another prefix; and in the first four bytes of an Azure key, which Marvin adds to
// half of the seed, so that a change there can be the difference between two seeds of one service.
func unseen(s *Scheme, i int, token []byte) bool {
	if s.name == "azure-key" {
		return i < 6
	}
	return slices.ContainsFunc(s.prefixes, func(p string) bool { return i < len(p) && strings.HasPrefix(string(token), p) })
}

func TestMakeRefusesUnknownPrefix(t *testing.T) {
	for name, prefix := range map[string]string{"github": "glpat-", "jwt": "ey"} {
		s, _ := Lookup(name)
		if token, err := s.Make(prefix, seeded(1)); err == nil {
			t.Errorf("%s made %d bytes with prefix %s", name, len(token), prefix)
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("error %q does not name the scheme", err)
		}
	}
	s, _ := Lookup("gitlab-routable")
	token, err := s.Make("acme-", seeded(1))
	if err != nil || !s.Valid([]byte(token)) || !strings.HasPrefix(token, "acme-") {
		t.Errorf("GitLab's prefix is configurable, but: %v", err)
	}
}

func TestSpoilSaysWhenItCannot(t *testing.T) {
	always := &Scheme{name: "always", valid: func([]byte) bool { return true }}
	if _, err := always.Spoil("abc123"); !errors.Is(err, ErrUnspoilable) {
		t.Errorf("got %v", err)
	}
}

func TestNames(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || len(names) != len(schemes) {
		t.Errorf("names %v", names)
	}
	if _, ok := Lookup("no-such"); ok {
		t.Error("found a scheme that is not there")
	}
	s, _ := Lookup("github")
	s.Prefixes()[0] = "changed"
	if s.Prefixes()[0] == "changed" {
		t.Error("Prefixes gives away the scheme's own slice")
	}
}

func TestTooLongIsInvalid(t *testing.T) {
	long := []byte("eyJhbGciOiJIUzI1NiJ9." + strings.Repeat("A", maxToken))
	for _, s := range schemes {
		if s.Valid(long) || s.Valid(nil) {
			t.Errorf("%s accepts nothing or too much", s.Name())
		}
	}
}

// Valid never panics, and is false for every made token in which one byte was changed.
func FuzzValid(f *testing.F) {
	for _, s := range schemes {
		token, err := s.Make("", seeded(3))
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(token), uint64(1))
	}
	f.Add([]byte("."), uint64(0))
	f.Add([]byte("ghp_"), uint64(2))
	f.Add([]byte(pemBegin+pemDashes+pemEnd), uint64(3))
	f.Fuzz(func(t *testing.T, token []byte, n uint64) {
		for _, s := range schemes {
			keep := slices.Clone(token)
			s.Valid(token)
			if !slices.Equal(keep, token) {
				t.Fatalf("%s changed its input", s.Name())
			}
			made, err := s.Make("", seeded(n))
			if err != nil || !s.Valid([]byte(made)) {
				t.Fatalf("%s: made an invalid token: %v", s.Name(), err)
			}
			if s.Strength() == Sum {
				b := []byte(made)
				i := int(n % uint64(len(b)))
				kind := kindOf(b[i])
				if kind == "" || b[i] == kind[0] {
					return
				}
				if b[i] = kind[0]; s.Valid(b) && !unseen(s, i, b) {
					t.Fatalf("%s: byte %d of a made token does not matter", s.Name(), i)
				}
			}
		}
	})
}

func BenchmarkValid(b *testing.B) {
	for _, s := range schemes {
		token, _ := s.Make("", seeded(1))
		b.Run(s.Name(), func(b *testing.B) {
			b.SetBytes(int64(len(token)))
			for b.Loop() {
				s.Valid([]byte(token))
			}
		})
	}
}
