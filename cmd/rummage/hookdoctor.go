package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"rummage/detect"
	"rummage/detect/example"
	"rummage/filescan"
	"rummage/hook"
	"rummage/hook/setup"
	"rummage/scan"
)

type hookDoctorCmd struct {
	whereFlags
	NoSelfTest   bool   `help:"Leave out the push in a scratch repository."`
	SelfTestFile string `placeholder:"FILE" help:"Text that the hook must refuse, where none of its rules has examples to make one from."`
	Format       string `short:"f" enum:"text,json" default:"text" placeholder:"NAME" help:"text or json."`
}

// Run looks at installed hooks. What could not be found out counts more than what is wrong: there may be more of that.
func (c *hookDoctorCmd) Run(a *app) error {
	own, err := ownPath()
	if err != nil {
		return err
	}
	d := setup.Doctor{Own: own, Version: "rummage " + versionText(), NoTrial: c.NoSelfTest, Policy: loadPolicy, Decisions: sweepDecisions,
		Rules: func(files []string) error { _, err := loadRules(files); return err },
		Secret: func(p *hook.Policy, desk []string) (string, error) {
			if c.SelfTestFile != "" {
				data, err := loadFile(c.SelfTestFile)
				return string(data), err
			}
			return madeSecret(a.ctx, p, desk)
		},
	}
	checks := []setup.Check{}
	err = a.places(&c.whereFlags, c.installed, func(p *setup.Place) error {
		var r *setup.Repository
		if c.GitlabGlobal == "" {
			if r, err = setup.OpenRepository(p.Repository); err != nil {
				return err
			}
		}
		of := d.Examine(a.ctx, p, r)
		checks = append(checks, of...)
		if c.Format == "text" {
			a.tell(of)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.Format == "json" {
		if err := a.tellJSON(checks); err != nil {
			return err
		}
	}
	at := func(l setup.Level) bool {
		return slices.ContainsFunc(checks, func(c setup.Check) bool { return c.Level == l })
	}
	switch {
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case a.code == exitError || at(setup.NotChecked):
		a.code = exitError
	case at(setup.Failure):
		a.code = exitFindings
	}
	return nil
}

// tell writes a line for each check.
func (a *app) tell(checks []setup.Check) {
	for _, c := range checks {
		fmt.Fprintf(a.stdout, "%-9s %-13s %s\n", c.Level, c.Name, oneLine(c.Text))
	}
}

func (a *app) tellJSON(checks []setup.Check) error {
	out := json.NewEncoder(a.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(checks)
}

// maxTried is how many rules are tried for a secret that a policy refuses.
const maxTried = 100

// madeSecret makes a text with a secret that the hook refuses on refs/heads/main: an example of one of its rules, filled
// with what nobody has used. Those of which a checksum proves what they are come first.
func madeSecret(ctx context.Context, policy *hook.Policy, desk []string) (string, error) {
	rules, err := loadRules(slices.Concat(policy.Rules, desk))
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "rummage-made-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "made.txt")
	detector := detect.New(rules)
	tried := 0
	for _, proved := range []bool{true, false} {
		for _, r := range rules.Rules() {
			if r.Kind != detect.KindSecret || len(r.Examples) == 0 || r.NameOnly() || (r.Checksum != "") != proved || tried == maxTried {
				continue
			}
			tried++
			text, err := example.Expand(r.Examples[0], rand.Uint64())
			if err != nil {
				return "", fmt.Errorf("rule %s: %w", r.ID, err)
			}
			if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
				return "", err
			}
			src, err := filescan.Open([]string{file}, filescan.Options{})
			if err != nil {
				return "", err
			}
			res, err := scan.Run(ctx, src, detector, 1)
			if err != nil {
				return "", err
			}
			if slices.ContainsFunc(res.Findings, func(f scan.Finding) bool { return policy.Blocks(&f, "refs/heads/main") }) {
				return text + "\n", nil
			}
		}
	}
	return "", errors.New("no rule has an example that the hook refuses on refs/heads/main; name a text that it must with --self-test-file")
}
