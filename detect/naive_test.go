package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"rummage/detect/assignment"
	"rummage/detect/decode"
	"rummage/detect/example"
)

// naiveMatch is Match without prefilter and windows: every rule's expression is run over the whole of every text.
// Only for a rule whose keywords the expression does not need are they looked for, since there they have a say.
func naiveMatch(d *Detector, data []byte) []Match {
	m := d.Matcher()
	m.data, m.plain = data, true
	anywhere := map[int32]bool{}
	search := func(text []byte, window *decode.Window) {
		m.window = window
		before := len(m.found)
		low := asciiLower(string(text))
		for i := range d.programs {
			p := d.programs[i].ready()
			switch {
			case p.rule.NameOnly() || p.rule.SkipReport || p.broken:
			case p.isText:
				naiveAssignments(m, int32(i), p, text, low)
			case p.rule.Regex == "":
			default:
				hit := len(p.words) == 0 || p.near != nil
				for _, k := range wordsOf(p.rule.Keywords) {
					hit = hit || strings.Contains(low, k)
				}
				if hit && window == nil {
					anywhere[int32(i)] = true
				}
				if hit || anywhere[int32(i)] {
					m.found, _ = m.regexp(m.found, int32(i), p, text, 0, len(text))
				}
			}
		}
		m.runRequired(text, before)
	}
	search(data, nil)
	if d.DecodeDepth > 0 {
		m.decoder.Decode(data, func(w *decode.Window) bool {
			m.windows++
			if w.Depth <= d.DecodeDepth {
				search(w.Text, w)
			}
			return true
		})
	}
	m.window = nil
	out := slices.Clone(m.settle(data))
	sortMatches(out)
	return out
}

func naiveAssignments(m *Matcher, rule int32, p *program, text []byte, low string) {
	done := map[assignment.Span]bool{}
	for _, k := range wordsOf(p.rule.Keywords) {
		for i := 0; i+len(k) <= len(low); i++ {
			if low[i:i+len(k)] != k {
				continue
			}
			a, ok := assignment.ReadText(text, i, i+len(k))
			if ok && !done[a.Name] {
				done[a.Name] = true
				m.assignment(rule, p, text, &a)
			}
		}
	}
}

