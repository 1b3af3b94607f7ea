package sweep

import (
	"strings"
	"testing"
	"time"
)

// TestConfigRefused: what cannot be meant is one line that names it, and no secret that somebody wrote down is in it.
func TestConfigRefused(t *testing.T) {
	const head = "database = \"sweep.db\"\n"
	const folder = "[[target]]\nfolder = \"repos\"\n"
	const hidden = "hunter2-hunter2"
	for text, want := range map[string]string{
		"":                    "database is missing",
		head:                  "no [[target]]",
		head + "[[target]]\n": "one of folder, urls, urls_file and forge",
		head + folder + "urls = [\"https://example.com/a\"]\n":                         "one of folder, urls, urls_file and forge",
		head + folder + folder:                                                         "two of the name",
		head + folder + "visibility = [\"private\"]\n":                                 "visibility does not go with",
		head + folder + "forks = false\n":                                              "forks does not go with",
		head + folder + "include = [\"[\"]\n":                                          "[",
		head + folder + "colour = 1\n":                                                 "target.colour is not a key",
		head + folder + "token = \"" + hidden + "\"\n":                                 "target.token: a secret does not belong into this file: set RUMMAGE_SWEEP_TOKEN_FILE",
		"key = \"" + hidden + "\"\n" + head + folder:                                   "key: a secret does not belong",
		"database = \"postgres://a:" + hidden + "@h/d\"\n" + folder:                    "a password does not belong into this file",
		"database = \"mysql://h/d\"\n" + folder:                                        "want a file, or postgres://",
		"every = \"often\"\n" + head + folder:                                          "every = \"often\": want a time",
		"clones_size = \"9999999TB\"\n" + head + folder:                                "want a size",
		"shard_size = \"much\"\n" + head + folder:                                      "shard_size = \"much\": want a size",
		"part = \"1\"\n" + head + folder:                                               "part is not a key",
		"jobs = -1\n" + head + folder:                                                  "cannot be negative",
		"recipients = [\"nobody\"]\n" + head + folder:                                  "recipient 1",
		head + folder + "[retention]\ngone = \"0\"\n":                                  "retention.gone = \"0\": want a time",
		head + "[[target]]\nforge = \"sourceforge\"\n":                                 "sourceforge",
		head + "[[target]]\nforge = \"gitea\"\nowner = \"a\"\n":                        "gitea",
		head + folder + "[[channel]]\ntype = \"pigeon\"\n":                             "channel 1",
		head + folder + "[[channel]]\ntype = \"slack\"\nsecret = \"" + hidden + "\"\n": "channel.secret",
		head + folder + "[[channel]]\ntype = \"slack\"\nfirst = \"some\"\n":            "channel 1: channel \"slack\": first: there is",
		head + folder + "[[channel]]\ntype = \"sarif\"\nfirst = \"digest\"\n":          "first = \"digest\": it tells each repository",
		head + "folder = [\n":                                                          "",
	} {
		_, err := parseConfig([]byte(text), "/etc/rummage")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), hidden) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestConfig: paths begin at the file's folder, what is not said has the usual values, and sizes and times are what they say.
func TestConfig(t *testing.T) {
	c, err := parseConfig([]byte(`database = "sweep.db"
every = "2d"
clones_size = "3GiB"
shard_size = "2GB"
[retention]
scans = "ever"
[[target]]
folder = "repos"
include = ["team/**"]
[[channel]]
name = "our team"
type = "slack"
`), "/etc/rummage")
	if err != nil {
		t.Fatal(err)
	}
	if c.Database != "/etc/rummage/sweep.db" || c.Clones != "/etc/rummage/clones" || c.Targets[0].Folder != "/etc/rummage/repos" || c.Every != 48*time.Hour ||
		c.ClonesSize != 3<<30 || c.ShardSize != 2<<30 || c.Timeout != defaultTimeout || c.Keep.Scans != 0 || c.Keep.Gone == 0 || c.Channels[0].Secret.Variable != "RUMMAGE_SWEEP_SECRET_OUR_TEAM" ||
		c.Channels[0].First != firstDigest {
		t.Errorf("%+v", c)
	}
}
