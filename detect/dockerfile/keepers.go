package dockerfile

import "strings"

// keeper is a command that keeps what it is given in a file of its own.
type keeper struct {
	program, words, file string
	reads                bool // the files too that it is given
}

// keepers are the commands that are known.
var keepers = []keeper{
	{"npm", "config set", ".npmrc", false}, {"npm", "set", ".npmrc", false}, {"npm", "login", ".npmrc", false}, {"npm", "c set", ".npmrc", false}, {"pnpm", "set", ".npmrc", false}, {"pnpm", "config set", ".npmrc", false}, {"yarn", "config set", ".yarnrc.yml", false},
	{"pip", "config set", "pip.conf", false}, {"pip3", "config set", "pip.conf", false}, {"git", "config", ".gitconfig", false}, {"git", "remote add", ".git/config", false},
	{"git", "remote set-url", ".git/config", false}, {"poetry", "config", "auth.toml", false}, {"composer", "config", "auth.json", false}, {"bundle", "config", ".bundle/config", false},
	{"docker", "login", ".docker/config.json", false}, {"podman", "login", "auth.json", false}, {"buildah", "login", "auth.json", false}, {"skopeo", "login", "auth.json", false},
	{"crane", "auth login", ".docker/config.json", false}, {"oras", "login", ".docker/config.json", false}, {"helm", "registry login", "registry.json", false}, {"helm", "repo add", "repositories.yaml", false},
	{"aws", "configure set", ".aws/credentials", false}, {"gh", "auth login", "hosts.yml", false}, {"glab", "auth login", "config.yml", false}, {"gcloud", "auth activate-service-account", ".config/gcloud", true},
	{"az", "login", ".azure", false}, {"cargo", "login", "credentials.toml", false}, {"gem", "signin", "credentials", false}, {"nuget", "sources add", "NuGet.Config", false},
	{"dotnet", "nuget add", "NuGet.Config", false}, {"dotnet", "nuget update", "NuGet.Config", false}, {"vault", "login", ".vault-token", false}, {"doctl", "auth init", "config.yaml", false},
	{"kubectl", "config set-credentials", ".kube/config", false}, {"rclone", "config", "rclone.conf", false}, {"mc", "alias set", "config.json", false}, {"snyk", "auth", "configstore", false},
	{"heroku", "authorizations:create", ".netrc", false}, {"chpasswd", "", "/etc/shadow", false}, {"conan", "remote login", "conan", false}, {"huggingface-cli", "login", "token", false}, {"wandb", "login", ".netrc", false},
	{"passwd", "", "/etc/shadow", false}, {"useradd", "", "/etc/shadow", false}, {"usermod", "", "/etc/shadow", false}, {"go", "env", "go/env", false}, {"conda", "config", ".condarc", false},
	{"gem", "sources", ".gemrc", false}, {"git", "credential approve", ".git-credentials", false}, {"git", "credential-store store", ".git-credentials", false},
	{"sentry-cli", "login", ".sentryclirc", false}, {"git", "submodule add", ".gitmodules", false},
}

// keeperOf is the command that keeps what it is given, nil when this one does not.
func keeperOf(program string, args []Word) *keeper {
	for i := range keepers {
		k := &keepers[i]
		if k.program != program {
			continue
		}
		want, at := strings.Fields(k.words), 1
		for len(want) > 0 && at < len(args) {
			switch w := args[at].Value.String(); {
			case w == want[0]:
				want = want[1:]
			case strings.HasPrefix(w, "-"):
			default:
				at = len(args)
			}
			at++
		}
		if len(want) == 0 {
			return k
		}
	}
	return nil
}

// undoes says whether a command takes out of a client's file what another one put in.
func undoes(program string, args []Word, values secrets) bool {
	if program == "git" {
		switch sub := subcommand(args); sub {
		case "config":
			return hasFlag(args, "--unset") || hasFlag(args, "--remove-section")
		case "remote":
			for i := range args {
				switch args[i].Value.String() {
				case "remove", "rm":
					return true
				case "set-url":
					return values == 0
				}
			}
		}
		return false
	}
	for i := 1; i < len(args) && i < 4; i++ {
		switch args[i].Value.String() {
		case "delete", "logout", "--unset", "--delete", "unset", "rm", "remove", "revoke":
			return true
		}
	}
	return false
}
