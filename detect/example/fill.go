package example

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"rummage/detect/checksum"
)

const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// alphabets of the placeholders that take a length alone.
var alphabets = map[string]string{
	"alnum":      upper + lower + digits,
	"alpha":      upper + lower,
	"upper":      upper,
	"lower":      lower,
	"digits":     digits,
	"hex":        digits + "abcdef",
	"HEX":        digits + "ABCDEF",
	"upperalnum": upper + digits,
	"loweralnum": lower + digits,
	"base32":     upper + "234567",
	"base64":     upper + lower + digits + "+/",
	"base64url":  upper + lower + digits + "-_",
}

// words are common nouns without digits: nothing that a filter could take for random.
var words = strings.Fields(`apple bridge candle dragon engine forest garden harbor island jacket kitchen ladder
	mirror needle orange planet quarry river saddle tunnel umbrella valley window yellow zephyr`)

// drawer draws from one seed.
type drawer struct{ r *rand.Rand }

// newDrawer uses PCG because its sequence is part of its definition: a newer Go cannot change an example.
func newDrawer(seed uint64) drawer { return drawer{rand.New(rand.NewPCG(seed, 0x72756d6d616765))} }

// fill makes the text of a placeholder; a reason that is not empty says what is wrong with it.
func (d drawer) fill(args []string) (text, reason string) {
	name, args := args[0], args[1:]
	if alphabet, ok := alphabets[name]; ok {
		return d.sized(name, alphabet, args)
	}
	switch name {
	case "chars":
		if len(args) == 0 {
			return "", "chars needs a class and a length"
		}
		alphabet, reason := class(args[0])
		if reason != "" {
			return "", reason
		}
		return d.sized(name, alphabet, args[1:])
	case "password":
		return d.sized(name, lower+digits+"!#%&*+-.?_", args)
	case "checksum", "badchecksum":
		if len(args) == 0 || len(args) > 2 {
			return "", name + " needs a scheme and perhaps a prefix"
		}
		return d.token(args[0], strings.Join(args[1:], ""), name == "badchecksum")
	}
	return d.other(name, args)
}

// other makes what has no alphabet of its own.
func (d drawer) other(name string, args []string) (text, reason string) {
	wanted, known := map[string]int{"word": 0, "uuid": 0, "UUID": 0, "jwt": 0, "pem": 1, "b64": 1, "lit": 1}[name]
	if !known {
		return "", fmt.Sprintf("no placeholder %q", name)
	}
	if len(args) != wanted {
		return "", fmt.Sprintf("%s takes %d arguments, not %d", name, wanted, len(args))
	}
	switch name {
	case "word":
		return words[d.r.IntN(len(words))], ""
	case "uuid":
		return d.uuid(), ""
	case "UUID":
		return strings.ToUpper(d.uuid()), ""
	case "jwt":
		return d.token("jwt", "", false)
	case "pem":
		return d.token("pem", args[0], false)
	case "b64":
		return base64.StdEncoding.EncodeToString([]byte(args[0])), ""
	}
	return args[0], "" // lit
}

// uuid is a random UUID, version 4 (RFC 9562).
func (d drawer) uuid() string {
	h := []byte(d.random(alphabets["hex"], 32))
	h[12], h[16] = '4', "89ab"[d.r.IntN(4)]
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

func (d drawer) token(scheme, prefix string, spoiled bool) (text, reason string) {
	s, ok := checksum.Lookup(scheme)
	if !ok {
		return "", fmt.Sprintf("no checksum scheme %q", scheme)
	}
	text, err := s.Make(prefix, d.r.IntN)
	if err == nil && spoiled {
		text, err = s.Spoil(text)
	}
	if err != nil {
		return "", err.Error()
	}
	return text, ""
}

// sized draws from alphabet as many characters as args, one length or range, says.
func (d drawer) sized(name, alphabet string, args []string) (text, reason string) {
	if len(args) != 1 {
		return "", name + " needs one length, as in 32 or 20-40"
	}
	from, to, isRange := strings.Cut(args[0], "-")
	if !isRange {
		to = from
	}
	least, err1 := strconv.Atoi(from)
	most, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || least < 1 || most < least || most > maxLen {
		return "", fmt.Sprintf("length %q is not a number or range between 1 and %d", args[0], maxLen)
	}
	return d.random(alphabet, least+d.r.IntN(most-least+1)), ""
}

// maxTries bounds the drawing of one text: an alphabet of few characters may never look random.
const maxTries = 50

// random draws n characters that look random, see the package's documentation; the last try when none does.
func (d drawer) random(alphabet string, n int) string {
	b := make([]byte, n)
	for range maxTries {
		for i := range b {
			b[i] = alphabet[d.r.IntN(len(alphabet))]
		}
		if looksRandom(b, alphabet) {
			break
		}
	}
	return string(b)
}

func looksRandom(b []byte, alphabet string) bool {
	letters := lower + upper
	if len(b) >= 8 {
		for _, kind := range []string{letters, digits} {
			if strings.ContainsAny(alphabet, kind) && !strings.ContainsAny(string(b), kind) {
				return false
			}
		}
	}
	switch {
	case len(b) < 16 || len(alphabet) < 16:
		return true
	case len(alphabet) < 26:
		return entropy(b) >= 3.0
	}
	return entropy(b) >= 3.2
}

// entropy is the Shannon entropy of b in bits a byte.
func entropy(b []byte) float64 {
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	var e float64
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(b))
			e -= p * math.Log2(p)
		}
	}
	return e
}

// class lists the characters of a regexp's bracket expression without its brackets: printable ASCII and ranges of
// it; a hyphen at either end and a character after a backslash stand for themselves.
func class(s string) (alphabet, reason string) {
	var has [128]bool
	for i := 0; i < len(s); {
		from, next := classChar(s, i)
		to := from
		if next+1 < len(s) && s[next] == '-' {
			to, next = classChar(s, next+1)
		}
		if from < ' ' || to > '~' || to < from {
			return "", fmt.Sprintf("class %q: bad range or character at %d", s, i)
		}
		for c := int(from); c <= int(to); c++ {
			has[c] = true
		}
		i = next
	}
	var b []byte
	for c, in := range has {
		if in {
			b = append(b, byte(c))
		}
	}
	if len(b) == 0 {
		return "", "empty class"
	}
	return string(b), ""
}

// classChar reads one character of a class at i and says where the next begins.
func classChar(s string, i int) (c byte, next int) {
	if s[i] == '\\' && i+1 < len(s) {
		return s[i+1], i + 2
	}
	return s[i], i + 1
}
