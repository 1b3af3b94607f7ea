package jsontext

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rummage/detect/placed"
)

// read is all keys and strings of a document, in order, checked against their places.
func read(t testing.TB, data []byte) (list []string, broken bool) {
	r := New(data)
	add := func(x placed.Text) {
		p := x.Place()
		if p.Start < 0 || p.End < p.Start || p.End > len(data) || x.Verbatim() && !bytes.Equal(p.Of(data), x.Bytes) {
			t.Fatalf("%q at %v of %q", x.Bytes, p, data)
		}
		list = append(list, string(x.Bytes))
	}
	var any func()
	any = func() {
		switch r.Next() {
		case '{':
			r.Object(func(key placed.Text) { add(key); any() })
		case '[':
			r.Array(any)
		case '"':
			if value, raw, ok := r.String(); ok {
				add(value)
				if b := raw.Bytes; len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
					t.Fatalf("raw %q", b)
				}
			}
		}
	}
	any()
	return list, r.Broken()
}

// expected is the same by encoding/json.
func expected(data []byte) (list []string) {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err != nil {
			return list
		}
		if s, ok := token.(string); ok {
			list = append(list, s)
		}
	}
}

var documents = []string{
	``, `{}`, `[]`, `null`, `"a"`, `{"a":"b","c":["d",1.5e-3,true,null,{"e":"f"}]}`, " {\t\"a\"\n:\r\"b\" , \"c\" : [ ] } ",
	`["\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\ud83d\u0041\ud83dx\udfffx"]`, `{"a":{"a":{"a":"b"}},"":""}`, `["a","]","}","{"]`, "[\"\u00e9\U0001f600\"]",
}

func TestReader(t *testing.T) {
	for _, text := range documents {
		if got, broken := read(t, []byte(text)); !slices.Equal(got, expected([]byte(text))) || broken {
			t.Errorf("%s: %q, broken: %v", text, got, broken)
		}
	}
	for text, want := range map[string]string{
		`{"a":"b","c":"d`: "a b c", `{"a":"b"]`: "a b", `["a" "b"]`: "a b", `["\x","b"]`: "b", "[\"a\nb\",\"c\"]": "c", `{"\x":"b"}`: " b", `{"a","b"}`: "", `[}`: "", `{]`: "",
	} {
		if got, _ := read(t, []byte(text)); strings.Join(got, " ") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestPassedOver: what nobody reads is passed over, and reading goes on behind it.
func TestPassedOver(t *testing.T) {
	data := []byte(`{"a":{"x":["}",{"y":"\\"}]},"b":-1e5,"c":"\"","d":"here","e":[[]]}`)
	r := New(data)
	var keys []string
	r.Object(func(key placed.Text) {
		keys = append(keys, key.String())
		if key.String() == "d" {
			r.Array(func() { t.Error("a string is no array") })
			if v, _, ok := r.String(); !ok || v.String() != "here" {
				t.Errorf("%q %v", v, ok)
			}
		}
	})
	if !slices.Equal(keys, []string{"a", "b", "c", "d", "e"}) || r.Broken() || r.Next() != 0 {
		t.Errorf("%q, broken: %v", keys, r.Broken())
	}
}

// TestDepth: what is too deep is passed over, and is no problem.
func TestDepth(t *testing.T) {
	for _, n := range []int{MaxDepth, MaxDepth + 1, 1 << 20} {
		got, broken := read(t, []byte(strings.Repeat("[", n)+`"deep"`+strings.Repeat("]", n)))
		if want := n <= MaxDepth; broken || (len(got) == 1) != want {
			t.Errorf("%d levels: %q, broken: %v", n, got, broken)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range documents {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, broken := read(t, data)
		if !json.Valid(data) || !utf8.Valid(data) || bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > MaxDepth {
			return
		}
		if want := expected(data); broken || !slices.Equal(got, want) {
			t.Fatalf("%q: %q, want %q, broken: %v", data, got, want, broken)
		}
	})
}
