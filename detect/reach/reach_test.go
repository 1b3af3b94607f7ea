package reach_test

import (
	"strings"
	"testing"

	"rummage/detect/reach"
)

// exprs are looked at by all tests and are the seeds of the fuzz target; the
// figures are the expected MinLen, MaxLen and Context.
var exprs = []struct {
	expr              string
	min, max, context int
}{
	{``, 0, 0, 0},
	{`abc`, 3, 3, 0},
	{`(?i)abc`, 3, 3, 0},
	{`(?i)key`, 3, 5, 0}, // the Kelvin sign has three bytes
	{`(?i)sss`, 3, 6, 0}, // the long s has two
	{`ghp_[A-Za-z0-9]{36}`, 40, 40, 0},
	{`\b(ghp_[A-Za-z0-9]{36})\b`, 40, 40, 1},
	{`(?i)token[a-z]{3}`, 8, 5 + 2 + 9, 0},
	{`a|bc|def`, 1, 3, 0},
	{`(?:a|bc|)x`, 1, 3, 0},
	{`a*`, 0, -1, 0},
	{`a+b`, 2, -1, 0},
	{`a{2,5}`, 2, 5, 0},
	{`a{2,}`, 2, -1, 0},
	{`(?:ab?){3}`, 3, 6, 0},
	{`(?:a{1,10}){1,10}`, 1, 100, 0},
	{`(?:\b){0,5}x`, 1, 1, 1},
	{`(?:^|x)*y`, 1, -1, 1},
	{`(?:\b)*y`, 1, 1, 1},
	{`x{0}`, 0, 0, 0},
	{`.`, 1, 4, 0},
	{`(?s).`, 1, 4, 0},
	{`[^a]`, 1, 4, 0},
	{`[é-ü]`, 2, 2, 0},
	{`[aé€😀]`, 1, 4, 0},
	{`\x{fffd}`, 1, 3, 0}, // any byte that is not UTF-8
	{`[\x{fff0}-\x{ffff}]`, 1, 3, 0},
	{`(?m)^a$`, 1, 1, 1},
	{`\Aa\z`, 1, 1, 1},
	{`\B`, 0, 0, 1},
	{`(?i)é`, 2, 2, 0},
	{`(?i)[k-s]`, 1, 3, 0},
	{`[^\x00-\x{10FFFF}]`, 0, 0, 0}, // matches nothing
	{`a|[^\x00-\x{10FFFF}]bcd`, 1, 1, 0},
	{`(?:[^\x00-\x{10FFFF}])?a`, 1, 1, 0},
	{`a|(?:[^\x00-\x{10FFFF}]){2}`, 1, 1, 0},
	{`(?i)(?:key|api|token|secret)[\w.-]{0,20}[ \t]{0,3}(?:=|:|=>)[ '"]{0,5}([a-z0-9=_-]{10,150})['"\s;]`, 15, -2, 0},
	{`-----BEGIN[ A-Z0-9]{0,30}PRIVATE KEY-----[\s\S]{64,1000}?-----END`, 98, -2, 0},
	{`xox[bp]-[0-9]{10,13}-[0-9]{10,13}-[a-zA-Z0-9]{24,34}`, 51, 67, 0},
	{`(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}`, 20, 20, 0},
	{`https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9+/]{43,46}`, 76, 80, 0},
	{`(?:sk|rk)_(?:test|live|prod)_[a-z0-9]{10,99}`, 18, 107, 0},
}

