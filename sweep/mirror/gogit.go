package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	gogit "github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"
)

// optionsGoGit are what both ways to a server need.
func (w *work) optionsGoGit(ctx context.Context) (auth transport.AuthMethod, ca []byte, err error) {
	if w.r.CAFile != "" {
		if ca, err = os.ReadFile(w.r.CAFile); err != nil {
			return nil, nil, w.fail(Failed, err)
		}
	}
	if w.r.Credential == nil || !strings.HasPrefix(w.to.scheme, "http") {
		return nil, ca, nil
	}
	user, password, err := w.r.Credential(ctx)
	if err != nil {
		return nil, nil, w.fail(NoCredential, err)
	}
	w.secrets = append(w.secrets, user, password)
	return &githttp.BasicAuth{Username: user, Password: password}, ca, nil
}

func (w *work) remoteGoGit(storer *memory.Storage) *gogit.Remote {
	return gogit.NewRemote(storer, &gitconfig.RemoteConfig{Name: "origin", URLs: []string{w.to.url}})
}

func (w *work) tipsGoGit(ctx context.Context) (*Remote, error) {
	auth, ca, err := w.optionsGoGit(ctx)
	if err != nil {
		return nil, err
	}
	refs, err := w.remoteGoGit(memory.NewStorage()).ListContext(ctx, &gogit.ListOptions{Auth: auth, CABundle: ca})
	remote := &Remote{Tips: map[string]string{}}
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return remote, nil
	}
	if err != nil {
		return nil, w.errorGoGit(ctx, err)
	}
	head := ""
	for _, ref := range refs {
		switch {
		case ref.Type() == plumbing.SymbolicReference:
			if ref.Name() == plumbing.HEAD {
				remote.Head = ref.Target().String()
			}
		case ref.Name() == plumbing.HEAD:
			head = ref.Hash().String()
		default:
			remote.Tips[ref.Name().String()] = ref.Hash().String()
		}
	}
	if remote.Head == "" {
		remote.detach(head)
	}
	return remote, nil
}

// fetchGoGit fetches without git. What it cannot do: SHA-256, sharing a store among forks, leaving large blobs out, giving
// up former tips that an ordinary push has passed by, putting packs together. It takes more time and memory, and
// Request.MaxBytes bounds what is on the disk, not what is in memory.
func (w *work) fetchGoGit(ctx context.Context, specs ...string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go watch(ctx, stop, w.watch)
	auth, ca, err := w.optionsGoGit(ctx)
	if err != nil {
		return err
	}
	repo, err := gogit.PlainOpen(w.s.dir)
	if err != nil {
		return w.fail(Corrupt, err)
	}
	o := &gogit.FetchOptions{RemoteURL: w.to.url, Auth: auth, CABundle: ca, Tags: gogit.NoTags, Force: true, Prune: len(specs) == 1 && strings.Contains(specs[0], "*")}
	for _, s := range specs {
		o.RefSpecs = append(o.RefSpecs, gitconfig.RefSpec(s))
	}
	err = gogit.NewRemote(repo.Storer, &gitconfig.RemoteConfig{Name: "origin", URLs: []string{w.to.url}}).FetchContext(ctx, o)
	if err == nil || errors.Is(err, gogit.NoErrAlreadyUpToDate) {
		return nil
	}
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		// Nothing is pruned then.
		return os.RemoveAll(w.s.dir + "/refs/r/" + w.name())
	}
	return w.errorGoGit(ctx, err)
}

func (w *work) fetchIDsGoGit(ctx context.Context, ids []string) (unfetchable []string, err error) {
	for _, id := range ids {
		err := w.fetchGoGit(ctx, fmt.Sprintf("%s:refs/seen/%s/%s", id, w.name(), id))
		if k := kindOf(err); err != nil && (k == Failed || k == Gone || k == Corrupt) && ctx.Err() == nil {
			unfetchable = append(unfetchable, id)
		} else if err != nil {
			return nil, err
		}
	}
	return unfetchable, nil
}

// errorGoGit finds the kind of go-git's errors.
func (w *work) errorGoGit(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return stopped(ctx, w.to.url)
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return w.fail(Auth, err)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return w.fail(Gone, err)
	}
	kind := classify("fatal: " + err.Error())
	if text := err.Error(); kind == Failed && (strings.Contains(text, "dial ") || strings.Contains(text, "EOF") || strings.Contains(text, "status code: 5")) {
		kind = Unreachable
	}
	return w.fail(kind, err)
}
