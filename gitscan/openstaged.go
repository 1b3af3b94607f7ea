package gitscan

import "path/filepath"

// OpenStaged opens what a commit brings in whose hook runs in dir with that environment: git tells in it where the
// repository and the index of the commit are, the latter of which is not always the repository's own. Close the Repo afterwards.
func OpenStaged(dir string, getenv func(string) string, o Options) (*Repo, *Staged, error) {
	d, err := pushedTo(dir, getenv)
	if err != nil {
		return nil, nil, err
	}
	o.Index = getenv("GIT_INDEX_FILE")
	if o.Index != "" && !filepath.IsAbs(o.Index) {
		o.Index = filepath.Join(dir, o.Index)
	}
	repo, err := openDirs(d, o)
	if err != nil {
		return nil, nil, err
	}
	staged, err := repo.Staged()
	if err != nil {
		repo.Close()
		return nil, nil, err
	}
	return repo, staged, nil
}
