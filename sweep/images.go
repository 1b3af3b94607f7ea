package sweep

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"rummage/gitscan"
	"rummage/scan"
	"rummage/sweep/store"
)

// Looker looks into the images that a repository's files name, adds what is found there to a result, and says what of it could
// not be looked into. The registries are those that may be asked; none: the usual. Digests are those that the images' names had
// before, see Digester: what changes meanwhile is searched again.
type Looker func(ctx context.Context, repo *gitscan.Repo, res *scan.Result, registries []string) (digests map[string]string, problems []scan.Problem, err error)

// Digester asks registries for the digests that names of images have now. Of a name without an answer there is none.
type Digester func(ctx context.Context, names, registries []string) map[string]string

// LookWith has repositories of targets that want it searched with their images. It is to be called before Search.
func (s *Sweeper) LookWith(l Looker) { s.look = l }

// images looks into the images of a repository that was searched. What cannot be looked into leaves the result incomplete, so that
// nothing there counts as gone, and is an error that another try may mend.
func (s *Sweeper) images(ctx context.Context, t *Task, res *scan.Result) (digests map[string]string, problem string, err error) {
	if !t.Images || s.look == nil || !res.Stats.Complete {
		return nil, "", nil
	}
	o := s.options(t)
	o.Search = false
	repo, err := gitscan.Open(t.Dir, o) // a repository serves one scan
	if err != nil {
		return nil, "", err
	}
	defer repo.Close()
	digests, problems, err := s.look(ctx, repo, res, t.Registries)
	if err != nil || ctx.Err() != nil {
		return nil, "", errorOf(ctx, err)
	}
	if len(problems) == 0 {
		return digests, "", nil
	}
	res.Stats.Complete = false
	return nil, fmt.Sprintf("%d images could not be looked into, first: %s: %s", len(problems), problems[0].Where, problems[0].Why), nil
}

// imagesChanged says whether the images of a repository are to be looked into though it may not have changed itself: when that was
// long ago, or never, and the registries have others by now, or do not tell.
func (w *Worker) imagesChanged(ctx context.Context, r *store.Repository, t *Target) (bool, error) {
	if !t.Images || w.o.Digests == nil || r.LastScan.IsZero() {
		return false, nil
	}
	seen, err := w.store.ImagesOf(ctx, r.ID)
	if err != nil {
		return false, err
	}
	now, err := w.store.Now(ctx)
	if err != nil || now.Before(seen.At.Add(w.config.Images)) {
		return false, err
	}
	if seen.Digests == nil {
		return true, nil
	}
	digests := w.o.Digests(ctx, slices.Sorted(maps.Keys(seen.Digests)), t.Registries)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	for name, digest := range seen.Digests {
		if digest == "" || digests[name] != digest {
			return true, nil
		}
	}
	return false, w.store.SawImages(ctx, r.ID, seen.Digests)
}

func errorOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// inImage is what the database has of a place in an image. Images that are built anew have new digests: they do not make places
// others.
func inImage(at *scan.InImage) (key string, data json.RawMessage, err error) {
	if at == nil {
		return "", nil, nil
	}
	data, err = json.Marshal(at)
	return fmt.Sprintf("%s %s %d", at.Image, at.Platform, at.Layer), data, err
}

// imagesError is of a repository that was searched, but for its images.
type imagesError string

func (e imagesError) Error() string { return string(e) }
