package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"rummage/gitscan"
	"rummage/hook"
)

// Level is how a check came out.
type Level string

// The levels. NotChecked is for what could not be found out, which is no good news.
const (
	OK         Level = "ok"
	Warning    Level = "warn"
	Failure    Level = "FAIL"
	NotChecked Level = "unchecked"
)

// Check is one thing that was looked at, with what to do about it.
type Check struct {
	Hook  string `json:"hook"` // file
	Level Level  `json:"level"`
	Name  string `json:"check"`
	Text  string `json:"text"`
}

// Doctor looks at installed hooks.
type Doctor struct {
	Own     string // path of this program
	Version string // what it says of itself
	Policy  func(file string) (*hook.Policy, error)
	Rules   func(files []string) error // reads rule files
	// Secret makes a text that a policy refuses, anew each time. The error says why there is none.
	Secret func(*hook.Policy, []string) (string, error)
	// Decisions asks the sweep of a policy.
	Decisions func(*hook.Sweep) hook.Decisions
	NoTrial   bool // leaves out the push in a scratch repository

	tried map[string]Check // what trials showed, by the script: many repositories have the same
}

// examination is that of one place.
type examination struct {
	*Doctor
	place  *Place
	repo   *Repository // nil for a place of many
	script Script
	policy *hook.Policy // nil when it cannot be read
	checks []Check
}

func (e *examination) add(l Level, name, format string, args ...any) {
	e.checks = append(e.checks, Check{Hook: e.place.File, Level: l, Name: name, Text: fmt.Sprintf(format, args...)})
}

// Examine looks at the hook of a place; the repository is nil for a place of many.
func (d *Doctor) Examine(ctx context.Context, p *Place, r *Repository) []Check {
	e := examination{Doctor: d, place: p, repo: r}
	if !e.hook() {
		return e.checks
	}
	e.mode()
	e.program(ctx)
	e.rules()
	e.kept()
	if p.Hook == PreReceive {
		if e.policy != nil {
			e.log()
			e.limits()
			e.sweep(ctx)
		}
		e.users()
	}
	if e.git(ctx) {
		e.trial(ctx)
	}
	return e.checks
}

// hook tells whether rummage's script stands where it is looked for.
func (e *examination) hook() bool {
	const name = "hook"
	file := e.place.File
	was, s, err := read(file)
	elsewhere := ""
	if e.repo != nil && e.place.Layout == Git {
		at := filepath.Join(e.repo.Dirs.CommonDir, "hooks", e.place.Hook)
		if there, _, err := read(at); err == nil && there == ours && at != file {
			elsewhere = at
		}
	}
	switch {
	case err != nil:
		e.add(NotChecked, name, "%s", err)
	case was != ours && elsewhere != "":
		e.add(Failure, name, "git does not look at %s: %s. Take it away there and install it again", elsewhere, strings.Join(e.place.Notes, "; "))
	case was == absent:
		e.add(Failure, name, "%s is not there: nothing is refused. Write it with: rummage hook install", file)
	case was == foreign:
		e.add(Failure, name, "%s was not written by rummage. rummage hook install keeps it, and has it run afterwards", file)
	case was == edited:
		e.add(NotChecked, name, "%s was changed by hand: what it runs is not known. Move it elsewhere and install again", file)
	default:
		e.script = s
		e.add(OK, name, "%s", file)
		for _, n := range e.place.Notes {
			e.add(Warning, name, "%s", n)
		}
		if elsewhere != "" {
			e.add(Warning, name, "%s is rummage's too, and git does not look at it", elsewhere)
		}
		return true
	}
	return false
}

// mode tells whether the hook is run: git passes over one that is not executable without a word.
func (e *examination) mode() {
	const name = "executable"
	files := []string{e.place.File}
	if e.place.Layout == Gitea {
		files = append(files, filepath.Join(filepath.Dir(filepath.Dir(e.place.File)), PreReceive))
	}
	for _, f := range files {
		if !executable(f) {
			e.add(Failure, name, "%s is not executable, so it is not run, without a word: chmod 755 it", f)
			return
		}
	}
	if who := writers(files[0]); who != "" {
		e.add(Failure, name, "%s may be written by %s, who can switch it off: chmod 755 it", files[0], who)
		return
	}
	e.add(OK, name, "mode is right")
}

