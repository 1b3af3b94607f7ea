package sweep

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"

	"rummage/sweep/forge"
	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// forgeSource is what a forge has.
type forgeSource struct {
	t         *Target
	f         *forge.Forge
	anonymous atomic.Bool // there was no token
}

// newForgeSource has the token asked for when it is needed.
func newForgeSource(t *Target, known func(forge, id string) (string, bool)) (source, error) {
	s := &forgeSource{t: t}
	token := func(ctx context.Context) (string, error) {
		data, err := t.Token.Read(ctx, os.Getenv)
		if errors.Is(err, ErrNoCredential) { // what is public can be had without
			s.anonymous.Store(true)
			return "", nil
		}
		return string(data), err
	}
	f, err := forge.New(*t.Forge, forge.Options{Token: token, AppKey: func(ctx context.Context) ([]byte, error) { return t.AppKey.Read(ctx, os.Getenv) },
		Wanted:       func(r forge.Repository) bool { ok, _ := t.Filter.Match(r); return ok && !r.Disabled },
		KnownNetwork: func(id string) (string, bool) { return known(s.f.Host(), id) }})
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", t.Name, err)
	}
	s.f = f
	return s, nil
}

// wikiID is what the ids of wikis begin with.
const wikiID = "wiki:"

func (s *forgeSource) list(ctx context.Context, visit func(store.Listed) error) (unread, err error) {
	err = s.f.List(ctx, func(r forge.Repository) error {
		if ok, _ := s.t.Filter.Match(r); !ok || r.Disabled {
			return nil
		}
		id := r.ID
		if r.Kind != "" { // see wikiID
			id = r.Kind + ":" + id
		}
		return visit(store.Listed{Forge: s.f.Host(), ForgeID: id, Name: r.Name, CloneURL: r.CloneURL, WebURL: r.WebURL, Visibility: r.Visibility,
			Archived: r.Archived, Fork: r.Fork, Network: r.Network, DefaultBranch: r.DefaultBranch, Size: r.Size, PushedAt: r.PushedAt})
	})
	return err, nil
}

func (s *forgeSource) request(r *store.Repository) mirror.Request {
	q := mirror.Request{URL: r.CloneURL, CAFile: s.t.CAFile, Credential: s.f.Credential, Expect: max(0, r.Size)}
	if r.Network != "" {
		q.Network = s.f.Host() + "/" + r.Network
	}
	// A forge that is spoken to without TLS is on this machine: forge.New sees to that.
	if u, err := url.Parse(s.t.Forge.URL); err == nil && u.Scheme == "http" {
		q.Protocols = []string{"https", "http"}
	}
	return q
}
