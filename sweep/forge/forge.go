// Package forge lists the repositories that a forge has, and gives credentials for clones of them: GitHub (also as an App),
// GitLab, Gitea and Forgejo, Bitbucket Cloud and Data Center.
//
// What a forge says is a stranger's word. Pages are bounded in bytes, entries and number; links lead to the host of the
// configuration alone, and so does the credential; an entry with control characters, with a clone URL on another host or with
// ".." in it is refused, and List says how many were. Rate limits are waited for up to Options.MaxWait, failures that
// may pass are tried again. Errors are one line without credentials.
//
// What it does not know: clones, databases, schedules. A list is not a snapshot: where a forge pages by offset, a repository
// that is deleted meanwhile shifts the others, so one that is missing from a single list need not be gone. That a forge has a wiki
// turned on does not say that the wiki has pages: such a repository may not be there. Of Data Center lists tell neither sizes
// nor times of pushes, of GitLab's groups no sizes; snippets of GitLab are not listed.
//
// A Forge may be used concurrently.
package forge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Kind is a kind of forge.
type Kind string

// The kinds of forges. Forgejo is Gitea's.
const (
	GitHub      Kind = "github"
	GitLab      Kind = "gitlab"
	Gitea       Kind = "gitea"
	Bitbucket   Kind = "bitbucket"    // Cloud
	BitbucketDC Kind = "bitbucket-dc" // Data Center
)

// Config says which forge and what of it.
type Config struct {
	Kind Kind
	// URL is the base of the forge, "https://github.example.com". Empty: the public one of GitHub, GitLab or Bitbucket Cloud.
	URL string
	// Owner is an organisation, a user, a group with its subgroups, a workspace or a project. Empty: all repositories that the
	// credential may see at Gitea and Data Center, those that its user is a member of at GitHub and GitLab, those of the App's installations.
	Owner string
	// User goes with the token where that needs one: in clones, and in requests to Bitbucket. Empty: the usual for the kind.
	User  string
	Wikis bool // also wikis, where they are turned on
	Gists bool // also gists: of GitHub, of the owner or of its members
	// CAFile has certificates of authorities in PEM, which are trusted in place of the system's, as git does.
	CAFile string
	// CloneHosts are further hosts that clone URLs may name. The credential goes there too.
	CloneHosts []string
	// AppID makes it a GitHub App. InstallationID 0 is that of Owner, or all of the App's without one.
	AppID, InstallationID int64
}

