package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"rummage/sweep/forge"
	"rummage/sweep/store"
)

// Target is repositories: those below a folder, those of a list of addresses, or those of a forge.
type Target struct {
	Name      string
	Folder    string
	URLs      []string
	URLsFile  string // with an address in each line
	Protocols []string
	Forge     *forge.Config
	Filter    forge.Filter
	User      string     // whom the token of addresses is for
	Token     Credential // of the forge or the addresses; may be set nowhere
	AppKey    Credential // of a GitHub App
	CAFile    string

	ByPushTime bool     // what the forge says was not pushed to since its last search is left alone, without asking for its refs
	Images     bool     // also the images that the repositories name
	Registries []string // that may be asked for them; none: the usual
}

type targetFile struct {
	Name         string   `toml:"name"`
	Folder       string   `toml:"folder"`
	URLs         []string `toml:"urls"`
	URLsFile     string   `toml:"urls_file"`
	Protocols    []string `toml:"protocols"`
	Forge        string   `toml:"forge"`
	URL          string   `toml:"url"`
	Owner        string   `toml:"owner"`
	User         string   `toml:"user"`
	CloneHosts   []string `toml:"clone_hosts"`
	TokenEnv     string   `toml:"token_env"`
	TokenFile    string   `toml:"token_file"`
	TokenCommand []string `toml:"token_command"`
	AppID        int64    `toml:"app_id"`
	Installation int64    `toml:"installation_id"`
	AppKeyEnv    string   `toml:"app_key_env"`
	AppKeyFile   string   `toml:"app_key_file"`
	AppKeyCmd    []string `toml:"app_key_command"`
	CAFile       string   `toml:"ca_file"`
	Wikis        bool     `toml:"wikis"`
	Gists        bool     `toml:"gists"`
	Include      []string `toml:"include"`
	Exclude      []string `toml:"exclude"`
	Visibility   []string `toml:"visibility"`
	Topics       []string `toml:"topics"`
	Archived     *bool    `toml:"archived"`
	Forks        *bool    `toml:"forks"`
	MaxSize      string   `toml:"max_size"`
	ByPushTime   bool     `toml:"by_push_time"`
	Images       bool     `toml:"images"`
	Registries   []string `toml:"registries"`
}

func (c *Config) targets(list []targetFile) error {
	if len(list) == 0 {
		return errors.New("no [[target]]: nothing is to be searched")
	}
	names := map[string]bool{}
	for i := range list {
		t, err := c.target(&list[i])
		if err != nil {
			return fmt.Errorf("target %d: %w", i+1, err)
		}
		if err := c.own(t); err != nil {
			return fmt.Errorf("target %d: %w", i+1, err)
		}
		if names[t.Name] {
			return fmt.Errorf("target %d: there are two of the name %.80q", i+1, t.Name)
		}
		names[t.Name] = true
		c.Targets = append(c.Targets, *t)
	}
	return nil
}

// ofConfig is between the name of a configuration and that of its target, as the database knows it.
const ofConfig = ": "

// own puts the configuration's name before a target's.
func (c *Config) own(t *Target) error {
	if c.Name != "" {
		t.Name = c.Name + ofConfig + t.Name
	} else if !c.owns(t.Name) {
		return fmt.Errorf("name = %.80q is that of a configuration with a name: leave the colon or the space out", t.Name)
	}
	return nil
}

