package gitscan

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing/format/index"

	"rummage/gitscan/internal/pack"
)

// indexEntry is a staged file.
type indexEntry struct {
	path string
	id   pack.ID
}

// readIndex lists the staged blobs (submodules left out). The error is os.ErrNotExist when there is no index.
func (r *Repo) readIndex() (entries []indexEntry, err error) {
	file, err := os.Open(filepath.Join(r.dirs.gitDir, "index"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if r.format.objects != pack.SHA1 {
		return nil, errors.New("the index of a SHA-256 repository is not read: staged files that are in no commit have no name")
	}
	defer func() {
		if p := recover(); p != nil { // go-git's decoder trusts lengths
			entries, err = nil, fmt.Errorf("damaged: %v", p)
		}
	}()
	var idx index.Index
	if err := index.NewDecoder(bufio.NewReader(file)).Decode(&idx); err != nil {
		return nil, err
	}
	for _, e := range idx.Entries {
		if mode := uint32(e.Mode); mode&modeType == modeGitlink || mode&modeType == modeDir {
			continue
		}
		entries = append(entries, indexEntry{e.Name, pack.SHA1.ID(e.Hash[:])})
	}
	return entries, nil
}

// readOptional is os.ReadFile to which a missing file is empty.
func readOptional(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
