package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"rummage/detect"
	"rummage/hook"
	"rummage/report"
	"rummage/scan"
)

type hookCmd struct {
	PreCommit  preCommitCmd   `cmd:"" name:"pre-commit" help:"Search what is staged and refuse the commit that brings a secret in. git runs this as .git/hooks/pre-commit."`
	PrePush    prePushCmd     `cmd:"" name:"pre-push" help:"Search what a push would bring to the remote, before it is made. git runs this as .git/hooks/pre-push, with the remote's name."`
	PreReceive preReceiveCmd  `cmd:"" name:"pre-receive" help:"Search what a push brings, on the server, and refuse it for what the policy blocks. git runs this as hooks/pre-receive."`
	Recheck    hookRecheckCmd `cmd:"" help:"Search what pre-receive has let through unread, by its log: pushes that could not be searched whole where the policy says fail = \"open\". Each once; what was searched is recorded in the log."`

	Install   hookInstallCmd   `cmd:"" help:"Write hooks to where git, or the platform around it, runs them. A hook that is there is kept and runs afterwards."`
	Uninstall hookUninstallCmd `cmd:"" help:"Take away what install wrote. The hook that was there before comes back."`
	Doctor    hookDoctorCmd    `cmd:"" help:"Tell whether an installed hook works, and what to do where it does not; try it with a push in a scratch repository."`
}

type preReceiveCmd struct {
	Policy string `placeholder:"FILE" help:"Policy of this server, TOML: what blocks, warns or is ignored, on which refs, within which time. Default: secrets of severity medium and worse block."`
	Audit  string `placeholder:"FILE" help:"File of the log, in place of the policy's."`
	Then   string `placeholder:"PROGRAM" help:"Hook that decides too, once this one has accepted: it gets the same lines and environment."`
	Jobs   int    `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
}

// Run decides about a push. git refuses the push on every exit code but 0, so whatever goes wrong here refuses it too.
func (c *preReceiveCmd) Run(a *app) error {
	return a.follow("push", c.Then, nil, func() error { return c.decide(a) })
}

func (c *preReceiveCmd) decide(a *app) error {
	return a.decide("push", c.Jobs, func() (*hook.Policy, error) {
		policy, err := loadPolicy(c.Policy)
		if err == nil {
			limitMemory(policy.MaxMemory)
			tellFileLimit()
			policy.Audit = cmp.Or(c.Audit, policy.Audit)
		}
		return policy, err
	}, (*hook.Receiver).Receive)
}

// loadPolicy reads a policy, or gives the one that holds without a file.
func loadPolicy(file string) (*hook.Policy, error) {
	if file == "" {
		return hook.DefaultPolicy(), nil
	}
	data, err := loadFile(file)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", file, err)
	}
	policy, err := hook.ParsePolicy(data)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", file, err)
	}
	return policy, nil
}

type preCommitCmd struct {
	Rules []string `placeholder:"FILE" sep:"none" help:"Rule file, ours or gitleaks'; repeatable. Replaces the built-in rules unless it extends them."`
	Then  string   `placeholder:"PROGRAM" help:"Hook that decides too, once this one has accepted."`
	Jobs  int      `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
}

// Run decides about a commit.
func (c *preCommitCmd) Run(a *app) error {
	return a.follow("commit", c.Then, nil, func() error {
		return a.decide("commit", c.Jobs, func() (*hook.Policy, error) {
			policy := hook.DefaultPolicy()
			policy.Rules = c.Rules
			return policy, nil
		}, (*hook.Receiver).Commit)
	})
}

type prePushCmd struct {
	Remote string   `arg:"" help:"Name of the remote, which git gives as the first argument: what refs/remotes/REMOTE/ has is known there."`
	URL    string   `arg:"" optional:"" help:"Its URL, which git gives as the second; for --then alone."`
	Rules  []string `placeholder:"FILE" sep:"none" help:"Rule file, ours or gitleaks'; repeatable. Replaces the built-in rules unless it extends them."`
	Then   string   `placeholder:"PROGRAM" help:"Hook that decides too, once this one has accepted: it gets the same lines, arguments and environment."`
	Jobs   int      `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
}

// Run decides about a push from here.
func (c *prePushCmd) Run(a *app) error {
	return a.follow("push", c.Then, []string{c.Remote, c.URL}, func() error {
		return a.decide("push", c.Jobs, func() (*hook.Policy, error) {
			policy := hook.DefaultPolicy()
			policy.Rules, policy.Comments = c.Rules, scan.Severities
			return policy, nil
		}, func(r *hook.Receiver, ctx context.Context) (hook.Verdict, error) { return r.Outgoing(ctx, c.Remote) })
	})
}

// decide runs a hook. Its error is told, in one line, and refuses what is decided about.
func (a *app) decide(what string, jobs int, load func() (*hook.Policy, error), run func(*hook.Receiver, context.Context) (hook.Verdict, error)) (err error) {
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	r := hook.Receiver{Getenv: os.Getenv, Lines: a.stdin, Workers: jobs, Started: time.Now(), Out: a.stderr}
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
		a.code = exitError
		fmt.Fprintf(a.stderr, "%srummage: %s refused: %s\n", hook.LinePrefix(os.Getenv), what, report.Escape(err.Error()))
		err = nil
	}()
	if r.Policy, err = load(); err != nil {
		return err
	}
	r.Decisions = sweepDecisions(r.Policy.Sweep)
	if r.Dir, err = os.Getwd(); err != nil {
		return err
	}
	rules, err := loadRules(r.Policy.Rules)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if r.Detector = builtInDetector; len(r.Policy.Rules) > 0 {
		r.Detector = sync.OnceValue(func() *detect.Detector { return detect.New(rules) })
	}
	go func() { r.Detector().Matcher() }() // beside the reading of the repository
	verdict, err := run(&r, a.ctx)
	a.code = int(verdict)
	return err
}

// builtInDetector is that of the built-in rules, made once; nil where these cannot be restored, which loadRules tells.
var builtInDetector = sync.OnceValue(func() *detect.Detector {
	rules, err := builtInRules()
	if err != nil {
		return nil
	}
	return detect.New(rules)
})

// prepareDetector makes what the search of nearly every push needs, beside the reading of the command line and the policy.
func prepareDetector() {
	if d := builtInDetector(); d != nil {
		d.Matcher()
	}
}
