package hook

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"rummage/scan"
)

// Action is what becomes of a finding.
type Action string

// The actions, the mildest first.
const (
	Ignore Action = "ignore"
	Warn   Action = "warn"
	Block  Action = "block"
)

func (a Action) rank() int { return slices.Index([]Action{Ignore, Warn, Block}, a) }

// milder is that of the two which does less.
func milder(a, b Action) Action {
	if a.rank() < b.rank() {
		return a
	}
	return b
}

// Policy is the server's word on pushes, read from a file of the server.
type Policy struct {
	// FailOpen lets a push through that could not be searched whole. It is recorded.
	FailOpen bool
	// Time is how long a search may take.
	Time time.Duration
	// MaxBlob is the size from which a file is not searched, which is a push that was not searched whole.
	MaxBlob int
	// MaxMemory is how much memory the program may take. A search that needs more is ended.
	MaxMemory int64
	// MaxPush is how many bytes may be read for one push: of files before and after its changes. 0 is no bound.
	MaxPush int64
	Rules   []string // rule files, in place of the built-in ones
	Audit   string   // file of the log, or syslog (see parseSyslog); empty for none
	// Comments are the severities of which a comment in the pushed file (rummage:allow) takes a finding away.
	Comments []string
	Known    Action // for what the repository holds already, at most
	Bypass   Bypass
	Exempt   []Exemption
	Sweep    *Sweep // nil: no sweep is asked

	base rules
	refs []refRules
}

// Bypass says whether the pusher may let findings through with a reason. Without a log to record it in, nobody may.
type Bypass struct {
	Allowed bool
	Never   []string // severities
}

// Exemption lets what some users push through. It is searched and recorded all the same.
type Exemption struct {
	Variable string   // of the environment, by which the platform tells who pushes
	Users    []string // values of it
}

// rules are the actions by severity and kind.
type rules struct {
	severity, kind map[string]Action
}

type refRules struct {
	pattern *regexp.Regexp
	rules
}

// DefaultPolicy holds without a policy file, and for what a file leaves out.
func DefaultPolicy() *Policy {
	return &Policy{Time: 4 * time.Second, MaxBlob: 64 << 20, MaxMemory: 512 << 20, Comments: []string{"high", "medium", "low", "info"}, Known: Warn,
		Bypass: Bypass{Allowed: true, Never: []string{"critical"}},
		base: rules{
			severity: map[string]Action{"critical": Block, "high": Block, "medium": Block, "low": Warn, "info": Warn},
			kind:     map[string]Action{string(scan.KindSecret): Block, string(scan.KindExposure): Warn},
		}}
}

// policyFile is the file's form.
type policyFile struct {
	Fail      string            `toml:"fail"`
	Time      string            `toml:"time"`
	MaxBlob   *size             `toml:"max_blob"`
	MaxMemory *size             `toml:"max_memory"`
	MaxPush   *size             `toml:"max_push"`
	Rules     []string          `toml:"rules"`
	Audit     string            `toml:"audit"`
	Comments  *[]string         `toml:"comments"`
	Known     string            `toml:"known"`
	Severity  map[string]Action `toml:"severity"`
	Kind      map[string]Action `toml:"kind"`
	Ref       []struct {
		Pattern  string            `toml:"pattern"`
		Severity map[string]Action `toml:"severity"`
		Kind     map[string]Action `toml:"kind"`
	} `toml:"ref"`
	Bypass struct {
		Allowed *bool     `toml:"allowed"`
		Never   *[]string `toml:"never"`
	} `toml:"bypass"`
	Exempt []struct {
		Variable string   `toml:"variable"`
		Users    []string `toml:"users"`
	} `toml:"exempt"`
	Sweep *sweepFile `toml:"sweep"`
}

// size is a number of bytes, or a text such as "64MiB".
type size int64

// UnmarshalTOML reads a size.
func (s *size) UnmarshalTOML(value any) (err error) {
	switch v := value.(type) {
	case int64:
		*s = size(v)
	case string:
		var n int64
		n, err = scan.ParseSize(v)
		*s = size(n)
	default:
		err = fmt.Errorf("%.40v: want a number of bytes, or a text such as \"64MiB\"", v)
	}
	return err
}

// set takes over a size that the file has.
func (s *size) set(key string, least, most int64, to *int64) error {
	if s == nil {
		return nil
	}
	if int64(*s) < least || int64(*s) > most {
		return fmt.Errorf("%s = %d: want a size from %s to %s", key, *s, scan.FormatSize(least), scan.FormatSize(most))
	}
	*to = int64(*s)
	return nil
}

// Bounds of sizes. With less memory than leastMemory the program cannot hold its rules and a file.
const (
	maxMaxBlob  = 1 << 30
	leastMemory = 64 << 20
	maxSize     = 1 << 40
)

// maxTime is the longest time that a policy may give: a hook holds a connection and the pusher.
const maxTime = 10 * time.Minute

