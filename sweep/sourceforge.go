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
	anonymous atomic.Bool  // there was no token
	disabled  atomic.Int64 // repositories that the forge gives nobody, in the last list
}

// notes are what a list leaves out that somebody may miss.
func (s *forgeSource) notes(string) (list []string) {
	if s.anonymous.Load() {
		list = append(list, fmt.Sprintf("target %s: %s is not set: what is public alone was listed", s.t.Name, s.t.Token.Variable))
	}
	if n := s.disabled.Load(); n > 0 {
		list = append(list, fmt.Sprintf("target %s: left out as the forge gives them to nobody now: %d disabled repositories", s.t.Name, n))
	}
	return list
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

// wikiID begins the ids of wikis, which forges tell to be there before they have a page.
const wikiID = "wiki:"

func (s *forgeSource) list(ctx context.Context, visit func(store.Listed) error) (unread, err error) {
	s.disabled.Store(0)
	err = s.f.List(ctx, func(r forge.Repository) error {
		if ok, _ := s.t.Filter.Match(r); !ok {
			return nil
		}
		if r.Disabled {
			s.disabled.Add(1)
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
	q := mirror.Request{URL: r.CloneURL, CAFile: s.t.CAFile, Credential: func(ctx context.Context) (string, string, error) { return s.f.CredentialFor(ctx, r.Name) }, Expect: max(0, r.Size)}
	if r.Network != "" {
		q.Network = s.f.Host() + "/" + r.Network
	}
	// A forge that is spoken to without TLS is on this machine: forge.New sees to that.
	if u, err := url.Parse(s.t.Forge.URL); err == nil && u.Scheme == "http" {
		q.Protocols = []string{"https", "http"}
	}
	return q
}