func TestLengths(t *testing.T) {
	for _, c := range exprs {
		info, err := reach.Analyze(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if info.MinLen != c.min || info.Context != c.context || c.max != -2 && info.MaxLen != c.max {
			t.Errorf("%s: MinLen %d, MaxLen %d, Context %d, want %d, %d, %d",
				c.expr, info.MinLen, info.MaxLen, info.Context, c.min, c.max, c.context)
		}
	}
}

func TestAnalyzeRejects(t *testing.T) {
	for _, expr := range []string{`(`, `a{2000}`, `\8`, `(?<!a)b`} {
		if _, err := reach.Analyze(expr); err == nil {
			t.Errorf("%s: no error", expr)
		}
	}
}

func TestNecessary(t *testing.T) {
	for _, c := range []struct {
		expr, keywords string
		want           bool
	}{
		{`ghp_[A-Za-z0-9]{36}`, `ghp_`, true},
		{`GHP_[A-Za-z0-9]{36}`, `ghp_`, true},
		{`ghp_[A-Za-z0-9]{36}`, `GHP_`, true},
		{`(?i)ghp_`, `ghp_`, true},
		{`ghp_[A-Za-z0-9]{36}`, `gho_`, false},
		{`gh[pousr]_x`, `ghp_|gho_|ghu_|ghs_|ghr_`, true},
		{`gh[pousr]_x`, `ghp_|gho_|ghu_|ghs_`, false},
		{`(?:key|token)=`, `key|token`, true},
		{`(?:key|token)=`, `key`, false},
		{`(?:key|token)?=`, `key|token`, false},
		{`(?:api)?key`, `key`, true},
		{`(?:api)?key`, `api`, false},
		{`a[kK][eE]y`, `key`, true},
		{`a(?:k)(?:e|E)(?:y)`, `key`, true},
		{`(?i)token`, `token`, true}, // but for the Kelvin sign, as documented
		{`(?i)secret`, `secret`, true},
		{`(?i)[k]ey`, `key`, true},
		{`[\x{212a}]ey`, `key`, false},
		{`x{3}`, `xxx`, true},
		{`x{2,}`, `xxx`, false},
		{`(?:ab){2,}`, `baba`, false},
		{`(?:ab){2,}`, `abab`, true},
		{`(?:ab){2,}`, `ba`, true},
		{`[ab]{3}`, `aa|bb`, false},
		{`[ab]{3}`, `aa|bb|aba|bab`, true},
		{`[a-z]{5}`, `a`, false},
		{`.*key.*`, `key`, true},
		{`.*`, `key`, false},
		{`\bkey\b`, `key`, true},
		{`k(?:)e\By`, `key`, true},
		{`é`, "é", true},
		{`é`, "\xc3", true},
		{`é`, "\xa9", true},
		{`(?i)é`, "é", false},
		{`(?i)é`, "\xc3", true},
		{`[é]`, "a", false},
		{`\x{fffd}`, "\ufffd", false},
		{`a.b`, "ab", false},
		{`a[^b]?b`, "ab", false},
		{`[^\x00-\x{10FFFF}]`, "anything", true},
		{`abc`, ``, false},
		{`abc`, `abcd|xabc`, false},
		{`a(?:b|c)+d`, `ab|ac`, true},
		{`(?:a|b)*c`, `c`, true},
		{`abcd`, `bcx|bc`, true},
		{`abcabd`, `abd`, true},
	} {
		info, err := reach.Analyze(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Necessary(strings.FieldsFunc(c.keywords, func(r rune) bool { return r == '|' })); got != c.want {
			t.Errorf("Necessary(%s, %s) = %v, want %v", c.expr, c.keywords, got, c.want)
		}
	}
	if info, _ := reach.Analyze(`a*`); !info.Necessary([]string{"b", ""}) {
		t.Error("the empty keyword stands in every match")
	}
	if (reach.Info{}).Necessary([]string{"a"}) || (reach.Info{}).Literals() != nil {
		t.Error("the zero Info proves something")
	}
}

func TestLiterals(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`ghp_[A-Za-z0-9]{36}`, `ghp_`},
		{`gh[pousr]_[A-Za-z0-9]{36}`, `gho_|ghp_|ghr_|ghs_|ghu_`},
		{`(?:AKIA|ASIA)[A-Z2-7]{16}`, `akia|asia`},
		{`(?i)(?:akia|asia)[A-Z2-7]{16}`, `akia|asia`},
		{`\b(sk_(?:live|test)_[a-z]+)\b`, `sk_live_|sk_test_`},
		{`[a-z]{3,}@(?:mail|post)\.example`, `.example`},
		{`(?:abc)?def`, `def`},
		{`abc|def|ghij`, `abc|def|ghij`},
		{`abc|de`, ``},
		{`abc|.*`, ``},
		{`[a-z]+`, ``},
		{`ab`, ``},
		{`(?:abc){2}`, `abcabc`},
		{`(?:abc)+`, `abc`},
		{`z(?:abc){2,3}d`, `zabcabc`},
		{`a.{5}bcd.{5}efghi`, `efghi`},
		{`ab\b(?:-|_)cd`, `ab-cd|ab_cd`},
		{`(?i)tokens`, `tokens`},
		{`(?:password|word)=`, `word=`},
		{`[0-9]{3}-[a-f]`, ``},
		{`(?i)straße`, `straße|straẞe`},
		{`key\x{fffd}`, `key`},
		{`[^\x00-\x{10FFFF}]`, ``},
	} {
		info, err := reach.Analyze(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		got := info.Literals()
		if strings.Join(got, "|") != c.want {
			t.Errorf("Literals(%s) = %q, want %q", c.expr, got, c.want)
		}
		if got != nil && !info.Necessary(got) {
			t.Errorf("%s: its literals %q are not necessary", c.expr, got)
		}
	}
}

// TestHostile wants an answer quickly, and not a wrong one where the work was
// cut short: every one of these has matches without z.
func TestHostile(t *testing.T) {
	for name, expr := range hostile() {
		info, err := reach.Analyze(expr)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, keywords := range [][]string{{"z"}, {"key", strings.Repeat("a", 500) + "z"}, {strings.Repeat("ab", 1000) + "z"}} {
			if keywords[0] != "key" && info.Necessary(keywords) {
				t.Errorf("%s: %.10q said to be necessary", name, keywords)
			}
		}
		info.Literals()
	}
}

func hostile() map[string]string {
	return map[string]string{
		"nested repeats":    `(?:(?:(?:a{0,10}b{0,10}){0,10}c{0,10}){0,10}d)*`,
		"wide alternation":  strings.Repeat("(?:a|b|c|d|ab|ba|key)", 500),
		"deep":              strings.Repeat("(?:a|(?:b", 200) + strings.Repeat("))", 200),
		"many classes":      strings.Repeat(`\pL[^a-q]\PN`, 300),
		"many optional":     strings.Repeat("(?:key)?", 2000),
		"long repeats":      strings.Repeat("[ab]{1000}", 200),
		"big alternation":   strings.Repeat("abcdef|ghijkl|", 3000) + "x",
		"folded long":       "(?i)" + strings.Repeat("sks", 3000),
		"crossing":          strings.Repeat("[abcdefgh][ijkl]", 500),
		"classes in repeat": strings.Repeat("(?:[a-c]|[d-f]){0,1000}", 100),
	}
}
