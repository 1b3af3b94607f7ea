package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"rummage/detect"
	"rummage/hook"
	"rummage/report"
)

type hookCmd struct {
	PreReceive preReceiveCmd `cmd:"" name:"pre-receive" help:"Search what a push brings, on the server, and refuse it for what the policy blocks. git runs this as hooks/pre-receive."`
}

type preReceiveCmd struct {
	Policy string `placeholder:"FILE" help:"Policy of this server, TOML: what blocks, warns or is ignored, on which refs, within which time. Default: secrets of severity medium and worse block."`
	Jobs   int    `short:"j" placeholder:"N" help:"Workers (default: number of processors)."`
}

// Run decides about a push. git refuses the push on every exit code but 0, so whatever goes wrong here refuses it too.
func (c *preReceiveCmd) Run(a *app) (err error) {
	started := time.Now()
	defer func() {
		if r := recover(); r != nil { // its text may quote what was pushed
			err = errors.New("internal error")
		}
		if err != nil {
			a.refuse(err)
			err = nil
		}
	}()
	policy := hook.DefaultPolicy()
	if c.Policy != "" {
		data, err := loadFile(c.Policy)
		if err == nil {
			policy, err = hook.ParsePolicy(data)
		}
		if err != nil {
			return fmt.Errorf("policy %s: %w", c.Policy, err)
		}
	}
	rules, err := loadRules(policy.Rules)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	detector := sync.OnceValue(func() *detect.Detector { return detect.New(rules) })
	go func() { detector().Matcher() }() // beside the reading of the push
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	workers := c.Jobs
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	r := hook.Receiver{Dir: dir, Getenv: os.Getenv, Lines: a.stdin, Policy: policy, Detector: detector, Workers: workers,
		Started: started, Out: a.stderr}
	verdict, err := r.Receive(a.ctx)
	a.code = int(verdict)
	return err
}

// refuse says in one line why a push could not be decided about.
func (a *app) refuse(err error) {
	a.code = exitError
	fmt.Fprintf(a.stderr, "%srummage: push refused: %s\n", hook.LinePrefix(os.Getenv), report.Escape(err.Error()))
}
