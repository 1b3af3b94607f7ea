package imageconfig

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// The oracle of the fuzzers is encoding/json: whatever it makes of a document is found by the readers too.

// oracle is a configuration as encoding/json reads it.
type oracle struct {
	Config  oracleConfig `json:"config"`
	Old     oracleConfig `json:"container_config"`
	History []struct {
		CreatedBy string `json:"created_by"`
	} `json:"history"`
}

type oracleConfig struct {
	Env    []string
	Labels map[string]string
}

// simple are entries of which it is clear what they say.
var simple = regexp.MustCompile(`^(?:/bin/sh -c #\(nop\)  ?)?(ENV|ARG) ([A-Z_]+)=([a-z0-9<>&]+)$|^(RUN )\|1 ([A-Z_]+)=([a-z0-9<>&]+) /bin/sh -c true$`)

func FuzzConfig(f *testing.F) {
	for _, c := range settings {
		f.Add([]byte(c.text))
	}
	for _, c := range built {
		f.Add([]byte(imageOf(c.entries)))
	}
	f.Add([]byte(imageOf([]string{"|1 sh -c A= 0", "ENV A=a<b", "/bin/sh -c #(nop)  ARG T=t1", "RUN |1 T=t1 /bin/sh -c true"})))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, problems := Config(data)
		found := foundIn(t, data, list)
		var o oracle
		if !utf8.Valid(data) || json.Unmarshal(data, &o) != nil {
			return
		}
		if problems != 0 {
			t.Fatalf("%d problems in %q", problems, data)
		}
		want := func(c assignment.Context, name, value string) {
			if _, ok := found[string(c)+" "+name+"="+unquoted(value)]; !ok && name != "" {
				t.Fatalf("no %s %s=%s in %q: %v", c, name, value, data, found)
			}
		}
		for _, c := range []oracleConfig{o.Config, o.Old} {
			for _, e := range c.Env {
				if name, value, ok := strings.Cut(e, "="); ok {
					want(Env, name, value)
				}
			}
			for name, value := range c.Labels {
				if _, ok := found[string(Label)+" "+name+"="+value]; !ok && name != "" {
					t.Fatalf("no label %s=%s in %q", name, value, data)
				}
			}
		}
		for _, h := range o.History {
			m := simple.FindStringSubmatch(h.CreatedBy)
			switch {
			case m == nil:
			case m[1] == "ENV":
				want(History, m[2], m[3])
			case m[1] == "ARG":
				want(BuildArg, m[2], m[3])
			default:
				want(BuildArg, m[5], m[6])
			}
		}
	})
}

func FuzzProvenance(f *testing.F) {
	for _, c := range statements {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, problems := Provenance(data)
		found := foundIn(t, data, list)
		total := 0
		for _, file := range Embedded(data) {
			total += len(file.Data)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of files in %d", total, len(data))
		}
		var doc any
		if !utf8.Valid(data) || bytes.Count(data, []byte("{"))+bytes.Count(data, []byte("[")) > 100 || json.Unmarshal(data, &doc) != nil {
			return
		}
		if problems != 0 {
			t.Fatalf("%d problems in %q", problems, data)
		}
		requests(doc, func(name, value string) {
			if _, ok := found[string(Provenanced)+" "+name+"="+value]; !ok && name != "" {
				t.Fatalf("no %s=%s in %q", name, value, data)
			}
		})
	})
}

// requests are the build arguments of all requests in a document.
func requests(doc any, want func(name, value string)) {
	switch x := doc.(type) {
	case []any:
		for _, v := range x {
			requests(v, want)
		}
	case map[string]any:
		for key, v := range x {
			args := is(placed.Text{Bytes: []byte(key)}, "args")
			members, object := v.(map[string]any)
			switch {
			case args && object:
				for k, v := range members {
					if s, ok := v.(string); ok && strings.HasPrefix(k, "build-arg:") {
						want(strings.TrimPrefix(k, "build-arg:"), s)
					}
				}
			case args || is(placed.Text{Bytes: []byte(key)}, "meta"):
				// A step, which has another form.
			default:
				requests(v, want)
			}
		}
	}
}

// unquoted is bare of a string.
func unquoted(s string) string {
	if n := len(s); n > 1 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

// foundIn is what was found, after checking places and what escapes stand for.
func foundIn(t *testing.T, data []byte, list []assignment.Assignment) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for i, line := range lines(t, data, list) {
		found[line] = true
		a := &list[i]
		if a.Context != Env && a.Context != Label || !utf8.Valid(data) {
			continue
		}
		// These are written as they are meant, but for the escapes of JSON.
		if got := meant(a.Value.Of(data)); got != string(value(data, a)) {
			t.Fatalf("%q at %v stands for %q", value(data, a), a.Value, got)
		}
	}
	return found
}
