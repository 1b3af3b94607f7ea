package forge

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// renewBefore is how long a token that is given away is good for at least. They live an hour.
	renewBefore = 10 * time.Minute
	// assertionLife is how long what an App signs is good for: GitHub takes ten minutes at most.
	assertionLife = 9 * time.Minute
)

// app is what is known of a GitHub App: its installations and their tokens.
type app struct {
	f *Forge
	// turn is held by whoever asks GitHub for a token or the installations, so that many clones make one request.
	turn chan struct{}

	mu     sync.Mutex
	tokens map[int64]installationToken
	owners map[string]int64 // installations by owner in lower case; nil: not asked yet
}

type installationToken struct {
	token string
	ends  time.Time
}

// installation is one of the App, on an account.
type installation struct {
	ID      int64 `json:"id"`
	Account struct {
		Login string `json:"login"`
	} `json:"account"`
	SuspendedAt string `json:"suspended_at"`
}

func newApp(f *Forge) *app {
	return &app{f: f, turn: make(chan struct{}, 1), tokens: map[int64]installationToken{}}
}

// listApp lists what each installation may see.
func (f *Forge) listApp(ctx context.Context, w *walker) error {
	list := []installation{{ID: f.config.InstallationID}}
	if f.config.InstallationID == 0 {
		all, err := f.app.installations(ctx)
		if err != nil {
			return err
		}
		list = all
	}
	if owner := f.config.Owner; owner != "" && f.config.InstallationID == 0 {
		kept := list[:0]
		for _, in := range list {
			if strings.EqualFold(in.Account.Login, owner) {
				kept = append(kept, in)
			}
		}
		if list = kept; len(list) == 0 {
			return f.fail(NotFound, "", "the App is not installed for %s", clean(owner))
		}
	}
	for _, in := range list {
		var err error
		if in.SuspendedAt != "" {
			err = f.fail(Denied, "", "the App's installation for %s is suspended", clip(in.Account.Login))
		} else {
			err = w.read(ctx, listing{
				first: f.at(url.Values{"per_page": {"100"}}, "installation", "repositories"),
				ask:   f.app.askAs(func(context.Context) (int64, error) { return in.ID, nil }),
				page:  f.installed, entry: githubEntry,
			})
		}
		if err == nil {
			continue
		}
		if len(list) == 1 {
			return err
		}
		if err := w.failed(ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// installed is a page of an installation's repositories.
func (f *Forge) installed(a *answer) (page, error) {
	var p struct {
		Repositories entries `json:"repositories"`
	}
	if err := f.decode(a, &p); err != nil {
		return page{}, err
	}
	if err := f.listOf(a, p.Repositories); err != nil {
		return page{}, err
	}
	next, err := f.linkHeader(a)
	return page{raw: p.Repositories.raw, next: next}, err
}

// installations lists those of the App, and remembers whose they are.
func (p *app) installations(ctx context.Context) ([]installation, error) {
	var list []installation
	w := &walker{f: p.f, seen: map[string]struct{}{}}
	err := w.read(ctx, listing{
		first: p.f.at(url.Values{"per_page": {"100"}}, "app", "installations"),
		ask: func(ctx context.Context, u *url.URL) (*answer, error) {
			return p.f.ask(ctx, request{method: http.MethodGet, url: u, login: p.assert})
		},
		page: p.f.linked,
		entry: func(raw json.RawMessage) (found, error) {
			var in installation
			if err := json.Unmarshal(raw, &in); err != nil || in.ID <= 0 || in.Account.Login == "" {
				return found{}, errors.New("an entry that is no installation")
			}
			list = append(list, in)
			return found{Repository: Repository{ID: idText(in.ID)}}, nil
		},
		keep: func(found) bool { return false },
	})
	if err != nil {
		return nil, err
	}
	if w.partial.Refused > 0 {
		return nil, &w.partial
	}
	owners := map[string]int64{}
	for _, in := range list {
		owners[strings.ToLower(in.Account.Login)] = in.ID
	}
	p.mu.Lock()
	p.owners = owners
	p.mu.Unlock()
	return list, nil
}

// asker makes requests as the installation of an owner.
func (p *app) asker(owner string) func(context.Context, *url.URL) (*answer, error) {
	return p.askAs(func(ctx context.Context) (int64, error) { return p.installationOf(ctx, owner) })
}

func (p *app) askAs(which func(context.Context) (int64, error)) func(context.Context, *url.URL) (*answer, error) {
	return func(ctx context.Context, u *url.URL) (*answer, error) {
		id, err := which(ctx)
		if err != nil {
			return nil, err
		}
		return p.f.ask(ctx, request{
			method: http.MethodGet, url: u,
			login: func(ctx context.Context) (string, []string, error) {
				token, err := p.token(ctx, id)
				return "Bearer " + token, []string{token}, err
			},
			stale: func() bool {
				p.mu.Lock()
				defer p.mu.Unlock()
				delete(p.tokens, id)
				return true
			},
		})
	}
}

// installationOf is the installation that may read what an owner has. Without an owner it is the only one.
func (p *app) installationOf(ctx context.Context, owner string) (int64, error) {
	c := p.f.config
	if c.InstallationID != 0 {
		return c.InstallationID, nil
	}
	if c.Owner != "" {
		owner = c.Owner
	}
	if id, ok := p.known(owner); ok {
		return id, nil
	}
	if err := p.lock(ctx); err != nil {
		return 0, err
	}
	defer p.unlock()
	if id, ok := p.known(owner); ok {
		return id, nil
	}
	if _, err := p.installations(ctx); err != nil {
		return 0, err
	}
	id, ok := p.known(owner)
	switch {
	case ok:
		return id, nil
	case owner == "":
		return 0, p.f.fail(NoToken, "", "the App has none or several installations, and no owner is named")
	}
	return 0, p.f.fail(NoToken, "", "the App is not installed for %s", clip(owner))
}

func (p *app) known(owner string) (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if owner == "" && len(p.owners) == 1 {
		for _, id := range p.owners {
			return id, true
		}
	}
	id, ok := p.owners[strings.ToLower(owner)]
	return id, ok
}

func (p *app) tokenFor(ctx context.Context, owner string) (string, error) {
	id, err := p.installationOf(ctx, owner)
	if err != nil {
		return "", err
	}
	return p.token(ctx, id)
}

func (p *app) lock(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *app) unlock() { <-p.turn }

// token is an installation's, good for some minutes at least.
func (p *app) token(ctx context.Context, id int64) (string, error) {
	if t, ok := p.cached(id); ok {
		return t, nil
	}
	if err := p.lock(ctx); err != nil {
		return "", err
	}
	defer p.unlock()
	if t, ok := p.cached(id); ok {
		return t, nil
	}
	u := p.f.at(nil, "app", "installations", strconv.FormatInt(id, 10), "access_tokens")
	a, err := p.f.ask(ctx, request{method: http.MethodPost, url: u, login: p.assert})
	if err != nil {
		return "", err
	}
	var said struct {
		Token     string `json:"token"`
		ExpiresAt string `json:"expires_at"`
	}
	if err := json.Unmarshal(a.body, &said); err != nil || said.Token == "" || len(said.Token) > 4096 ||
		strings.ContainsFunc(said.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", p.f.fail(Malformed, u.Path, "an answer without a token")
	}
	now := p.f.opts.Now()
	ends, err := when(said.ExpiresAt)
	if latest := now.Add(time.Hour); err != nil || ends.IsZero() || ends.After(latest) {
		ends = latest
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[id] = installationToken{said.Token, ends}
	return said.Token, nil
}

func (p *app) cached(id int64) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.tokens[id]
	return t.token, ok && p.f.opts.Now().Add(renewBefore).Before(t.ends)
}

// assert signs who the App is: a JSON Web Token, RS256.
func (p *app) assert(ctx context.Context) (string, []string, error) {
	key, err := p.key(ctx)
	if err != nil {
		return "", nil, err
	}
	now := p.f.opts.Now()
	claims := fmt.Sprintf(`{"iat":%d,"exp":%d,"iss":"%d"}`, now.Add(-time.Minute).Unix(), now.Add(assertionLife).Unix(), p.f.config.AppID)
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc.EncodeToString([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", nil, p.f.fail(NoToken, "", "the App's key signs nothing")
	}
	token := signed + "." + enc.EncodeToString(sig)
	return "Bearer " + token, []string{token}, nil
}

// key reads the App's private key. Errors of it say nothing of what it holds.
func (p *app) key(ctx context.Context) (*rsa.PrivateKey, error) {
	if p.f.opts.AppKey == nil {
		return nil, p.f.fail(NoToken, "", "an App needs its private key")
	}
	text, err := p.f.opts.AppKey(ctx)
	if err != nil {
		return nil, p.f.fail(NoToken, "", "%w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, p.f.fail(NoToken, "", "the App's key is not in PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if any, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if key, ok := any.(*rsa.PrivateKey); ok {
			return key, nil
		}
	}
	return nil, p.f.fail(NoToken, "", "the App's key is no private key for RSA")
}