// program looks at what the script runs.
func (e *examination) program(ctx context.Context) {
	const name = "program"
	file := e.script.Program
	info, err := os.Stat(file)
	switch {
	case err != nil:
		e.add(Failure, name, "%s, and everything is refused. Install again, from where the program is to stay", err)
		return
	case !executable(file):
		e.add(Failure, name, "%s is not executable, and everything is refused: chmod 755 it", file)
		return
	}
	if who := writers(file); who != "" {
		e.add(Failure, name, "%s may be written by %s: chmod 755 it", file, who)
	} else if at := closedTo(file, 0o5); at != "" {
		e.add(Warning, name, "%s can be run by its owner and group alone, for the mode of %s: is git one of them?", file, at)
	} else {
		e.add(OK, name, "%s", file)
	}
	if own, err := os.Stat(e.Own); err == nil && os.SameFile(own, info) {
		e.add(OK, "version", "%s", e.Version)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, file, "version").Output()
	switch says := strings.TrimSpace(string(out)); {
	case err != nil:
		e.add(Failure, "version", "%s does not run: %s", file, err)
	case says != e.Version:
		e.add(Warning, "version", "%s is %.100s, and this program is %s", file, says, e.Version)
	default:
		e.add(OK, "version", "%s", says)
	}
}

// rules reads the policy and the rule files, as the hook will.
func (e *examination) rules() {
	files := e.script.Rules
	e.policy = hook.DefaultPolicy()
	switch {
	case e.place.Hook != PreReceive:
	case e.script.Policy == "":
		e.add(OK, "policy", "none is named: secrets of severity medium and worse are refused, nothing is recorded")
	default:
		policy, err := e.Policy(e.script.Policy)
		e.policy = policy
		if err != nil {
			e.policy = nil
			e.add(Failure, "policy", "%s, and everything is refused", err)
			return
		}
		files = policy.Rules
		e.reads("policy", e.script.Policy)
	}
	if err := e.Rules(files); err != nil {
		e.policy = nil
		e.add(Failure, "rules", "%s, and everything is refused", err)
		return
	}
	for _, f := range files {
		if !filepath.IsAbs(f) {
			e.add(Failure, "rules", "%s is not an absolute path: it is looked for in each repository", f)
			continue
		}
		e.reads("rules", f)
	}
	if len(files) == 0 {
		e.add(OK, "rules", "the built-in ones")
	}
}

// reads tells whether the hook can read a file, and others cannot write it.
func (e *examination) reads(name, file string) {
	if who := writers(file); who != "" {
		e.add(Failure, name, "%s may be written by %s, who decide what is refused: chmod 644 it", file, who)
	} else if at := closedTo(file, 0o4); at != "" {
		e.add(Warning, name, "%s can be read by its owner and group alone, for the mode of %s: is git one of them?", file, at)
	} else {
		e.add(OK, name, "%s", file)
	}
}

// kept looks at the hook that was there before.
func (e *examination) kept() {
	const name = "kept hook"
	kept := Kept(e.place.File)
	_, err := os.Lstat(kept)
	switch {
	case e.script.Then && errors.Is(err, os.ErrNotExist):
		e.add(Failure, name, "%s is gone, and everything is refused: bring it back, or install again", kept)
	case e.script.Then && !executable(kept):
		e.add(Failure, name, "%s is not executable, and everything is refused: chmod 755 it", kept)
	case e.script.Then:
		e.add(OK, name, "%s runs after rummage has accepted", kept)
	case err == nil && !e.place.alone() && executable(kept):
		e.add(Warning, name, "%s is not run: install again to have it run after rummage", kept)
	case err == nil && !e.place.alone():
		e.add(OK, name, "%s is not run, as it was not before: it is not executable", kept)
	}
}

