package sweep

import (
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
)

// TestTemplate: what init writes is a configuration, as it is and with all that it has in comments.
func TestTemplate(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	odd := "a folder \a\x7f\u009b with \"quotes\" and \\ and é"
	for _, o := range []TemplateOptions{
		{Folders: []string{odd, "other"}},
		{Forge: "github", Owner: "acme"},
		{Forge: "gitea", URL: "https://git.example.com", Owner: "acme"},
		{Folders: []string{"repos"}, Forge: "gitlab", URL: "https://gitlab.example.com"},
		{Forge: "bitbucket", Owner: "acme"},
		{Forge: "bitbucket-dc", URL: "https://bitbucket.example.com", Owner: "acme"},
	} {
		text := Template(o)
		c, err := parseConfig([]byte(text), t.TempDir())
		if err != nil {
			t.Fatalf("%+v: %v\n%s", o, err, text)
		}
		if len(o.Folders) > 0 && !strings.HasSuffix(c.Targets[0].Folder, o.Folders[0]) {
			t.Errorf("%q, want %q", c.Targets[0].Folder, o.Folders[0])
		}
		commented := regexp.MustCompile(`(?m)^# (# )?([a-z_]+ = |\[)`)
		all := strings.ReplaceAll(commented.ReplaceAllString(text, "$2"), "key_command", "#")
		all = strings.ReplaceAll(all, "age1…", id.Recipient().String())
		full, err := parseConfig([]byte(all), t.TempDir())
		if err != nil {
			t.Fatalf("%+v, all of it: %v\n%s", o, err, all)
		}
		if len(full.Channels) != 1 || len(full.Targets) != len(c.Targets)+2 || full.Listen == "" || full.ClonesSize != defaultClonesSize || len(full.Rules) != 1 {
			t.Errorf("%+v", full)
		}
		if full.List != c.List || full.Fetches != c.Fetches || full.Clones != clones(full) {
			t.Errorf("what stands in comments is not what holds without it: %+v", full)
		}
	}
}

func clones(c *Config) string { return c.path(defaultClones) }
