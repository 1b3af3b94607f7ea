package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"rummage/sweep/notify"
)

// Channel is where what is new is told, see package notify.
type Channel struct {
	notify.Config
	First  string     // how it hears of what first searches of repositories find: firstDigest, firstEach, firstNone
	Secret Credential // the key of a webhook, Slack's address, the password of a mail's user, the token of a forge
	Where  Credential // a webhook's address, when that is a secret
}

type channelFile struct {
	Name          string   `toml:"name"`
	Type          string   `toml:"type"`
	URL           string   `toml:"url"`
	URLEnv        string   `toml:"url_env"`
	URLFile       string   `toml:"url_file"`
	URLCommand    []string `toml:"url_command"`
	SecretEnv     string   `toml:"secret_env"`
	SecretFile    string   `toml:"secret_file"`
	SecretCommand []string `toml:"secret_command"`
	Server        string   `toml:"server"`
	TLS           string   `toml:"tls"`
	User          string   `toml:"user"`
	From          string   `toml:"from"`
	To            []string `toml:"to"`
	Project       string   `toml:"project"`
	Own           bool     `toml:"own"`
	AllowPublic   bool     `toml:"allow_public"`
	Labels        []string `toml:"labels"`
	MinSeverity   string   `toml:"min_severity"`
	Repositories  []string `toml:"repositories"`
	First         any      `toml:"first"`
}

// SecretVariable is what the environment variable with the secret of a channel or target of a name is called, unless the
// configuration has another.
func SecretVariable(name string) string {
	return "RUMMAGE_SWEEP_SECRET_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

func (c *Config) notifications(list []channelFile) error {
	names := map[string]bool{}
	for i := range list {
		f := &list[i]
		var ch Channel
		ch.Config = notify.Config{Name: cmp.Or(f.Name, f.Type), Type: f.Type, URL: f.URL, Server: f.Server, TLS: f.TLS, User: f.User, From: f.From, To: f.To,
			Project: f.Project, Own: f.Own, AllowPublic: f.AllowPublic, Labels: f.Labels, MinSeverity: f.MinSeverity, Repositories: f.Repositories}
		ch.Secret = Credential{Variable: cmp.Or(f.SecretEnv, SecretVariable(ch.Name)), File: c.path(f.SecretFile), Command: f.SecretCommand}
		ch.Where = Credential{Variable: cmp.Or(f.URLEnv, SecretVariable(ch.Name)+"_URL"), File: c.path(f.URLFile), Command: f.URLCommand}
		if err := ch.Check(); err != nil {
			return fmt.Errorf("channel %d: %w", i+1, err)
		}
		if err := ch.first(f.First); err != nil {
			return fmt.Errorf("channel %d: %w", i+1, err)
		}
		if names[ch.Name] {
			return fmt.Errorf("channel %d: there are two of the name %.80q", i+1, ch.Name)
		}
		names[ch.Name] = true
		c.Channels = append(c.Channels, ch)
	}
	return nil
}

// What a channel hears of first searches.
const (
	firstDigest = "digest" // one message of many repositories
	firstEach   = "each"   // a message for each repository
	firstNone   = "none"
)

// first reads the key of that name; true stands for what is usual.
func (c *Channel) first(value any) error {
	usual := firstEach
	if c.Gathers() {
		usual = firstDigest
	}
	switch value {
	case nil, true:
		c.First = usual
	case false, firstNone:
		c.First = firstNone
	case firstEach:
		c.First = firstEach
	case firstDigest:
		if c.First = firstDigest; c.Type == "sarif" || c.Own {
			return fmt.Errorf("channel %.80q: first = \"digest\": it tells each repository what is its own", c.Name)
		}
	default:
		return fmt.Errorf("channel %.80q: first: there is \"digest\", \"each\" and \"none\"", c.Name)
	}
	return nil
}

// secrets are a channel's, read when something is sent.
func (c *Channel) secrets() notify.Secrets {
	from := func(k Credential) func(context.Context) ([]byte, error) {
		return func(ctx context.Context) ([]byte, error) { return k.Read(ctx, os.Getenv) }
	}
	s := notify.Secrets{Key: from(c.Secret), URL: from(c.Where), Password: from(c.Secret), Token: from(c.Secret)}
	if c.Type == "slack" {
		s.URL = func(ctx context.Context) ([]byte, error) {
			address, err := c.Where.Read(ctx, os.Getenv)
			if errors.Is(err, ErrNoCredential) {
				return c.Secret.Read(ctx, os.Getenv)
			}
			return address, err
		}
	}
	return s
}

// channels are the names of those that are told of a search, and of those that are told of it together with other first ones.
func (c *Config) channels(first bool) (told, held []string) {
	for i := range c.Channels {
		switch ch := &c.Channels[i]; {
		case !first || ch.First == firstEach:
			told = append(told, ch.Name)
		case ch.First == firstDigest:
			held = append(held, ch.Name)
		}
	}
	return told, held
}