// log looks at the log: what cannot be recorded is refused.
func (e *examination) log() {
	const name = "log"
	file := e.policy.Audit
	if file == "" {
		e.add(Warning, name, "the policy names none (audit): nothing is recorded, and nobody may let a finding through")
		return
	}
	if syslog, err := e.policy.Daemon(); syslog {
		if err != nil {
			e.add(Failure, name, "%s, and what is to be recorded is refused", err)
		} else {
			e.add(OK, name, "syslog: its daemon listens")
		}
		return
	}
	if !filepath.IsAbs(file) {
		e.add(Failure, name, "%s is not an absolute path: each repository would have its own", file)
		return
	}
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		dir := filepath.Dir(file)
		if err := mayWrite(dir); err != nil {
			e.add(Failure, name, "%s cannot be made: %s, and what is to be recorded is refused", file, err)
			return
		}
		e.add(OK, name, "%s will be made by the first event", file)
		return
	case err != nil:
		e.add(Failure, name, "%s, and what is to be recorded is refused", err)
		return
	case !info.Mode().IsRegular():
		e.add(Failure, name, "%s is not a regular file, and what is to be recorded is refused", file)
		return
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		e.add(Failure, name, "%s, and what is to be recorded is refused", err)
		return
	}
	out.Close()
	if readers(file) {
		e.add(Failure, name, "%s may be read or written by others than its owner: chmod 600 it", file)
		return
	}
	e.add(OK, name, "%s", file)
}

// GitHubTime is what GitHub Enterprise Server gives all hooks of a repository together, which is 5s, less what else they take.
const GitHubTime = 4500 * time.Millisecond

func (e *examination) limits() {
	if p := e.policy; p.Time <= GitHubTime {
		e.add(OK, "time", "%s for a search", p.Time)
	} else {
		e.add(OK, "time", "%s for a search; GitHub Enterprise would give 5s to all hooks together", p.Time)
	}
	if e.repo == nil || !e.policy.Bypass.Allowed || e.policy.Audit == "" {
		return
	}
	if v, set := e.repo.settings.get("receive.advertisepushoptions"); set && gitscan.IsTrue(v.value) {
		e.add(OK, "push options", "git takes them")
	} else {
		e.add(Warning, "push options", "the policy lets pushers bypass with git push -o, and git does not take that here: "+
			"git config receive.advertisePushOptions true, or [bypass] allowed = false")
	}
}

// sweep tells whether the sweep that the policy names answers.
func (e *examination) sweep(ctx context.Context) {
	s := e.policy.Sweep
	if s == nil {
		return
	}
	if _, err := s.Ask(ctx, e.Decisions(s), []string{strings.Repeat("0", 32)}); err != nil {
		e.add(Warning, "sweep", "not asked: %s; what it has decided does not count", err)
		return
	}
	e.add(OK, "sweep", "its decisions count: it answers within %s", s.Deadline)
}

// users tells when another one looks than git runs as.
func (e *examination) users() {
	if e.repo == nil {
		return
	}
	if owner, me, ok := owners(e.repo.Dirs.GitDir); ok && owner != me {
		e.add(Warning, "user", "the repository is of user %d and this is user %d: what may be read and written was looked at as the latter", owner, me)
	}
}

// git tells the version of the git program.
func (e *examination) git(ctx context.Context) bool {
	path, err := exec.LookPath("git")
	if err != nil {
		level := NotChecked
		if e.NoTrial {
			level = Warning
		}
		e.add(level, "self-test", "not run: there is no git program")
		if e.repo != nil && e.repo.settings.includes {
			e.add(Warning, "configuration", "files that git's configuration includes were not read: there is no git program")
		}
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		e.add(NotChecked, "git", "%s: %s", path, err)
		return false
	}
	text := strings.TrimSpace(string(out))
	var major, minor int
	if _, err := fmt.Sscanf(text, "git version %d.%d", &major, &minor); err != nil {
		e.add(NotChecked, "git", "%s: its version is not known: %.100s", path, text)
	} else if major < 2 || major == 2 && minor < 11 {
		e.add(Failure, "git", "%s: before 2.11 what a push brings is stored before it is refused", text)
	} else {
		e.add(OK, "git", "%s", text)
	}
	return true
}