// tell is everything about matches that a caller can see, and the state that PlacedAt uses.
func tell(d *Detector, list []Match) string {
	var b strings.Builder
	for i := range list {
		m := &list[i]
		fmt.Fprintf(&b, "%s %d-%d %d-%d %q %q %v %s %s %v %s %d/%d/%d", m.Rule.ID, m.Start, m.End, m.SecretStart, m.SecretEnd,
			m.Secret, m.Text, m.Tags, m.Context, m.Key, m.Suppressed, m.Severity, len(m.pending), len(m.beaters), len(m.needs))
		for _, path := range []string{"", "a/b.tf", "x/allowed.txt"} {
			ok, by := d.PlacedAt(m, path, "")
			fmt.Fprintf(&b, " %v %v", ok, by)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// variousRules has rules of every shape that is run differently. The templates that make their matches stand with
// them.
const variousRules = `
[[allowlists]]
description = "global words"
stopwords = ["sampleword"]
[[allowlists]]
description = "both"
condition = "AND"
paths = ['allowed']
regexes = ['^tok']
[[rules]]
id = "bounded"
regex = '''\b(tok_[A-Za-z0-9]{20})\b'''
keywords = ["tok_"]
examples = ["x = {{lit tok_}}{{alnum 20}}", "{{lit tok_}}{{alnum 20}}{{lit tok_}}{{alnum 20}}", "TOK_{{alnum 20}}"]
[[rules]]
id = "two-words"
regex = '''(?i)(?:acme|zorg)[\w.-]{0,20}[\s'"]{0,3}[=:]\s{0,4}["']?([a-z0-9]{16})(?:["'\s;]|$)'''
entropy = 2.0
keywords = ["acme", "Zorg"]
examples = ["ACME_KEY: {{loweralnum 16}}", "zorgAcme-x = \"{{loweralnum 16}}\"", "acme={{loweralnum 16}}\r\n"]
[[rules]]
id = "with-tail"
regex = '''(?i)[\w.-]{0,12}?(?:mono|key)[ \t]{0,3}[:=]{1,2}[ "]{0,3}([a-z0-9]{6,20}|[a-z]{21,}!)(?:["\s;]|$)'''
keywords = ["mono", "key"]
examples = ["a_key = {{loweralnum 6-20}} ", "mono:\"{{lower 22-30}}!\"", "KEY=mono=key={{loweralnum 8}}", "key:{{loweralnum 5-24}}.", "key{{loweralnum 1-40}}"]
[[rules]]
id = "anchored"
regex = '''(?m)^hook: ([a-z]{8,12})$'''
keywords = ["hook: "]
examples = ["hook: {{lower 9}}\nhook: {{lower 9}}\n", "a hook: {{lower 10}}"]
[[rules]]
id = "whole-text"
regex = '''\Abegin (\d{4,8})\z|(?s)\Azed.{3}\z'''
keywords = ["begin", "zed"]
examples = ["begin {{digits 5}}", "zedxyz"]
[[rules]]
id = "unicode"
regex = '''(?i)passwort\s{0,3}[=:]\s{0,3}([^\s]{3,20})'''
keywords = ["passwort"]
examples = ["Passwort: gr\u00fc\u00dfe{{digits 2}}", "PA\u017f\u017fWORT=abc{{digits 4}}", "passwort=\u212aelvin{{digits 2}}"]
[[rules]]
id = "unbounded"
regex = '''(?s)-----OPEN-----(.+?)-----SHUT-----'''
keywords = ["-----open"]
examples = ["-----OPEN-----\n{{base64 60}}\n-----SHUT-----"]
[[rules]]
id = "no-words"
regex = '''\bQ{3}[0-9a-f]{10}\b'''
examples = ["QQQ{{hex 10}}"]
[[rules]]
id = "unneeded-words"
regex = '''[A-Z]{4}-[0-9]{6}'''
keywords = ["serial"]
examples = ["serial ABCD-{{digits 6}} ", "ABCD-{{digits 6}}"]
[[rules]]
id = "path-bound"
regex = '''tok_[A-Za-z0-9]{20}'''
path = '\.tf$'
specificity = 200
keywords = ["tok_"]
examples = ["tok_{{alnum 20}}"]
[[rules]]
id = "composite"
regex = '''user=(\w{3,10})'''
keywords = ["user="]
examples = ["user=abc{{digits 2}}", "user=abcdef\nserial=ABCD-{{digits 6}}"]
[[rules.required]]
id = "unneeded-words"
withinLines = 2
[[rules]]
id = "helper"
regex = '''hook'''
skipReport = true
[[rules]]
id = "named"
path = '\.p12$'
[[rules]]
id = "assigned"
in = ["text.assignment"]
key = '(?i)passw'
value = '.{4}'
filter = "password"
specificity = 10
keywords = ["passw", "word", "tok_"]
examples = ["db_password = \"{{password 12}}\"", "\"my passwordword\": 'x{{alnum 9}}'", "password_tok_{{alnum 20}} = tok_{{alnum 20}}"]
[[rules.allowlists]]
description = "tests"
paths = ['^x/']
regexes = ['9']
`

// variousTexts builds texts out of examples, keywords and noise, whole, cut and encoded.
type variousTexts struct {
	rs *Ruleset
	r  *rand.Rand
}

func (v *variousTexts) piece() string {
	rules := v.rs.Rules()
	rule := rules[v.r.IntN(len(rules))]
	switch n := v.r.IntN(10); {
	case n < 5 && len(rule.Examples) > 0:
		s, err := example.Expand(rule.Examples[v.r.IntN(len(rule.Examples))], v.r.Uint64())
		if err != nil {
			panic(err)
		}
		return s
	case n < 6 && len(rule.Keywords) > 0:
		k := rule.Keywords[v.r.IntN(len(rule.Keywords))]
		if v.r.IntN(2) == 0 {
			return strings.ToUpper(k)
		}
		return k
	case n < 7:
		return strings.Repeat(" filler", v.r.IntN(30))
	case n < 8:
		b := make([]byte, v.r.IntN(12))
		for i := range b {
			b[i] = byte(v.r.IntN(256))
		}
		return string(b)
	}
	return []string{"\n", "\n\n", " ", "\r\n", "=", "\"", "é", "\u017f", "\u212a", "# gitleaks:allow\n", "rummage:allow why not\n",
		"sampleword", "\x00", "\\u0041", "%20", ";"}[v.r.IntN(16)]
}

func (v *variousTexts) text() string {
	var b strings.Builder
	for range 1 + v.r.IntN(12) {
		p := v.piece()
		switch v.r.IntN(12) {
		case 0:
			p = p[:v.r.IntN(len(p)+1)]
		case 1:
			p = base64Text(p)
		case 2:
			p = strings.ReplaceAll(p, "=", "%3D")
		}
		b.WriteString(p)
		if v.r.IntN(3) == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// hinted is a detector of the rules as a snapshot gives them back, with hints.
func hinted(t testing.TB, rs *Ruleset) *Detector {
	t.Helper()
	back, err := Restore(string(rs.Snapshot()))
	if err != nil {
		t.Fatal(err)
	}
	return New(back)
}

// TestPrefilterOnIsOff is of rules as a snapshot gives them, and as a file does.
func TestPrefilterOnIsOff(t *testing.T) {
	rs := mustParse(t, variousRules)
	t.Run("restored", func(t *testing.T) {
		d := hinted(t, rs)
		prefilterOnIsOff(t, d)
		told := 0
		for i := range d.programs {
			if d.programs[i].hint.run > 0 {
				told++
			}
		}
		if told < 2 {
			t.Errorf("only %d rules have a hint that tells something", told)
		}
	})
	t.Run("parsed", func(t *testing.T) { prefilterOnIsOff(t, New(rs)) })
}

func prefilterOnIsOff(t *testing.T, d *Detector) {
	m := d.Matcher()
	v := variousTexts{d.Rules(), rand.New(rand.NewPCG(1, 2))}
	found := map[string]int{}
	for range 4_000 {
		text := v.text()
		fast, slow := tell(d, m.Match([]byte(text))), tell(d, naiveMatch(d, []byte(text)))
		if fast != slow {
			t.Fatalf("text %q\nwith prefilter:\n%s\nwithout:\n%s", text, fast, slow)
		}
		for _, f := range m.Match([]byte(text)) {
			found[f.Rule.ID]++
		}
	}
	for _, r := range d.Rules().Rules() {
		if !r.NameOnly() && !r.SkipReport && found[r.ID] == 0 {
			t.Errorf("no text had a match of %s", r.ID)
		}
	}
	windowed := 0
	for i := range d.programs {
		if d.programs[i].near != nil {
			windowed++
		}
	}
	if windowed < 5 {
		t.Errorf("only %d rules run on windows", windowed)
	}
}

// FuzzMatch holds Match to the naive search and to what it promises of offsets.
func FuzzMatch(f *testing.F) {
	rs := mustParse(f, variousRules)
	v := variousTexts{rs, rand.New(rand.NewPCG(3, 4))}
	for range 40 {
		f.Add([]byte(v.text()))
	}
	restored, parsed := hinted(f, rs), New(rs)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := restored
		if len(data)%2 == 0 {
			d = parsed
		}
		list := d.Matcher().Match(data)
		for i := range list {
			checkMatch(t, data, &list[i])
		}
		if fast, slow := tell(d, list), tell(d, naiveMatch(d, data)); fast != slow {
			t.Fatalf("with prefilter:\n%s\nwithout:\n%s", fast, slow)
		}
	})
}

// checkMatch is what holds for every match.
func checkMatch(t *testing.T, data []byte, m *Match) {
	t.Helper()
	if m.Start < 0 || m.Start >= m.End || m.End > len(data) {
		t.Fatalf("%s: match %d-%d of %d bytes", m.Rule.ID, m.Start, m.End, len(data))
	}
	if m.SecretStart < m.Start || m.SecretStart > m.SecretEnd || m.SecretEnd > m.End {
		t.Fatalf("%s: secret %d-%d outside of match %d-%d", m.Rule.ID, m.SecretStart, m.SecretEnd, m.Start, m.End)
	}
	if !m.Decoded() && (string(data[m.SecretStart:m.SecretEnd]) != m.Secret || string(data[m.Start:m.End]) != m.Text) {
		t.Fatalf("%s: secret %q and text %q are not at their offsets", m.Rule.ID, m.Secret, m.Text)
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }

// TestConcurrent: matchers of one detector work side by side and agree. It says most under the race detector.
func TestConcurrent(t *testing.T) {
	d := New(mustParse(t, variousRules))
	v := variousTexts{d.Rules(), newRand(9)}
	texts := make([]string, 60)
	for i := range texts {
		texts[i] = v.text()
	}
	results := make([]string, 4)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			m := d.Matcher()
			for _, text := range texts {
				results[i] += tell(d, m.Match([]byte(text)))
			}
			d.NamedRules("a.p12", "")
		})
	}
	group.Wait()
	for i := range results {
		if results[i] != results[0] || results[i] == "" {
			t.Errorf("goroutine %d found something else", i)
		}
	}
}

// FuzzPrefilter: any expression with any keywords finds the same with the prefilter, windows, tails and automata as
// without them.
func FuzzPrefilter(f *testing.F) {
	texts := []string{"k1 key=aaaa; xkey: 12345 KEY=é\u017f\n", "sk-abcd ks-0 AAkk api_token: 'abcdef0123' apitoken;; key=..0123456789abcdef;"}
	for i, expr := range slices.Concat(extentCases, foldCases, []string{`[\w.-]{0,9}?(?:api|key)[ _]?token["': ]{1,4}([a-z0-9]{4,12})(?:['\s]|$)`,
		`^key$`, `key\b`, `\Bkey`, `(?m)^.*key.*$`, `(?:a|k)ey=[^;]+;`, `k1{1,40}.?`, `(?s).{3}key.{0,9}`, `key=[^;]{0,9}[a-f0-9]{16}(?:;|$)`}) {
		f.Add(expr, "key", "k", texts[i%2], uint8(i))
	}
	f.Fuzz(func(t *testing.T, expr, word1, word2, text string, flags uint8) {
		if _, reason := parseRegexp(expr); reason != "" || expr == "" || len(expr) > 120 || len(text) > 3000 {
			return
		}
		r := &Rule{ID: "x", Regex: expr, Keywords: foldAll([]string{word1, word2}), Foreign: flags&1 != 0, Kind: KindSecret}
		if flags&2 != 0 {
			r.Keywords = nil
		}
		d := New(newRuleset([]*Rule{r}, nil, nil))
		if len(text)%2 == 0 {
			d = hinted(t, d.Rules())
		}
		d.DecodeDepth = int(flags >> 2 & 1)
		// Repeated, so that windows have neighbours.
		data := []byte(text + strings.Repeat(".", int(flags>>3)) + text)
		list := d.Matcher().Match(data)
		for i := range list {
			checkMatch(t, data, &list[i])
		}
		if fast, slow := tell(d, list), tell(d, naiveMatch(d, data)); fast != slow {
			t.Fatalf("%q with %q on %q\nwith prefilter:\n%s\nwithout:\n%s", expr, r.Keywords, data, fast, slow)
		}
	})
}
