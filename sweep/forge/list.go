package forge

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

const (
	maxPages    = 100_000
	maxStale    = 3   // pages after one another that bring nothing new
	maxEmpty    = 500 // empty ones: whole pages may be of repositories that may not be seen
	shownErrors = 5   // refused entries whose reasons an error has
	maxErrs     = 20  // kept errors of parts of a list
	maxFailures = 3   // parts that could not be had now, which each take their tries
)

// listing is one list, which is read page by page.
type listing struct {
	first *url.URL
	ask   func(context.Context, *url.URL) (*answer, error)
	page  func(*answer) (page, error)
	entry func(json.RawMessage) (found, error)
	keep  func(found) bool // nil: all; others are not of what is listed
}

// walker is a List under way.
type walker struct {
	f       *Forge
	visit   func(Repository) error
	seen    map[string]struct{}
	network map[string]string // of the forks so far
	lookups int
	absent  int // parts of the list that could not be had now
	partial Partial
}

// stopped is an error of visit, which ends a List as it is.
type stopped struct{ error }

// List visits each repository once. It goes on after what it could not take, and says so at the end by a *Partial; a list
// that could not be read to its end is another error. What visit returns ends it and is returned.
func (f *Forge) List(ctx context.Context, visit func(Repository) error) error {
	w := &walker{f: f, visit: visit, seen: map[string]struct{}{}, network: map[string]string{}}
	err := f.lists(ctx, w)
	var s stopped
	if errors.As(err, &s) {
		return s.error
	}
	if w.partial.Refused == 0 && w.partial.Failed == 0 {
		return err
	}
	if err != nil { // first, since it is what ended the list
		w.partial.Failed++
		w.partial.Errs = append([]error{err}, w.partial.Errs...)
	}
	return &w.partial
}

// lists reads what lists a forge has of the owner.
func (f *Forge) lists(ctx context.Context, w *walker) error {
	switch f.config.Kind {
	case GitHub:
		return f.listGitHub(ctx, w)
	case GitLab:
		return f.listGitLab(ctx, w)
	case Gitea:
		return f.listGitea(ctx, w)
	case Bitbucket:
		return f.listBitbucket(ctx, w)
	}
	return f.listBitbucketDC(ctx, w)
}

// read reads a list to its end.
func (w *walker) read(ctx context.Context, l listing) error {
	asked := map[[sha256.Size]byte]bool{}
	pages := map[[sha256.Size]byte]bool{}
	ids := map[string]struct{}{} // of this list: others may have visited the same
	stale, empty, missing := 0, 0, false
	for next := l.first; next != nil; {
		at := next.String() // which relative links could make longer and longer
		url := sha256.Sum256([]byte(at))
		if asked[url] || len(asked) >= maxPages || empty > maxEmpty || len(at) > maxLink {
			return w.f.fail(Malformed, l.first.Path, "its pages do not end: %d were read", len(asked))
		}
		asked[url] = true
		a, err := l.ask(ctx, next)
		if err != nil {
			return err
		}
		p, err := l.page(a)
		if err != nil {
			return err
		}
		if p.missing != nil && !missing {
			missing = true
			if err := w.failed(ctx, p.missing); err != nil {
				return err
			}
		}
		sum := sha256.New()
		fresh := 0
		for _, raw := range p.raw {
			id, err := w.take(ctx, l, raw)
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%d:%s", len(id), id)
			if _, again := ids[id]; !again {
				ids[id] = struct{}{}
				fresh++
			}
		}
		if len(ids) > w.f.opts.MaxRepositories {
			return w.f.fail(Malformed, l.first.Path, "more than %d repositories", w.f.opts.MaxRepositories)
		}
		if empty++; len(p.raw) > 0 {
			empty = 0
			key := [sha256.Size]byte(sum.Sum(nil))
			if stale++; fresh > 0 {
				stale = 0
			}
			if pages[key] || stale >= maxStale {
				return w.f.fail(Malformed, l.first.Path, "its pages repeat themselves: %d were read", len(asked))
			}
			pages[key] = true
		}
		next = p.next
	}
	return nil
}

// take visits an entry, or counts it as refused. The id is what tells pages apart.
func (w *walker) take(ctx context.Context, l listing, raw json.RawMessage) (id string, err error) {
	e, err := l.entry(raw)
	if err != nil {
		return w.refuse(raw, err), nil
	}
	if l.keep != nil && !l.keep(e) {
		return e.ID, nil
	}
	if _, again := w.seen[e.ID]; again {
		return e.ID, nil
	}
	if e.Network == "" {
		e.Network = e.ID
	}
	if err := w.f.check(&e.Repository); err != nil {
		return w.refuse(raw, err), nil
	}
	w.seen[e.ID] = struct{}{}
	if err := w.networkOf(ctx, &e); err != nil {
		return "", err
	}
	if err := w.visit(e.Repository); err != nil {
		return "", stopped{err}
	}
	if !e.wiki || !w.f.config.Wikis {
		return e.ID, nil
	}
	if err := w.visit(wikiOf(w.f.config.Kind, e.Repository)); err != nil {
		return "", stopped{err}
	}
	return e.ID, nil
}

// refuse counts an entry once, however often it comes.
func (w *walker) refuse(raw json.RawMessage, err error) string {
	sum := sha256.Sum256(raw)
	id := "!" + string(sum[:12])
	if _, again := w.seen[id]; again {
		return id
	}
	w.seen[id] = struct{}{}
	if w.partial.Refused++; len(w.partial.Reasons) < shownErrors {
		w.partial.Reasons = append(w.partial.Reasons, clean(err.Error()))
	}
	return id
}

// failed keeps the error of a part of the list, so that the others are still read. What would befall them too ends the list,
// and so do several that could not be had now.
func (w *walker) failed(ctx context.Context, err error) error {
	var s stopped
	var limit *RateLimit
	if ctx.Err() != nil || errors.As(err, &s) || errors.As(err, &limit) || errors.Is(err, NoToken) {
		return err
	}
	if errors.Is(err, Unavailable) {
		w.absent++
	}
	if w.absent >= maxFailures {
		return err
	}
	if w.partial.Failed++; len(w.partial.Errs) < maxErrs {
		w.partial.Errs = append(w.partial.Errs, err)
	}
	return nil
}

// networkOf finds the source of a fork: by its parent, which most lists have before it, or by asking for it.
func (w *walker) networkOf(ctx context.Context, e *found) error {
	known := w.f.opts.KnownNetwork
	switch {
	case !e.Fork:
		return nil
	case e.parent != "":
		e.Network = e.parent
		if n, ok := w.network[e.parent]; ok {
			e.Network = n
		} else if known != nil {
			if n, ok := known(e.parent); ok && n != "" {
				e.Network = n
			}
		}
	case e.Network == e.ID && w.f.config.Kind == GitHub:
		if err := w.askNetwork(ctx, e); err != nil {
			return err
		}
	}
	w.network[e.ID] = e.Network
	return nil
}
