package dockerfile

import (
	"encoding/json"

	"rummage/detect/jsontext"
)

// jsonWords reads t as a JSON array of strings. It reports false when t is none, which makes it plain text, and other
// when t is an array of other things, which BuildKit refuses.
func (p *parser) jsonWords(t Text, line int) (words []Word, ok, other bool) {
	b := t.Bytes
	if len(b) == 0 || b[0] != '[' {
		return nil, false, false
	}
	i := jsontext.Space(b, 1)
	for comma := false; ; comma = true {
		if i < len(b) && b[i] == ']' && !comma {
			return nil, jsontext.Space(b, i+1) == len(b), false
		}
		if i >= len(b) || b[i] != '"' {
			return nil, false, json.Valid(b)
		}
		value, end, good := jsontext.String(t, i)
		if !good {
			return nil, false, false
		}
		if !p.take(line) {
			return words, true, false
		}
		words = append(words, Word{Raw: t.Slice(i, end), Value: value, Quoted: true})
		if i = jsontext.Space(b, end); i < len(b) && b[i] == ']' {
			return words, jsontext.Space(b, i+1) == len(b), false
		}
		if i >= len(b) || b[i] != ',' {
			return nil, false, false
		}
		i = jsontext.Space(b, i+1)
	}
}
