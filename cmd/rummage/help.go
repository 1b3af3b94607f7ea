package main

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// examples are shown at the end of a command's help.
var examples = map[string][]string{
	"rummage": {
		"rummage git                          search the repository around the working directory",
		"rummage git https://host/a/b.git     clone, search, remove the clone",
		"rummage files . --format sarif       search files as they are",
		"rummage image registry.example/a:1   search all layers of an image, its configuration and history",
	},
	"git": {
		"rummage git                                    this repository, everything in it",
		"rummage git ../api --format json -o api.json   another one, as JSON",
		"rummage git --branch main --since v1.2         only what came after v1.2 on main",
		"rummage git --range origin/main..HEAD          what this branch would bring in",
		"rummage git --staged                           what the next commit would bring in",
		"rummage git --since-scan api.state             only what was not there at the last scan with this file",
		"rummage git --baseline last.json               only what is new since an earlier report",
		"rummage git --list-images                      the container images that the files of all tips name",
		"rummage git --list-images --history -f json    the same of every commit, as JSON",
		"rummage git --images --registry ghcr.io        this repository and those images, if they are of ghcr.io",
	},
	"files": {
		"rummage files .                    a directory",
		"kubectl get cm -o yaml | rummage files -",
		"rummage files config/ .env --show-secrets",
		"rummage files --list-images deploy/    the container images that its files name",
		"rummage files --images deploy/         the files and those images",
	},
	"image": {
		"rummage image REGISTRY/TEAM/APP:1.2             an image of a registry, of all its platforms",
		"rummage image docker-daemon:app:dev             what the Docker daemon has",
		"rummage image app.tar oci-layout/ -f sarif      archives and layouts",
		"rummage image --layer-scanner builtin --layer-scanner trivy REGISTRY/TEAM/APP:1.2",
	},
	"pre-commit": {
		"exec rummage hook pre-commit    the last line of .git/hooks/pre-commit",
	},
	"pre-push": {
		`exec rummage hook pre-push "$@"    the last line of .git/hooks/pre-push`,
	},
	"pre-receive": {
		"exec rummage hook pre-receive --policy /etc/rummage/push.toml    the last line of hooks/pre-receive",
	},
	"install": {
		"rummage hook install /srv/git/api.git --policy /etc/rummage/push.toml   a server's repository",
		"rummage hook install --all /data/git/repositories --policy push.toml    all of Gitea's",
		"rummage hook install --gitlab-global /var/opt/gitlab/gitaly/custom_hooks",
		"rummage hook install --gitlab-tar hooks.tar                             for gitaly hooks set",
		"rummage hook install --ghes out/ --shell /bin/busybox --policy push.toml",
		"rummage hook install --pre-commit --pre-push                            this desk's repository",
		"rummage hook install api.git --dry-run                                  what would be written",
	},
	"uninstall": {
		"rummage hook uninstall /srv/git/api.git   the hook that was there before comes back",
		"rummage hook uninstall --pre-push         this desk's hook of pushes",
	},
	"doctor": {
		"rummage hook doctor /srv/git/api.git                 as the user that git runs as",
		"rummage hook doctor --all /data/git/repositories     of all of Gitea's",
		"rummage hook doctor                                  the hooks of this desk's repository",
	},
	"sweep": {
		"rummage sweep init --path ./repos                a configuration for the repositories below a folder",
		"rummage sweep run                                search what is due",
		"rummage sweep findings --since 24h -f sarif      what is new, or has come back, since yesterday",
		"rummage sweep triage 1f0c3b2a4d5e --state revoked --reason \"replaced on Monday\"",
	},
	"explain": {
		"rummage explain docker-copy-credentials              a rule",
		"rummage explain 1f0c3b2a                             a finding in this repository",
		"rummage explain 1f0c3b2a ../api                      in another one",
		"rummage explain 1f0c3b2a --report last.json          in a report of before",
		"rummage explain 1f0c3b2a --files deploy/             in files",
	},
	"check": {
		"rummage rules check                the built-in rules",
		"rummage rules check my-rules.toml  a rule file of yours or of gitleaks",
		"rummage rules check --cost .       what each rule costs on this repository's whole history",
		"rummage rules check my-rules.toml --cost src/ --top 5 --format json",
	},
}

func helpWithExamples(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	name := "rummage"
	if n := ctx.Selected(); n != nil {
		name = n.Name
	}
	if lines := examples[name]; len(lines) > 0 {
		fmt.Fprintf(ctx.Stdout, "\nExamples:\n")
		for _, l := range lines {
			fmt.Fprintf(ctx.Stdout, "  %s\n", l)
		}
	}
	return nil
}
