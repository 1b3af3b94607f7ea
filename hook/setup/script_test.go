package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// odd are names that a shell, or a careless reader, takes for something else.
var odd = []string{"plain", "two words", "it's", "''", `back\slash`, `\'`, "$HOME", "`id`", "$(id)", "a;b&c|d>e", `"quoted"`, "*?[x]", "#x", "~", "-n", "é\xff", "'"}

// TestScriptInShell: the shell hands the program exactly the paths that the script is made of.
func TestScriptInShell(t *testing.T) {
	for _, name := range odd {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		program := filepath.Join(dir, "program")
		if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			s    Script
			args []string
			want []string
		}{
			{Script{Hook: PreReceive, Program: program, Policy: dir + "/p.toml"}, nil, []string{"hook", PreReceive, "--policy", dir + "/p.toml"}},
			{Script{Hook: PrePush, Program: program, Rules: []string{dir + "/a", dir + "/b"}, Then: true}, []string{"-o", "ssh://it's here"},
				[]string{"hook", PrePush, "--rules", dir + "/a", "--rules", dir + "/b", "--then", Kept(dir + "/hook"), "--", "-o", "ssh://it's here"}},
		} {
			text, err := c.s.Text()
			if err != nil {
				t.Fatal(err)
			}
			hook := filepath.Join(dir, "hook")
			if err := writeFile(hook, []byte(text), scriptMode); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(hook, c.args...).Output()
			if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q: got %q, %v, want %q", name, got, err, c.want)
			}
			if what, s, err := read(hook); err != nil || what != ours || !reflect.DeepEqual(s, c.s) {
				t.Errorf("%q: read as %d, %+v, %v", name, what, s, err)
			}
		}
	}
}

func TestScriptRefused(t *testing.T) {
	for _, s := range []Script{
		{Hook: PreReceive, Program: "rummage"},
		{Hook: PreReceive, Program: ""},
		{Hook: PreReceive, Program: "/a\nb"},
		{Hook: PreReceive, Program: "/a", Policy: "/a\rb"},
		{Hook: PreReceive, Program: "/a", Policy: "p.toml"},
		{Hook: PreCommit, Program: "/a", Rules: []string{"/b", "/\x00"}},
	} {
		if text, err := s.Text(); err == nil || text != "" || strings.ContainsAny(err.Error(), "\r\x00") {
			t.Errorf("%+v: %q, %v", s, text, err)
		}
	}
}

// TestEdited: what has the mark and is not to the byte what is written is nobody's to replace.
func TestEdited(t *testing.T) {
	s := Script{Hook: PreReceive, Program: "/usr/bin/rummage"}
	text, err := s.Text()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want state
	}{
		{text, ours},
		{text + "\n", edited},
		{strings.TrimSuffix(text, "\n"), edited},
		{strings.Replace(text, "exec", "FOO=1 exec", 1), edited},
		{strings.Replace(text, "/usr", "/opt", 1), ours},
		{strings.Replace(text, "'/usr/bin/rummage'", "/usr/bin/rummage", 1), edited},
		{strings.Replace(text, "pre-receive", "update", 1), edited},
		{mark, edited},
		{"#!/bin/sh\nexec rummage hook pre-receive\n", foreign},
		{"", foreign},
	} {
		file := filepath.Join(t.TempDir(), "hook")
		if err := os.WriteFile(file, []byte(c.text), 0o755); err != nil {
			t.Fatal(err)
		}
		if got, _, err := read(file); err != nil || got != c.want {
			t.Errorf("%q: %d, %v, want %d", c.text, got, err, c.want)
		}
	}
}

func FuzzParseScript(f *testing.F) {
	f.Add("/usr/bin/rummage", "/etc/it's", true)
	f.Fuzz(func(t *testing.T, program, file string, then bool) {
		for _, s := range []Script{{Hook: PreReceive, Program: program, Policy: file, Then: then}, {Hook: PrePush, Program: program, Rules: []string{file}, Then: then}} {
			text, err := s.Text()
			if err != nil {
				continue
			}
			if s.Rules != nil && file == "" {
				t.Errorf("an empty path is taken")
			}
			if got, ok := parseScript([]byte(text)); !ok || !reflect.DeepEqual(got, s) {
				t.Errorf("%+v became %+v, %v", s, got, ok)
			}
		}
	})
}
