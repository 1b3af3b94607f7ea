// Package plausible judges whether a value is a credential or only looks like one: a placeholder, a reference, code,
// a word of prose. It has the filters that rules name with `filter`, and knows which names are those of secrets.
//
// It knows bytes only: no rule, no path, no git. What it looks at beside the value is the name and at most Around
// bytes before the name and behind the value, so that the same text gets the same verdict wherever it stands.
//
// # How it judges
//
// A value passes through these questions, and the first answer that is no ends it; Verdict.Reason says which:
//
//   - Is the name that of a secret (SecretName)? The last word of a name decides, then what stands before it.
//   - Does the value stand for another one: a template, a variable, a format, a path, a call, an expression?
//   - Is it made of nothing: a repetition, a row of neighbours, words of placeholders?
//   - Is it random? The letters of each run are looked up in a table of trigrams (trigram.go) that says, in bits,
//     how much likelier the run is as a word than as random letters; changes between letters, digits and capitals
//     inside a run speak for random, known words and rows of neighbours against it. Shannon entropy cannot tell
//     accessTokenValue from a token of the same length; this can.
//   - Where it is not random: is it one of the passwords that people and software choose, in a place where values
//     are written as they are (an environment, YAML, properties)? Then it is plausible but weak.
//
// # Where the numbers come from
//
// The table's text says what it was counted over. The thresholds (two bits for a password under a sure name, six for
// a token, twelve where the name is shared with other things, more where the text around looks like code) and the
// weights in shape.random were set by hand, on labelled lines of public repositories and on the sources of Go, of
// C programs and of web applications, so that of random values of the usual kinds (TestRandomValues) at most one in
// twenty is dropped.
//
// Concurrency: everything here is a pure function over constant tables and may be used from any goroutine. Nothing
// is allocated.
package plausible

import "rummage/detect/assignment"

// Around is how many bytes before the name and behind the value a filter may look at.
const Around = 96

// Verdict is what a filter says of one value.
type Verdict struct {
	// Plausible says that the value may be a credential.
	Plausible bool
	// Weak says that a plausible value is a known default or a plain word (postgres, admin): worth reporting, with
	// less severity.
	Weak bool
	// Score is the probability that the value is a credential, 0 to 1. Plausible means that it is at least one half.
	Score float32
	// Reason is a constant phrase that says what decided: "placeholder", "reference", "code", "random", …
	Reason string
}

// Filter judges the value of an assignment in data. For the match of a regexp, whose name is not known, a.Name is an
// empty span. When a.Decoded is not nil it is judged in place of the bytes at a.Value.
type Filter func(data []byte, a assignment.Assignment) Verdict

// OfNames is the filter that judges names, and so also what has no value.
const OfNames = "name"

// Named is the filter of that name, and whether there is one.
//
//	"token"     a key made by a machine: hex, base64, letters and digits of real randomness
//	"opaque"    what a rule's own words and form already make a key: all but what can be read
//	"basic"     base64 of user:password, as Basic Authorization headers have it
//	"encoded"   base64 of a password or a key
//	"pem"       a private key in PEM form
//	"userpass"  user:password, or user/password
//	"name"      any value, or none, under the name of a secret or of a variable with such a name
//	"password"  whatever a person may have chosen, or a machine; not placeholders, references and code
func Named(name string) (Filter, bool) {
	switch name {
	case "token":
		return Token, true
	case "password":
		return Password, true
	case "opaque":
		return Opaque, true
	case "basic":
		return Basic, true
	case "encoded":
		return Encoded, true
	case "pem":
		return PEM, true
	case "userpass":
		return UserPassword, true
	case OfNames:
		return Name, true
	}
	return nil, false
}

// Names are the names that Named knows, sorted.
func Names() []string {
	return []string{"basic", "encoded", "name", "opaque", "password", "pem", "token", "userpass"}
}

// Token judges a value that should be a key made by a machine.
func Token(data []byte, a assignment.Assignment) Verdict { return judge(data, a, true) }

// Opaque judges a value whose form and surroundings, a provider's name and the length of its keys, say that it is a
// key already. What can be read as words is dropped: ToggleButtonBasicConfigComponent has the form of many keys. So
// is what stands for another value. Rows and repetitions are left to the rule's entropy.
func Opaque(data []byte, a assignment.Assignment) Verdict {
	v := value{text: a.Decoded, token: true}
	if v.text == nil {
		v.text = a.Value.Of(data)
	}
	if len(v.text) == 0 {
		return no("short")
	}
	v.site = look(data, a)
	if why := standsFor(v.text, true); why != "" {
		return no(why)
	}
	v.shape = measure(v.text)
	if v.shape.reads() {
		return no("words")
	}
	return yes("opaque")
}

// Password judges a value that stands where a password does.
func Password(data []byte, a assignment.Assignment) Verdict { return judge(data, a, false) }
