package external

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// maxConfig bounds a configuration, in bytes: a scanner takes some hundred.
const maxConfig = 1 << 20

// ConfigError says what is wrong in a configuration, and where.
type ConfigError struct {
	File   string
	Line   int // 1-based
	Reason string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// ReadConfig reads scanners from TOML, a [[scanner]] table each:
//
//	[[scanner]]
//	name = "mine"                  # small letters, digits, - and _
//	format = "sarif"               # trivy, sarif, gitleaks, rummage or trufflehog
//	argv = ["/opt/mine", "scan", "--platform={platform}", "--", "{image}"]
//	argv_input = ["/opt/mine", "scan", "--input={input}"]
//	timeout = "5m"                 # of one image
//	memory_mib = 4096              # address space, in MiB
//	sha256 = "…"                   # of the program's file
//	exit_findings = [1]            # statuses of a scan that went well and found something
//	env = ["DOCKER_CONFIG"]        # variables passed on, by name
//
// A table named trivy or trufflehog changes the scanner of that name: it has no argv, argv_input, format and
// exit_findings, and may have program, an absolute path. name is only for messages. The error is a *ConfigError.
func ReadConfig(name string, data []byte) ([]Scanner, error) {
	fail := func(line int, why string) ([]Scanner, error) {
		return nil, &ConfigError{name, line, strings.Join(strings.Fields(why), " ")}
	}
	if len(data) > maxConfig {
		return fail(1, fmt.Sprintf("configuration of more than %d MiB", maxConfig>>20))
	}
	var file struct {
		Scanner []scannerTable `toml:"scanner"`
	}
	meta, err := toml.Decode(string(data), &file)
	if err != nil {
		return fail(tomlMistake(err))
	}
	lines := linesOf(string(data))
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		key := unknown[0]
		return fail(lines.ofUnknown(key), fmt.Sprintf("unknown key %q", key[len(key)-1]))
	}
	var list []Scanner
	for i := range file.Scanner {
		s, bad := file.Scanner[i].scanner()
		if bad == nil && slices.ContainsFunc(list, func(o Scanner) bool { return o.Name == s.Name }) {
			bad = &invalid{"name", fmt.Sprintf("there is another scanner %q", s.Name)}
		}
		if bad != nil {
			return fail(lines.of(i, bad.key), bad.Error())
		}
		list = append(list, s)
	}
	return list, nil
}

var tomlMessage = pattern(`^toml: (?:line ([0-9]+) )?\(last key "(?:scanner\.)?([^"]*)"\): (.*)`)

// tomlMistake is the line and the reason of an error of the TOML library, which tells some as a value and others as text.
func tomlMistake(err error) (line int, why string) {
	var pe toml.ParseError
	if errors.As(err, &pe) {
		return max(pe.Position.Line, 1), pe.Message
	}
	if m := tomlMessage().FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		return max(line, 1), m[2] + ": " + m[3]
	}
	return 1, err.Error()
}

// scannerTable is a [[scanner]] table.
type scannerTable struct {
	Name         string   `toml:"name"`
	Format       string   `toml:"format"`
	Program      string   `toml:"program"`
	Argv         []string `toml:"argv"`
	ArgvInput    []string `toml:"argv_input"`
	Timeout      string   `toml:"timeout"`
	MemoryMiB    int64    `toml:"memory_mib"`
	SHA256       string   `toml:"sha256"`
	ExitFindings []int    `toml:"exit_findings"`
	Env          []string `toml:"env"`
}

func (t *scannerTable) scanner() (Scanner, *invalid) {
	s := Scanner{Name: t.Name, Format: Format(t.Format), Argv: t.Argv, ArgvInput: t.ArgvInput, FindingsExit: t.ExitFindings}
	known, isKnown := Named(t.Name, nil)
	switch {
	case t.Name == BuiltinName:
		return s, &invalid{"name", "builtin is this program"}
	case isKnown:
		if bad := t.change(&known); bad != nil {
			return s, bad
		}
		s = known
	case t.Program != "":
		return s, &invalid{"program", "only for trivy and trufflehog; argv begins with the program"}
	}
	s.SHA256, s.PassEnv = t.SHA256, t.Env
	if t.Timeout != "" {
		d, err := time.ParseDuration(t.Timeout)
		if err != nil || d <= 0 {
			return s, &invalid{"timeout", `want a time such as "5m"`}
		}
		s.Timeout = d
	}
	if t.MemoryMiB < 0 || t.MemoryMiB > 1<<30 {
		return s, &invalid{"memory_mib", "want a number of MiB"}
	}
	s.Memory = t.MemoryMiB << 20
	return s, s.check()
}

// change applies what a table may say of a known scanner.
func (t *scannerTable) change(s *Scanner) *invalid {
	for _, own := range []struct {
		key   string
		given bool
	}{{"argv", t.Argv != nil}, {"argv_input", t.ArgvInput != nil}, {"format", t.Format != ""}, {"exit_findings", t.ExitFindings != nil}} {
		if own.given {
			return &invalid{own.key, s.Name + " has its own"}
		}
	}
	if t.Program == "" {
		return nil
	}
	if !isProgram(t.Program) {
		return &invalid{"program", "want the name or absolute path of a program"}
	}
	s.Argv[0], s.ArgvInput[0] = t.Program, t.Program
	return nil
}

// tableLines has the lines of a table and of its keys.
type tableLines struct {
	line int
	keys map[string]int
}

// fileLines has those of what stands before the first table, and of each table after it. The TOML library tells no lines
// of tables in arrays, so they are looked for in a text that was parsed without error; a string of several lines can
// deceive it, which costs a message its line.
type fileLines []tableLines

func linesOf(text string) fileLines {
	found := fileLines{{1, map[string]int{}}}
	for i, l := range strings.Split(text, "\n") {
		l, _, _ = strings.Cut(strings.TrimSpace(l), "#")
		if inner, ok := strings.CutPrefix(l, "["); ok && strings.HasSuffix(strings.TrimSpace(l), "]") && !strings.ContainsAny(l, `"',`) {
			found = append(found, tableLines{i + 1, map[string]int{}})
			l = strings.Trim(inner, "[] ")
		}
		key, _, _ := strings.Cut(l, "=")
		keys := found[len(found)-1].keys
		if key = strings.Trim(key, " \t\"'"); key != "" && keys[key] == 0 {
			keys[key] = i + 1
		}
	}
	return found
}

// of is the line of a key of the i-th table, or of the table.
func (f fileLines) of(i int, key string) int {
	if i+1 >= len(f) {
		return 1
	}
	if line := f[i+1].keys[key]; line > 0 {
		return line
	}
	return f[i+1].line
}

// ofUnknown is the first line of a key that nobody asked for.
func (f fileLines) ofUnknown(key toml.Key) int {
	for i := range f {
		if line := f[i].keys[key[len(key)-1]]; line > 0 {
			return line
		}
	}
	return 1
}
