package example

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"rummage/detect/checksum"
)

// templates pairs each template with what it must expand to, whole; they are also the seeds of the fuzzer.
var templates = []struct{ template, want string }{
	{"", ""},
	{"no placeholder, {one brace} }}", regexp.QuoteMeta("no placeholder, {one brace} }}")},
	{"a={{alnum 5}};", `a=[A-Za-z0-9]{5};`},
	{"{{alpha 9}}", `[A-Za-z]{9}`},
	{"{{upper 9}}{{lower 9}}", `[A-Z]{9}[a-z]{9}`},
	{"{{digits 12}}", `[0-9]{12}`},
	{"{{hex 64}} {{HEX 40}}", `[0-9a-f]{64} [0-9A-F]{40}`},
	{"{{upperalnum 20}}{{loweralnum 20}}", `[A-Z0-9]{20}[a-z0-9]{20}`},
	{"{{base32 26}}", `[A-Z2-7]{26}`},
	{"{{base64 44}}|{{base64url 43}}", `[A-Za-z0-9+/]{44}\|[A-Za-z0-9_-]{43}`},
	{`{{chars "A-Ca-c_-" 30}}`, `[A-Ca-c_-]{30}`},
	{`{{chars '"' 2}}`, `""`},
	{`{{chars "\]\\-" 30}}`, `[\]\\-]{30}`},
	{"{{chars a 36}}", `a{36}`},
	{"{{chars a-c 3}}", `[a-c]{3}`},
	{"{{alnum 20-40}}", `[A-Za-z0-9]{20,40}`},
	{"{{password 14}}", `[a-z0-9!#%&*+.?_-]{14}`},
	{"{{ uuid }} {{UUID}}", `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12} [0-9A-F-]{36}`},
	{"{{word}}", `[a-z]{5,8}`},
	{"{{jwt}}", `eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}`},
	{`{{pem "EC PRIVATE KEY"}}`, "-----BEGIN EC PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END EC PRIVATE KEY-----"},
	{"{{checksum github}}", `ghp_[A-Za-z0-9]{36}`},
	{"{{checksum github gho_}}", `gho_[A-Za-z0-9]{36}`},
	{`{{badchecksum 'github' "ghs_"}}`, `ghs_[A-Za-z0-9]{36}`},
	{`{{b64 "user:{{alnum 3}}"}}`, `dXNlcjp7e2FsbnVtIDN9fQ==`},
	{`{{lit "{{"}}x{{lit '}}'}}`, `{{x}}`},
	{`{{lit ""}}`, ``},
	{"{{{alnum 3}}", `-`}, // the name is {alnum
}

func TestExpand(t *testing.T) {
	for _, c := range templates {
		if c.want == "-" {
			continue
		}
		want := regexp.MustCompile(`^(?s:` + c.want + `)$`)
		for seed := range uint64(20) {
			got, err := Expand(c.template, seed)
			if err != nil {
				t.Errorf("%s: %v", c.template, err)
				break
			}
			if !want.MatchString(got) {
				t.Errorf("%s: %q is not %s", c.template, got, want)
				break
			}
		}
	}
}

// What a seed draws is fixed for ever, or a rule's examples would change under it.
func TestExpandIsFixed(t *testing.T) {
	const template = "{{lower 4}} {{digits 6}} {{word}} {{lower 4}}"
	got, err := Expand(template, 1)
	if want := "dpne 672129 mirror wqnq"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	other, _ := Expand(template, 2)
	if other == got {
		t.Error("two seeds give the same text")
	}
}

