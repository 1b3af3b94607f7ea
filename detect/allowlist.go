package detect

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
)

// compiledAllowlist is what an allowlist needs to judge, made at its first use.
type compiledAllowlist struct {
	once    sync.Once
	paths   []*regexp.Regexp
	regexes []*regexp.Regexp
	last    atomic.Pointer[pathAnswer]
}

func (a *Allowlist) compile() *compiledAllowlist {
	c := &a.compiled
	c.once.Do(func() {
		c.paths = compileAny(a.Paths)
		c.regexes = compileAny(a.Regexes)
	})
	return c
}

// compileAny compiles expressions of which one is to match: into one expression where that is possible. It is not
// for expressions that swallow the bracket put around them (`\Qabc`) or are too large together.
func compileAny(exprs []string) []*regexp.Regexp {
	if len(exprs) > 1 {
		if re, err := regexp.Compile("(?:" + strings.Join(exprs, ")|(?:") + ")"); err == nil {
			return []*regexp.Regexp{re}
		}
	}
	list := make([]*regexp.Regexp, len(exprs))
	for i, e := range exprs {
		list[i] = mustCompile(e)
	}
	return list
}

// mustCompile compiles an expression that Parse has checked, or that a trusted file holds.
func mustCompile(expr string) *regexp.Regexp {
	re, err := regexp.Compile(expr)
	if err != nil {
		panic("detect: internal error: unchecked " + err.Error())
	}
	return re
}

func anyMatch(list []*regexp.Regexp, s []byte) bool {
	for _, re := range list {
		if re.Match(s) {
			return true
		}
	}
	return false
}

// allowsContent reports whether the criteria on what was matched hold: any of them, or with All each that is given.
// line is asked for only when the regexes look at it.
func (a *Allowlist) allowsContent(secret, match []byte, line func() []byte) bool {
	if !a.judgesContent() {
		return false
	}
	target := secret
	if len(a.Regexes) > 0 {
		switch a.Target {
		case TargetMatch:
			target = match
		case TargetLine:
			target = line()
		}
	}
	if len(a.Regexes) > 0 && len(target) > 0 {
		if hit := anyMatch(a.compile().regexes, target); hit != a.All {
			return hit
		}
	} else if len(a.Regexes) > 0 && a.All {
		return false
	}
	if len(a.Stopwords) > 0 {
		return containsAny(secret, a.Stopwords)
	}
	return a.All
}

func containsAny(secret []byte, words []string) bool {
	low := strings.ToLower(string(secret))
	for _, w := range words {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// allowsPlace reports whether the criteria on path and commit hold: any of them, or with All each that is given.
func (a *Allowlist) allowsPlace(path, commit string) bool {
	byCommit := false
	for _, c := range a.Commits {
		if commit != "" && strings.EqualFold(c, commit) {
			byCommit = true
			break
		}
	}
	if byCommit && !a.All || len(a.Commits) > 0 && !byCommit && a.All {
		return byCommit
	}
	if len(a.Paths) == 0 {
		return byCommit
	}
	return path != "" && a.allowsPath(path)
}

// allowsPath is asked of the matches of one file after the other: the last answer is remembered.
func (a *Allowlist) allowsPath(path string) bool {
	c := a.compile()
	if last := c.last.Load(); last != nil && last.path == path {
		return last.allowed
	}
	allowed := anyMatchString(c.paths, path)
	c.last.Store(&pathAnswer{path, allowed})
	return allowed
}

type pathAnswer struct {
	path    string
	allowed bool
}

func anyMatchString(list []*regexp.Regexp, s string) bool {
	for _, re := range list {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

// Suppression says who decided that a match is not to be reported.
type Suppression struct {
	By     string // ByComment or ByAllowlist
	Reason string // text of the comment, description of the allowlist
}

// Who suppresses matches here.
const (
	ByComment   = "comment"
	ByAllowlist = "allowlist"
)

func (a *Allowlist) suppression() *Suppression {
	return &Suppression{By: ByAllowlist, Reason: a.Description}
}