// ParsePolicy reads a policy. A key that it does not know is an error: a misspelt one must not go unnoticed.
func ParsePolicy(data []byte) (*Policy, error) {
	var f policyFile
	meta, err := toml.NewDecoder(bytes.NewReader(data)).Decode(&f)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(firstLine(err.Error()), "toml: "))
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		return nil, fmt.Errorf("%s is not a key of a policy", keys[0])
	}
	p := DefaultPolicy()
	for _, step := range []func(*policyFile) error{p.limits, p.actions, p.people, p.sweep} {
		if err := step(&f); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func (p *Policy) limits(f *policyFile) (err error) {
	switch f.Fail {
	case "", "closed":
	case "open":
		p.FailOpen = true
	default:
		return fmt.Errorf("fail = %q: want closed or open", f.Fail)
	}
	if f.Time != "" {
		if p.Time, err = time.ParseDuration(f.Time); err != nil || p.Time <= 0 || p.Time > maxTime {
			return fmt.Errorf("time = %q: want a time up to %s, such as 4s", f.Time, maxTime)
		}
	}
	blob := int64(p.MaxBlob)
	if err := cmp.Or(f.MaxBlob.set("max_blob", 1, maxMaxBlob, &blob), f.MaxMemory.set("max_memory", leastMemory, maxSize, &p.MaxMemory),
		f.MaxPush.set("max_push", 1, maxSize, &p.MaxPush)); err != nil {
		return err
	}
	p.MaxBlob = int(blob)
	p.Rules, p.Audit = f.Rules, f.Audit
	if _, _, err := parseSyslog(p.Audit); err != nil {
		return err
	}
	if p.Audit == "" && (p.FailOpen || len(f.Exempt) > 0) {
		return errors.New("what is let through is to be recorded: fail = \"open\" and [[exempt]] need audit")
	}
	return nil
}

func (p *Policy) actions(f *policyFile) error {
	if f.Known != "" {
		if p.Known = Action(f.Known); p.Known.rank() < 0 {
			return fmt.Errorf("known = %q: want block, warn or ignore", f.Known)
		}
	}
	base, err := p.base.with(f.Severity, f.Kind)
	if err != nil {
		return err
	}
	p.base = base
	for _, r := range f.Ref {
		if r.Pattern == "" {
			return errors.New("a [[ref]] has no pattern")
		}
		with, err := base.with(r.Severity, r.Kind)
		if err != nil {
			return fmt.Errorf("ref %q: %w", r.Pattern, err)
		}
		p.refs = append(p.refs, refRules{glob(r.Pattern), with})
	}
	return nil
}

// glob makes an expression of a pattern, in which * stands for any text, slashes too.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `\z`)
}

// with gives the rules with others over them.
func (r rules) with(severity, kind map[string]Action) (rules, error) {
	out := rules{severity: map[string]Action{}, kind: map[string]Action{}}
	for _, layer := range []rules{r, {severity, kind}} {
		for name, a := range layer.severity {
			if a.rank() < 0 || !slices.Contains(scan.Severities, name) {
				return out, fmt.Errorf("severity %s = %q: want critical, high, medium, low or info, and block, warn or ignore", name, a)
			}
			out.severity[name] = a
		}
		for name, a := range layer.kind {
			if a.rank() < 0 || name != string(scan.KindSecret) && name != string(scan.KindExposure) {
				return out, fmt.Errorf("kind %s = %q: want secret or exposure, and block, warn or ignore", name, a)
			}
			out.kind[name] = a
		}
	}
	return out, nil
}

func (p *Policy) people(f *policyFile) error {
	if f.Comments != nil {
		p.Comments = *f.Comments
	}
	if f.Bypass.Allowed != nil {
		p.Bypass.Allowed = *f.Bypass.Allowed
	}
	if f.Bypass.Never != nil {
		p.Bypass.Never = *f.Bypass.Never
	}
	for _, s := range slices.Concat(p.Comments, p.Bypass.Never) {
		if !slices.Contains(scan.Severities, s) {
			return fmt.Errorf("%q is no severity", s)
		}
	}
	for _, e := range f.Exempt {
		if e.Variable == "" || len(e.Users) == 0 || slices.Contains(e.Users, "") {
			return errors.New("an [[exempt]] needs a variable and users")
		}
		p.Exempt = append(p.Exempt, Exemption{e.Variable, e.Users})
	}
	return nil
}

// action is what becomes of a finding on refs: the strictest that one of them asks for. Where no ref is known, all of the
// push count. A finding is of a severity and a kind, and the milder of their actions holds.
func (p *Policy) action(f *scan.Finding, refs []string) Action {
	strictest := Ignore
	for _, name := range refs {
		r := p.base
		if i := slices.IndexFunc(p.refs, func(r refRules) bool { return r.pattern.MatchString(name) }); i >= 0 {
			r = p.refs[i].rules
		}
		severity, known := r.severity[f.Severity]
		if !known {
			severity = Block // a rule file may have words of its own
		}
		if a := milder(severity, r.kind[string(f.Kind)]); a.rank() > strictest.rank() {
			strictest = a
		}
	}
	return strictest
}

// exempt gives the variable and the user by which who pushes is exempt.
func (p *Policy) exempt(getenv func(string) string) (variable, user string, ok bool) {
	for _, e := range p.Exempt {
		if user := getenv(e.Variable); slices.Contains(e.Users, user) {
			return e.Variable, user, true
		}
	}
	return "", "", false
}
