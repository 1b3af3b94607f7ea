package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Config says where a channel leads and what it is told. It has no secrets.
type Config struct {
	Name string
	Type string // webhook, slack, mail, github-issue, gitlab-issue, gitea-issue, sarif

	// URL is a webhook's address, or that of the forge as people visit it. The latter is https://github.com or
	// https://gitlab.com where it is empty; Gitea has none of its own.
	URL string

	// Of mail.
	Server string // host, or host:port
	TLS    string // starttls (the usual, port 587), implicit (port 465), none (this machine alone, port 25)
	User   string // whose password is a secret; empty: no login
	From   string
	To     []string

	// Of issues: in which repository they are made, "owner/name"; or Own, in the one that has the findings. Neither may be
	// public, since the issue would tell everybody where to look; AllowPublic is for Project alone.
	Project     string
	Own         bool
	AllowPublic bool
	Labels      []string

	// What it is told: all where these are empty.
	MinSeverity  string   // critical, high, medium, low, info
	Repositories []string // globs over names as path.Match has them, where ** is any number of elements; those with ! before them leave out
}

// Rank is the place of a severity among those there are, the worst first; one that nobody knows comes before them.
func Rank(severity string) int { return slices.Index(severities(), severity) }

// severities are those there are, worst first.
func severities() []string { return []string{"critical", "high", "medium", "low", "info"} }

const (
	maxName    = 80
	maxPattern = 200
	// A repository's name has more elements only where somebody plays.
	maxElements = 64
)

// Check says what is wrong with a configuration, in one line. Whether its secrets are there is for New and Send.
func (c Config) Check() error {
	if err := c.check(); err != nil {
		return err
	}
	secret := func(context.Context) ([]byte, error) { return nil, errors.New("there is none") }
	_, err := c.make(Secrets{secret, secret, secret, secret}, Options{SARIF: func(context.Context, Message) (Upload, error) { return Upload{}, nil }})
	return err
}

// make makes what sends, of a configuration that was checked.
func (c Config) make(s Secrets, o Options) (sender, error) {
	sender, err := types()[c.Type](c, s, o)
	if err != nil {
		return nil, fmt.Errorf("channel %.80q: %w", c.Name, err)
	}
	return sender, nil
}

// check is of what all types have in common.
func (c Config) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("channel %.80q: %s", c.Name, fmt.Sprintf(format, args...))
	}
	if c.Name == "" {
		return errors.New("a channel has no name")
	}
	if types()[c.Type] == nil {
		var names []string
		for name := range types() {
			names = append(names, name)
		}
		slices.Sort(names)
		return fail("type = %.40q: there is %s", c.Type, strings.Join(names, ", "))
	}
	if c.MinSeverity != "" && !slices.Contains(severities(), c.MinSeverity) {
		return fail("min_severity = %.40q: there is %s", c.MinSeverity, strings.Join(severities(), ", "))
	}
	for _, p := range c.Repositories {
		if _, err := path.Match(strings.TrimPrefix(p, "!"), ""); err != nil || strings.TrimPrefix(p, "!") == "" || len(p) > maxPattern {
			return fail("the pattern %.80q of a repository is malformed", p)
		}
	}
	if c.URL != "" {
		if err := checkURL(c.URL); err != nil {
			return fail("url: %v", err)
		}
	}
	return nil
}

// Gathers says whether people are to hear by one message of what the first searches of many repositories find: where they read a
// room, a mailbox or one project. Programs take a message for each, and so do repositories that get issues or uploads of their own.
func (c Config) Gathers() bool {
	switch c.Type {
	case "webhook", "sarif":
		return false
	case "slack", "mail":
		return true
	}
	return !c.Own
}

// Wants is the part of a message that the channel is to have, and whether there is any.
func (c Config) Wants(m Message) (Message, bool) {
	if !c.wantsRepository(m.Repository) {
		return Message{}, false
	}
	m.New, m.Regressed = c.grave(m.New), c.grave(m.Regressed)
	return m, !m.trial()
}

func (c Config) wantsRepository(name string) bool {
	wanted, positive := false, false
	for _, p := range c.Repositories {
		if without, not := strings.CutPrefix(p, "!"); !not {
			positive = true
			wanted = wanted || glob(p, name)
		} else if glob(without, name) {
			return false
		}
	}
	return wanted || !positive
}

// grave are the findings of the least severity or above. What has a severity that nobody knows is told.
func (c Config) grave(all []Finding) []Finding {
	least := slices.Index(severities(), c.MinSeverity)
	if least < 0 {
		return all
	}
	var out []Finding
	for _, f := range all {
		if slices.Index(severities(), f.Severity) <= least {
			out = append(out, f)
		}
	}
	return out
}

// glob is path.Match where "**" stands for any number of elements.
func glob(pattern, name string) bool {
	elements := strings.Split(name, "/")
	if len(elements) > maxElements {
		elements = append(elements[:maxElements-1:maxElements-1], strings.Join(elements[maxElements-1:], "/"))
	}
	reach := make([]bool, len(elements)+1) // which of the elements the pattern so far matches
	reach[0] = true
	for p := range strings.SplitSeq(pattern, "/") {
		next := make([]bool, len(reach))
		for i := range reach {
			switch {
			case p == "**":
				next[i] = reach[i] || i > 0 && next[i-1]
			case i > 0 && reach[i-1]:
				next[i], _ = path.Match(p, elements[i-1])
			}
		}
		reach = next
	}
	return reach[len(elements)]
}

// checkURL refuses addresses to which nothing may be sent. It quotes nothing of them.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Hostname() == "":
		return errors.New("that is no address: want https://HOST/PATH")
	case u.User != nil:
		return errors.New("a user or password does not belong into an address")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("want https: plain http is for this machine alone")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
