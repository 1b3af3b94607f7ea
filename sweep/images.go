package sweep

import (
	"context"
	"encoding/json"
	"fmt"

	"rummage/gitscan"
	"rummage/scan"
)

// Looker looks into the images that a repository's files name, adds what is found there to a result, and says what of it could
// not be looked into. The registries are those that may be asked; none: the usual.
type Looker func(ctx context.Context, repo *gitscan.Repo, res *scan.Result, registries []string) (problems []scan.Problem, err error)

// LookWith has repositories of targets that want it searched with their images. It is to be called before Search.
func (s *Sweeper) LookWith(l Looker) { s.look = l }

// images looks into the images of a repository that was searched. What cannot be looked into leaves the result incomplete, so that
// nothing there counts as gone, and is an error that another try may mend.
func (s *Sweeper) images(ctx context.Context, t *Task, res *scan.Result) (problem string, err error) {
	if !t.Images || s.look == nil || !res.Stats.Complete {
		return "", nil
	}
	o := s.options(t)
	o.Search = false
	repo, err := gitscan.Open(t.Dir, o) // a repository serves one scan
	if err != nil {
		return "", err
	}
	defer repo.Close()
	problems, err := s.look(ctx, repo, res, t.Registries)
	if err != nil || ctx.Err() != nil {
		return "", errorOf(ctx, err)
	}
	if len(problems) == 0 {
		return "", nil
	}
	res.Stats.Complete = false
	return fmt.Sprintf("%d images could not be looked into, first: %s: %s", len(problems), problems[0].Where, problems[0].Why), nil
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
