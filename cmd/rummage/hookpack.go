package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"rummage/hook"
	"rummage/hook/setup"
)

// gitHubTime is what GitHub Enterprise Server gives all hooks of a repository together.
const gitHubTime = 5 * time.Second

// pack writes what platforms take that hooks are not written to directly.
func (c *hookInstallCmd) pack(a *app, policy *hook.Policy) error {
	hooks := c.hooks()
	switch {
	case c.GitlabTar != "" && c.GHES != "", c.Repo != "", c.All != "", c.GitlabGlobal != "":
		return errors.New("name one of REPO, --all, --gitlab-global, --gitlab-tar and --ghes")
	case slices.Contains(hooks, setup.PreCommit) || slices.Contains(hooks, setup.PrePush):
		return errors.New("--gitlab-tar and --ghes are for a server's hook: leave out --pre-commit and --pre-push")
	case c.Shell != "" && c.GHES == "":
		return errors.New("--shell is for --ghes")
	}
	if err := c.fits(setup.PreReceive); err != nil {
		return err
	}
	if c.GHES != "" {
		return c.packGitHub(a, policy)
	}
	return c.packGitLab(a)
}

func (c *hookInstallCmd) packGitLab(a *app) error {
	var b bytes.Buffer
	if err := setup.WriteGitaly(&b, c.script(setup.PreReceive)); err != nil {
		return err
	}
	name := oneLine(c.GitlabTar)
	switch {
	case c.DryRun:
		fmt.Fprintf(a.stdout, "%s: would be written\n", name)
		return nil
	case c.GitlabTar == "-":
		_, err := a.stdout.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(c.GitlabTar, b.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, `%s: written. On each Gitaly server, where the hook names %s:
  cat %s | gitaly hooks set --storage STORAGE --repository PATH --config /var/opt/gitlab/gitaly/config.toml
It takes the place of all custom hooks that the repository has.
`, name, oneLine(c.Program), name)
	return nil
}

func (c *hookInstallCmd) packGitHub(a *app, policy *hook.Policy) error {
	if c.Shell == "" {
		return errors.New("--ghes needs --shell: a static program that is the environment's sh, such as /bin/busybox of the package busybox-static")
	}
	env := setup.Environment{Program: c.Program, Shell: c.Shell, Files: slices.Clone(policy.Rules)}
	if c.Policy != "" {
		env.Files = append(env.Files, c.Policy)
	}
	if c.DryRun {
		fmt.Fprintf(a.stdout, "%s: an environment and a script would be written there\n", oneLine(c.GHES))
		return nil
	}
	if err := os.MkdirAll(c.GHES, 0o755); err != nil {
		return err
	}
	archive, script, err := setup.WriteEnvironment(c.GHES, env, c.script(setup.PreReceive))
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, `%s: written. On the appliance: ghe-hook-env-create rummage FILE
%s: written. Commit it, executable, to the default branch of a repository that only administrators push to;
  then add it as a pre-receive hook with that environment, enforced.
`, oneLine(archive), oneLine(script))
	if policy.Time > gitHubTime-gitHubTime/10 {
		fmt.Fprintf(a.stdout, "  time = %q in the policy: GitHub Enterprise gives all hooks of a repository %s together; 4.5s is the most that is of use\n", policy.Time, gitHubTime)
	}
	if policy.Audit != "" {
		fmt.Fprintf(a.stdout, "  audit = %q in the policy: what cannot be recorded is refused, and GitHub Enterprise promises its environments no place that lasts\n", policy.Audit)
	}
	return nil
}