func TestErrorsNameThePosition(t *testing.T) {
	for _, c := range []struct {
		template string
		offset   int
		reason   string
	}{
		{"abc {{alnum 5", 4, "without }}"},
		{"{{}}", 0, "empty placeholder"},
		{"{{word}}{{nosuch 3}}", 8, `no placeholder "nosuch"`},
		{"{{{alnum 3}}", 0, `no placeholder "{alnum"`},
		{"{{alnum {{hex 3}}}}", 0, "nested"},
		{"{{alnum}}", 0, "needs one length"},
		{"{{alnum 3 4}}", 0, "needs one length"},
		{"{{alnum x}}", 0, `length "x"`},
		{"{{alnum 0}}", 0, `length "0"`},
		{"{{alnum -3}}", 0, `length "-3"`},
		{"{{alnum 5-3}}", 0, `length "5-3"`},
		{"{{alnum 8193}}", 0, `length "8193"`},
		{"{{hex 99999999999999999999}}", 0, "length"},
		{`{{lit "x}}`, 0, `closing "`},
		{"{{lit}}", 0, "lit takes 1"},
		{"{{uuid 3}}", 0, "uuid takes 0"},
		{"{{chars}}", 0, "class and a length"},
		{"{{chars 'z-a' 3}}", 0, "bad range"},
		{"{{chars '\u00e9' 3}}", 0, "bad range or character at 0"},
		{"{{chars '' 3}}", 0, "empty class"},
		{"x {{checksum}}", 2, "needs a scheme"},
		{"x {{checksum nosuch}}", 2, `no checksum scheme "nosuch"`},
		{"x {{checksum github xyz_}}", 2, "ghp_"},
	} {
		got, err := Expand(c.template, 1)
		var e *Error
		if !errors.As(err, &e) || got != "" {
			t.Errorf("%s: %q, %v", c.template, got, err)
			continue
		}
		if e.Offset != c.offset || !strings.Contains(e.Reason, c.reason) || !strings.Contains(err.Error(), fmt.Sprint(c.offset)) {
			t.Errorf("%s: %v", c.template, err)
		}
	}
}

func TestLooksRandom(t *testing.T) {
	for name, alphabet := range alphabets {
		for n := 8; n <= 64; n += 4 {
			for seed := range uint64(50) {
				s := newDrawer(seed).random(alphabet, n)
				least := map[bool]float64{true: 3.0, false: 3.2}[strings.EqualFold(name, "hex")]
				if name != "digits" && n >= 16 && entropy([]byte(s)) < least {
					t.Fatalf("%s %d: entropy of %q is %.2f", name, n, s, entropy([]byte(s)))
				}
				if strings.Contains(name, "alnum") && (!strings.ContainsAny(s, digits) || strings.Trim(s, digits) == "") {
					t.Fatalf("%s %d: %q is all of one kind", name, n, s)
				}
			}
		}
	}
}

func TestChecksumsAreRightAndWrong(t *testing.T) {
	for _, name := range checksum.Names() {
		s, _ := checksum.Lookup(name)
		for seed := range uint64(10) {
			good, err := Expand("{{checksum "+name+"}}", seed)
			if err != nil || !s.Valid([]byte(good)) {
				t.Errorf("checksum %s: %v", name, err)
			}
			bad, err := Expand("{{badchecksum "+name+"}}", seed)
			if err != nil || s.Valid([]byte(bad)) || len(bad) != len(good) && s.Strength() == checksum.Sum {
				t.Errorf("badchecksum %s: %v", name, err)
			}
		}
	}
}

// Expand never panics, is deterministic, leaves text without placeholders alone, and makes at most maxLen bytes (or
// one PEM block) for each placeholder.
func FuzzExpand(f *testing.F) {
	for _, c := range templates {
		f.Add(c.template, uint64(1))
	}
	f.Fuzz(func(t *testing.T, template string, seed uint64) {
		got, err := Expand(template, seed)
		again, err2 := Expand(template, seed)
		if got != again || (err == nil) != (err2 == nil) {
			t.Fatalf("two results: %q and %q", got, again)
		}
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Offset < 0 || e.Offset >= len(template) || template[e.Offset:e.Offset+2] != opening) {
			t.Fatalf("error does not name a placeholder: %v", err)
		}
		if !strings.Contains(template, opening) && got != template {
			t.Fatalf("%q became %q", template, got)
		}
		if n := strings.Count(template, opening); len(got) > 2*len(template)+n*maxLen {
			t.Fatalf("%d bytes became %d", len(template), len(got))
		}
	})
}

func BenchmarkExpand(b *testing.B) {
	const template = `export API_KEY="{{alnum 40}}" # {{word}} {{checksum github}}`
	b.SetBytes(int64(len(template)))
	for b.Loop() {
		if _, err := Expand(template, 1); err != nil {
			b.Fatal(err)
		}
	}
}
