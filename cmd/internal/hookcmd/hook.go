package hookcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"rummage/cmd/internal/ahead"
	"rummage/detect"
	"rummage/hook"
	"rummage/report"
	"rummage/scan"
)

// PreReceive is rummage hook pre-receive.
type PreReceive struct {
	Policy string `placeholder:"FILE" help:"Policy of this server, TOML: what blocks, warns or is ignored, on which refs, within which time. Default: secrets of severity medium and worse block."`
	Audit  string `placeholder:"FILE" help:"File of the log, in place of the policy's."`
	Then   string `placeholder:"PROGRAM" help:"Hook that decides too, once this one has accepted: it gets the same lines and environment."`
	Jobs   int    `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
}

// Run decides about a push. git refuses the push on every exit code but 0, so whatever goes wrong here refuses it too.
func (c *PreReceive) Run(a *App) error {
	return a.follow("push", c.Then, nil, func() error { return c.decide(a) })
}

func (c *PreReceive) decide(a *App) error {
	return a.decide("push", c.Jobs, func() (*hook.Policy, error) {
		policy, err := LoadPolicy(c.Policy)
		if err == nil {
			limitMemory(policy.MaxMemory)
			tellFileLimit()
			policy.Audit = cmp.Or(c.Audit, policy.Audit)
		}
		return policy, err
	}, (*hook.Receiver).Receive)
}

// LoadPolicy reads a policy, or gives the one that holds without a file.
func LoadPolicy(file string) (*hook.Policy, error) {
	if file == "" {
		return hook.DefaultPolicy(), nil
	}
	data, err := LoadFile(file)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", file, err)
	}
	policy, err := hook.ParsePolicy(data)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", file, err)
	}
	return policy, nil
}

// PreCommit is rummage hook pre-commit.
type PreCommit struct {
	Rules []string `placeholder:"FILE" sep:"none" help:"Rule file, ours or gitleaks'; repeatable. Replaces the built-in rules unless it extends them."`
	Then  string   `placeholder:"PROGRAM" help:"Hook that decides too, once this one has accepted."`
	Jobs  int      `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
}

// Run decides about a commit.
func (c *PreCommit) Run(a *App) error {
	return a.follow("commit", c.Then, nil, func() error {
		return a.decide("commit", c.Jobs, func() (*hook.Policy, error) {
			policy := hook.DefaultPolicy()
			policy.Rules = c.Rules
			return policy, nil
		}, (*hook.Receiver).Commit)
	})
}

// PrePush is rummage hook pre-push.
type PrePush struct {
	Remote string   `arg:"" help:"Name of the remote, which git gives as the first argument: what refs/remotes/REMOTE/ has is known there."`
	URL    string   `arg:"" optional:"" help:"Its URL, which git gives as the second; for --then alone."`
	Rules  []string `placeholder:"FILE" sep:"none" help:"Rule file, ours or gitleaks'; repeatable. Replaces the built-in rules unless it extends them."`
	Then   string   `placeholder:"PROGRAM" help:"Hook that decides too, once this one has accepted: it gets the same lines, arguments and environment."`
	Jobs   int      `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
}

// Run decides about a push from here.
func (c *PrePush) Run(a *App) error {
	return a.follow("push", c.Then, []string{c.Remote, c.URL}, func() error {
		return a.decide("push", c.Jobs, func() (*hook.Policy, error) {
			policy := hook.DefaultPolicy()
			policy.Rules, policy.Comments = c.Rules, scan.Severities
			return policy, nil
		}, func(r *hook.Receiver, ctx context.Context) (hook.Verdict, error) { return r.Outgoing(ctx, c.Remote) })
	})
}

// decide runs a hook. Its error is told, in one line, and refuses what is decided about.
func (a *App) decide(what string, jobs int, load func() (*hook.Policy, error), run func(*hook.Receiver, context.Context) (hook.Verdict, error)) (err error) {
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	r := hook.Receiver{Getenv: os.Getenv, Lines: a.Stdin, Workers: jobs, Started: time.Now(), Out: a.Stderr}
	defer func() {
		if p := recover(); p != nil { // its text may quote what was searched
			err = errors.New("internal error")
		}
		if err == nil {
			return
		}
		if e := r.Failed(err); e != nil {
			err = fmt.Errorf("%w; nor can that be recorded: %w", err, e)
		}
		a.Code = ExitError
		fmt.Fprintf(a.Stderr, "%srummage: %s refused: %s\n", hook.LinePrefix(os.Getenv), what, report.Escape(err.Error()))
		err = nil
	}()
	if r.Policy, err = load(); err != nil {
		return err
	}
	r.Decisions = a.Decisions(r.Policy.Sweep)
	if r.Dir, err = os.Getwd(); err != nil {
		return err
	}
	rules, err := LoadRules(r.Policy.Rules)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if r.Detector = ahead.Detector; len(r.Policy.Rules) > 0 {
		r.Detector = sync.OnceValue(func() *detect.Detector { return detect.New(rules) })
	}
	go func() { r.Detector().Matcher() }() // beside the reading of the repository
	verdict, err := run(&r, a.Ctx)
	a.Code = int(verdict)
	return err
}

// limitMemory has the collector work harder when the program comes near a bound of its memory, a little before the bound
// itself ends the search.
func limitMemory(most int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(most - most/8)
	}
}