// owns: a target of the database is one of this configuration, or was.
func (c *Config) owns(target string) bool {
	name, _, ok := strings.Cut(target, ofConfig)
	if !ok || !isName(name) {
		name = ""
	}
	return name == c.Name
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// Names are those of the targets, as the database knows them.
func (c *Config) Names() (names []string) {
	for i := range c.Targets {
		names = append(names, c.Targets[i].Name)
	}
	return names
}

// strays are notes of targets that the database has as those of the configuration, which has them no more: they were taken out of
// it, or are of another one without a name of its own.
func (c *Config) strays(listed []store.Target) []string {
	notes := []string{}
	for _, t := range listed {
		if c.owns(t.Name) && !slices.Contains(c.Names(), t.Name) {
			notes = append(notes, fmt.Sprintf("target %s is not in this configuration and left as it is: if it is of another one, give them names (name = \"…\"), "+
				"if it is no more: rummage sweep retire %s", t.Name, quoted(t.Name)))
		}
	}
	return notes
}

// Notes are what somebody should know of the database of the configuration, which is no failure.
func (c *Config) Notes(st *store.Status) []string {
	notes := c.strays(st.Targets)
	if !st.RulesTurned.IsZero() {
		notes = append(notes, turnedNote(st.RulesTurned))
	}
	return notes
}

func turnedNote(at time.Time) string {
	return fmt.Sprintf("at %s the rules changed back to what they were before: programs whose rules or versions differ search everything again in turn: "+
		"give all that share the database the same", at.Local().Format(time.DateTime))
}

func (c *Config) target(f *targetFile) (*Target, error) {
	t := &Target{Name: f.Name, Folder: c.path(f.Folder), URLs: f.URLs, URLsFile: c.path(f.URLsFile), Protocols: f.Protocols, User: f.User, CAFile: c.path(f.CAFile), ByPushTime: f.ByPushTime, Images: f.Images, Registries: f.Registries}
	t.Token = Credential{Variable: cmp.Or(f.TokenEnv, TokenVariable), File: c.path(f.TokenFile), Command: f.TokenCommand}
	t.AppKey = Credential{Variable: cmp.Or(f.AppKeyEnv, AppKeyVariable), File: c.path(f.AppKeyFile), Command: f.AppKeyCmd}
	t.Filter = forge.Filter{Include: f.Include, Exclude: f.Exclude, Visibility: f.Visibility, Topics: f.Topics, Archived: f.Archived, Forks: f.Forks}
	kinds := 0
	for _, has := range []bool{f.Folder != "", len(f.URLs) > 0 || f.URLsFile != "", f.Forge != ""} {
		if has {
			kinds++
		}
	}
	if kinds != 1 {
		return nil, errors.New("one of folder, urls, urls_file and forge is needed")
	}
	if err := errors.Join(t.Filter.Check(), f.fits()); err != nil {
		return nil, err
	}
	var err error
	if f.MaxSize != "" {
		if t.Filter.MaxSize, err = size("max_size", f.MaxSize, 0); err != nil {
			return nil, err
		}
	}
	switch {
	case f.Folder != "":
		t.Name = cmp.Or(t.Name, t.Folder)
	case f.Forge == "":
		t.Name = cmp.Or(t.Name, t.URLsFile, "urls")
	default:
		err = c.forge(t, f)
	}
	return t, err
}

// fits refuses what a target of the kind does not have, so that nothing is left out without a word.
func (f *targetFile) fits() error {
	for _, k := range []struct {
		key   string
		given bool
		ok    bool
	}{
		{"url", f.URL != "", f.Forge != ""}, {"owner", f.Owner != "", f.Forge != ""}, {"clone_hosts", len(f.CloneHosts) > 0, f.Forge != ""},
		{"app_id", f.AppID != 0, f.Forge == "github"}, {"installation_id", f.Installation != 0, f.Forge == "github"},
		{"wikis", f.Wikis, f.Forge != ""}, {"gists", f.Gists, f.Forge == "github"}, {"visibility", len(f.Visibility) > 0, f.Forge != ""},
		{"topics", len(f.Topics) > 0, f.Forge != ""}, {"archived", f.Archived != nil, f.Forge != ""}, {"forks", f.Forks != nil, f.Forge != ""},
		{"max_size", f.MaxSize != "", f.Forge != ""}, {"by_push_time", f.ByPushTime, f.Forge != ""}, {"protocols", len(f.Protocols) > 0, f.Forge == "" && f.Folder == ""},
		{"ca_file", f.CAFile != "", f.Folder == ""}, {"user", f.User != "", f.Folder == ""},
	} {
		if k.given && !k.ok {
			return fmt.Errorf("%s does not go with a target of this kind", k.key)
		}
	}
	return nil
}

// forge is a target's forge. What is wrong with it is told before anything is searched.
func (c *Config) forge(t *Target, f *targetFile) error {
	t.Forge = &forge.Config{Kind: forge.Kind(f.Forge), URL: f.URL, Owner: f.Owner, User: f.User, CloneHosts: f.CloneHosts, Wikis: f.Wikis, Gists: f.Gists, CAFile: t.CAFile,
		AppID: f.AppID, InstallationID: f.Installation}
	made, err := forge.New(*t.Forge, forge.Options{})
	if err != nil {
		return err
	}
	t.Name = cmp.Or(t.Name, strings.TrimSuffix(made.Host()+"/"+f.Owner, "/"))
	return nil
}

// urls are the addresses of a target.
func (t *Target) urls() ([]string, error) {
	list := slices.Clone(t.URLs)
	if t.URLsFile != "" {
		data, err := os.ReadFile(t.URLsFile)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				list = append(list, line)
			}
		}
	}
	return list, nil
}