// Options are what a Forge needs of its caller.
type Options struct {
	// Token gives the API token whenever one is needed. nil or an empty token: anonymous.
	Token func(context.Context) (string, error)
	// AppKey gives the private key of the GitHub App in PEM. It is missed when it is needed.
	AppKey func(context.Context) ([]byte, error)
	// Wait lets a time pass, before a request is made again. nil: sleeps.
	Wait func(ctx context.Context, d time.Duration) error
	// MaxWait is the longest wait for a rate limit, five minutes if 0; a longer one is an error that is a *RateLimit.
	MaxWait time.Duration
	// KnownNetwork tells the network of a repository from an earlier list, which saves a request for each fork at GitHub. A fork
	// whose network is itself is asked for again.
	KnownNetwork func(id string) (network string, ok bool)
	// Wanted is asked before further requests are made about a repository. nil: all are.
	Wanted func(Repository) bool
	// MaxForkLookups bounds those requests in one List, 2,000 if 0. Forks beyond have networks of their own.
	MaxForkLookups int
	// MaxRepositories bounds a list, a million if 0.
	MaxRepositories int
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// Forge is a forge, as a configuration names it.
type Forge struct {
	config Config
	opts   Options
	base   *url.URL // what users see
	api    *url.URL
	client *http.Client
	app    *app // nil without one
}

const (
	defaultMaxWait    = 5 * time.Minute
	defaultMaxLookups = 2000
	defaultMaxRepos   = 1_000_000
	requestTimeout    = time.Minute
	maxCAFile         = 4 << 20
)

// New checks a configuration. It makes no request.
func New(c Config, o Options) (*Forge, error) {
	f := &Forge{config: c, opts: o}
	switch c.Kind {
	case GitHub, GitLab, Gitea, Bitbucket, BitbucketDC:
	default:
		return nil, fmt.Errorf("%q is no kind of forge: want github, gitlab, gitea, bitbucket or bitbucket-dc", clip(string(c.Kind)))
	}
	if err := f.locate(); err != nil {
		return nil, err
	}
	if err := checkOwner(c); err != nil {
		return nil, err
	}
	if !plain(c.User) || len(c.User) > maxWord || strings.Contains(c.User, ":") {
		return nil, fmt.Errorf("%q is no user", clip(c.User))
	}
	for _, h := range c.CloneHosts {
		if h == "" || !plain(h) || strings.ContainsAny(h, "/@ \\?#") {
			return nil, fmt.Errorf("%q is no host: one is like git.example.com", clip(hideUser(h)))
		}
	}
	if c.AppID != 0 {
		if c.Kind != GitHub {
			return nil, errors.New("an App is GitHub's")
		}
		if c.Gists {
			return nil, errors.New("an App has no gists: list them with a token")
		}
		f.app = newApp(f)
	} else if c.InstallationID != 0 {
		return nil, errors.New("an installation needs the id of its App")
	}
	f.defaults()
	transport, err := newTransport(c.CAFile)
	if err != nil {
		return nil, err
	}
	f.client = &http.Client{
		Transport: transport,
		Timeout:   requestTimeout,
		// Redirects are followed by hand: see follow.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return f, nil
}

func (f *Forge) defaults() {
	o := &f.opts
	if o.MaxWait == 0 {
		o.MaxWait = defaultMaxWait
	}
	if o.MaxForkLookups == 0 {
		o.MaxForkLookups = defaultMaxLookups
	}
	if o.MaxRepositories == 0 {
		o.MaxRepositories = defaultMaxRepos
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = sleep
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// locate finds where the forge and its API are.
func (f *Forge) locate() error {
	raw := strings.TrimSuffix(f.config.URL, "/")
	if raw == "" {
		switch f.config.Kind {
		case GitHub:
			raw = "https://github.com"
		case GitLab:
			raw = "https://gitlab.com"
		case Bitbucket:
			raw = "https://bitbucket.org"
		case Gitea, BitbucketDC:
			return fmt.Errorf("a forge of kind %s needs its URL", f.config.Kind)
		}
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" || !plain(raw):
		return fmt.Errorf("%q is no URL of a forge: one is like https://forge.example.com", clean(hideUser(raw)))
	case u.User != nil:
		return fmt.Errorf("the URL of the forge at %s has credentials in it, which do not belong there", clean(u.Host))
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the URL of the forge at %s is neither https nor http", clean(u.Host))
	}
	u.Host = strings.ToLower(u.Host)
	f.base = u
	host := u.Hostname()
	var api string
	switch f.config.Kind {
	case GitHub:
		switch {
		case host == "github.com" || host == "www.github.com":
			f.base.Host = "github.com"
			api = "https://api.github.com"
		case strings.HasSuffix(host, ".ghe.com"):
			api = "https://api." + host
		default:
			api = f.base.String() + "/api/v3"
		}
	case GitLab:
		api = f.base.String() + "/api/v4"
	case Gitea:
		api = f.base.String() + "/api/v1"
	case Bitbucket:
		api = f.base.String() + "/2.0"
		if host == "bitbucket.org" {
			api = "https://api.bitbucket.org/2.0"
		}
	case BitbucketDC:
		api = f.base.String() + "/rest/api/1.0"
	}
	f.api, err = url.Parse(api)
	return err
}

// maxOwner bounds names of owners: subgroups of GitLab are up to twenty deep.
const maxOwner = 1024

func checkOwner(c Config) error {
	if c.Owner == "" {
		if c.Kind == Bitbucket {
			return errors.New("repositories of Bitbucket Cloud are those of a workspace: name one as the owner")
		}
		return nil
	}
	if len(c.Owner) > maxOwner || !plain(c.Owner) || strings.ContainsAny(c.Owner, `\?#%&`) || c.Kind != GitLab && strings.Contains(c.Owner, "/") {
		return fmt.Errorf("%q is no owner", clean(c.Owner))
	}
	for segment := range strings.SplitSeq(c.Owner, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("%q is no owner", clean(c.Owner))
		}
	}
	return nil
}

func newTransport(caFile string) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  45 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if caFile == "" {
		return t, nil
	}
	info, err := os.Stat(caFile)
	if err != nil {
		return nil, fmt.Errorf("certificates of authorities: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxCAFile {
		return nil, fmt.Errorf("%s: no file of certificates", clean(caFile))
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("certificates of authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in PEM", clean(caFile))
	}
	t.TLSClientConfig.RootCAs = pool
	return t, nil
}

// Host is the host that users see, "github.com", with its port where it has one.
func (f *Forge) Host() string { return f.base.Host }

// Credential is what a clone by https logs in with. Both are empty for an anonymous one. Of an App whose Forge stands for all
// its installations it is an error unless there is only one: see CredentialFor.
func (f *Forge) Credential(ctx context.Context) (user, password string, err error) {
	return f.CredentialFor(ctx, "")
}

// CredentialFor is Credential for the repository of a name, which differs by its owner for an App with several installations.
func (f *Forge) CredentialFor(ctx context.Context, name string) (user, password string, err error) {
	if f.app != nil {
		owner, _, _ := strings.Cut(name, "/")
		token, err := f.app.tokenFor(ctx, owner)
		return "x-access-token", token, err
	}
	token, err := f.token(ctx)
	if token == "" || err != nil {
		return "", "", err
	}
	if err := f.mayTravel(); err != nil {
		return "", "", err
	}
	return f.cloneUser(), token, nil
}

func (f *Forge) cloneUser() string {
	user := f.config.User
	switch {
	case f.config.Kind == Bitbucket && strings.Contains(user, "@"):
		return "x-bitbucket-api-token-auth" // of API tokens, which go with an address only in requests to the API
	case user != "":
		return user
	case f.config.Kind == GitHub:
		return "x-access-token"
	case f.config.Kind == Bitbucket || f.config.Kind == BitbucketDC:
		return "x-token-auth"
	}
	return "oauth2"
}

// token asks for the token. What it cannot be is told without it.
func (f *Forge) token(ctx context.Context) (string, error) {
	if f.opts.Token == nil {
		return "", nil
	}
	token, err := f.opts.Token(ctx)
	if err != nil {
		return "", f.fail(NoToken, "", "%w", err)
	}
	if len(token) > 16<<10 || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", f.fail(NoToken, "", "the token has spaces, line breaks or other characters that none has")
	}
	return token, nil
}

// mayTravel is an error where a credential would go over the network in the clear.
func (f *Forge) mayTravel() error {
	if f.base.Scheme == "https" || loopback(f.base.Hostname()) {
		return nil
	}
	return f.fail(NoToken, "", "a credential is not sent by plain http: use https, or no token")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
