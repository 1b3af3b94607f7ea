package sweep

import (
	"fmt"
	"strings"

	"rummage/sweep/forge"
)

// TemplateOptions are the targets of a new configuration.
type TemplateOptions struct {
	Folders []string
	Forge   forge.Kind // empty: none
	URL     string
	Owner   string
}

// Template is a configuration with comments.
func Template(o TemplateOptions) string {
	var b strings.Builder
	b.WriteString(`# What rummage sweeps. Paths begin at the folder of this file. No secret stands here: each is read from the file that
# NAME_FILE names, then from NAME in the environment, then from ..._file here, then from what ..._command prints, such as
# key_command = ["vault", "kv", "get", "-field=key", "secret/rummage"].

# The database: a file, or a PostgreSQL as postgres://USER@HOST/DATABASE for several machines, with its password in
# ` + PasswordVariable + ` (or _FILE, database_password_file, database_password_command).
database = "sweep.db"

# The key that secrets are known by in the database, which holds no secret itself: ` + KeyVariable + `.
key_file = "sweep.key"

# Several configurations may share a database, as those of several teams: each needs a name then. A target that was taken out of
# this file is left as it is, and told of, until: rummage sweep retire TARGET
# name = "platform"

# How long until a repository is searched again, and how long fetching and searching it may take.
every = "24h"
timeout = "1h"

# How long until the images that a repository names are looked into again though it has not changed itself: the registry is asked
# for their digests then, and those that are others are searched.
# images_every = "24h"

# How long until a target is listed again, by: rummage sweep start.
# list = "1h"

# Repositories to search at a time. Default: as many as there are processors.
# jobs = 2

# A repository that is searched for minutes is divided, so that several workers search shards of it: about so much of its blobs each,
# as they are packed.
# shard_size = "8GB"

# Where repositories that are not on this machine are fetched to, and how much that may take: what was not used for long goes
# first, and is fetched again when it is needed. All workers together fetch so many from one host at a time.
# clones = "clones"
# clones_size = "50GB"
# fetches = 4

# Rule files, in place of the built-in rules.
# rules = ["rules.toml"]

# Secrets are kept encrypted for those who may see them, when there are any: age's public keys, or lines of ssh's. What is kept
# for a finding: rummage sweep sealed FINGERPRINT | age -d -i KEY
# recipients = ["age1…"]

# Metrics for Prometheus and health, by start and worker: /metrics, /healthz, /readyz.
# listen = "127.0.0.1:9464"
`)
	for _, f := range o.Folders {
		fmt.Fprintf(&b, "\n# The repositories below a folder: bare ones, and those of work trees.\n[[target]]\nfolder = %s\n", tomlString(f))
	}
	if o.Forge != "" {
		fmt.Fprintf(&b, "\n# What a forge has. The token is in %s, or where token_env, token_file or token_command says; a GitHub App\n"+
			"# has app_id and its key in %s.\n[[target]]\nforge = %s\n", TokenVariable, AppKeyVariable, tomlString(string(o.Forge)))
		if o.URL != "" {
			fmt.Fprintf(&b, "url = %s\n", tomlString(o.URL))
		}
		if o.Owner != "" {
			fmt.Fprintf(&b, "owner = %s\n", tomlString(o.Owner))
		}
		b.WriteString(`# include = ["team/**"]
# exclude = ["*/archive-*"]
# visibility = ["private", "internal"]
# archived = false
# forks = false
# max_size = "5GB"
# by_push_time = true                   # do not ask for the refs of what was not pushed to by the forge's word; refs of
#                                       # pull requests do not count there
# wikis = true
# images = true                         # the images that the repositories name, too
`)
	}
	b.WriteString(`
# Further targets: github, gitlab, gitea (Forgejo too), bitbucket, bitbucket-dc; a folder; a list of addresses.
# [[target]]
# forge = "gitlab"
# url = "https://gitlab.example.com"
# owner = "group/subgroup"
# token_file = "/run/secrets/gitlab"
#
# [[target]]
# urls = ["https://git.example.com/team/api.git"]
# # urls_file = "repositories.txt"

# How long is kept what is not needed any more: places that are gone of findings that are nowhere, and of those that were decided
# about; messages that were sent; when searches were. Findings, decisions and events are kept for ever.
# [retention]
# gone = "180d"
# decided = "90d"
# deliveries = "30d"
# scans = "90d"                         # or "ever"

# Who hears of what is new and of what has come back: webhook, slack, mail, github-issue, gitlab-issue, gitea-issue, sarif.
# [[channel]]
# name = "security"
# type = "slack"
# secret_file = "/run/secrets/slack"    # the address of the incoming webhook
# min_severity = "high"
# first = "digest"                      # first searches of more than five repositories are told by one message (slack, mail, issues
#                                       # of a project); "each": a message for each repository (the others); "none": not at all
`)
	return b.String()
}

// tomlString is a string of TOML, whose escapes are fewer than Go's.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ' || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
