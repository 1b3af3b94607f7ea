package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Hooks are those that rummage has.
var Hooks = []string{PreReceive, PreCommit, PrePush}

// The hooks, as git names them.
const (
	PreReceive = "pre-receive"
	PreCommit  = "pre-commit"
	PrePush    = "pre-push"
)

// Script is a hook that rummage writes: which program it runs, and with what.
type Script struct {
	Hook    string
	Program string   // absolute
	Policy  string   // absolute, of a pre-receive hook
	Rules   []string // absolute, of the others
	Then    bool     // another hook runs after rummage has accepted: see Kept
	log     string   // in place of the policy's
}

const (
	mark = "# rummage-hook 1 "
	note = "# Written by `rummage hook install`; `rummage hook uninstall` takes it away."
	// keptSuffix is behind the name of a hook that was there before. The script finds it by its own name, so that a repository
	// may move.
	keptSuffix = ".before-rummage"
	then       = `"$0` + keptSuffix + `"`
	arguments  = `-- "$@"`
)

// Kept is where the hook that stood at file before is kept.
func Kept(file string) string { return file + keptSuffix }

// Text is the script. The error is for what no script can hold.
func (s *Script) Text() (string, error) {
	words := []string{"exec", "", "hook", s.Hook}
	var err error
	path := func(at string) string {
		q, e := quote(at)
		err = errors.Join(err, e)
		return q
	}
	words[1] = path(s.Program)
	if s.Policy != "" {
		words = append(words, "--policy", path(s.Policy))
	}
	if s.log != "" {
		words = append(words, "--audit", path(s.log))
	}
	for _, r := range s.Rules {
		words = append(words, "--rules", path(r))
	}
	if s.Then {
		words = append(words, "--then", then)
	}
	if s.Hook == PrePush {
		words = append(words, arguments)
	}
	if err != nil {
		return "", err
	}
	return "#!/bin/sh\n" + mark + s.Hook + "\n" + note + "\n" + strings.Join(words, " ") + "\n", nil
}

// quote makes one word of a shell of an absolute path, whatever it holds but control characters.
func quote(path string) (string, error) {
	switch {
	case !filepath.IsAbs(path):
		return "", fmt.Errorf("%q is not an absolute path", path)
	case strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("%q has a control character, which no hook may name", path)
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'", nil
}

// parseScript reads what Text writes, and nothing else.
func parseScript(data []byte) (s Script, ok bool) {
	lines := strings.Split(string(data), "\n")
	if len(lines) != 5 {
		return s, false
	}
	s.Hook = strings.TrimPrefix(lines[1], mark)
	words, ok := split(lines[3])
	if !ok || len(words) < 4 || !slices.Contains(Hooks, s.Hook) {
		return s, false
	}
	s.Program = words[1]
	for i := 4; i+1 < len(words); i += 2 {
		switch words[i] {
		case "--policy":
			s.Policy = words[i+1]
		case "--rules":
			s.Rules = append(s.Rules, words[i+1])
		case "--then":
			s.Then = true
		}
	}
	text, err := s.Text()
	return s, err == nil && text == string(data)
}

// split divides a line into words, of which those in single quotes are taken out of them.
func split(line string) (words []string, ok bool) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " ") {
		var w strings.Builder
		for line != "" && line[0] != ' ' {
			if quoted, is := strings.CutPrefix(line, "'"); is {
				inside, rest, closed := strings.Cut(quoted, "'")
				if !closed {
					return nil, false
				}
				w.WriteString(inside)
				line = rest
				continue
			}
			line = strings.TrimPrefix(line, `\`)
			if line != "" {
				w.WriteByte(line[0])
				line = line[1:]
			}
		}
		words = append(words, w.String())
	}
	return words, true
}

// state is what stands where a hook should.
type state int

const (
	absent  state = iota
	ours          // as rummage wrote it
	edited        // with rummage's mark, and not as rummage wrote it
	foreign       // anything else
)

// maxScript is more than any script of rummage's has.
const maxScript = 64 << 10

// read tells what is at a path, and the script if it is ours.
func read(file string) (state, Script, error) {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return absent, Script{}, nil
	case err != nil:
		return absent, Script{}, err
	case info.IsDir():
		return absent, Script{}, fmt.Errorf("%s is a directory", file)
	case !info.Mode().IsRegular():
		return foreign, Script{}, nil // a link to a script of ours is another's way to install it
	}
	in, err := os.Open(file)
	if err != nil {
		return absent, Script{}, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxScript))
	if err != nil {
		return absent, Script{}, err
	}
	if s, ok := parseScript(data); ok {
		return ours, s, nil
	}
	if bytes.HasPrefix(data, []byte(mark)) || bytes.Contains(data, []byte("\n"+mark)) {
		return edited, Script{}, nil
	}
	return foreign, Script{}, nil
}

// NameOf is the name that a kept hook had.
func NameOf(kept string) string { return strings.TrimSuffix(kept, keptSuffix) }
