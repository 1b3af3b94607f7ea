package sweep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rummage/gitscan"
	"rummage/sweep/store"
)

// listBatch is how many repositories are saved at a time.
const listBatch = 500

// list saves the repositories of a target. Only what was seen whole makes others gone.
func (s *Sweeper) list(ctx context.Context, t Target) error {
	l, err := s.store.StartListing(ctx, t.Name)
	if err != nil {
		return err
	}
	var batch []store.Listed
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := l.Add(ctx, batch)
		batch = batch[:0]
		return err
	}
	unread, err := repositoriesIn(ctx, t.Folder, func(r store.Listed) error {
		if batch = append(batch, r); len(batch) >= listBatch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = unread
	}
	if err != nil {
		return errors.Join(err, l.Fail(context.WithoutCancel(ctx), err.Error()))
	}
	_, err = l.Complete(ctx)
	return err
}

// maxDepth is how many folders deep repositories are looked for.
const maxDepth = 16

// repositoriesIn visits the repositories below a folder: bare ones, and those of work trees, of which nothing below is
// looked at. Links are not followed. unread is the first folder that could not be read.
func repositoriesIn(ctx context.Context, folder string, visit func(store.Listed) error) (unread, err error) {
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if path == root {
				return err
			}
			if unread == nil && !errors.Is(err, os.ErrNotExist) {
				unread = err
			}
			return nil
		}
		if !d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if gitscan.IsRepository(path) {
			if err := visit(store.Listed{Forge: "folder:" + root, ForgeID: rel, Name: filepath.ToSlash(rel), CloneURL: path, Size: -1}); err != nil {
				return err
			}
			return fs.SkipDir
		}
		if strings.Count(rel, string(filepath.Separator)) >= maxDepth {
			if unread == nil {
				unread = fmt.Errorf("%s: folders that are nested more than %d deep are not looked into", path, maxDepth)
			}
			return fs.SkipDir
		}
		return nil
	})
	return unread, err
}
