package mirror

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// store is one bare repository below the root.
type store struct {
	key     string // format/name, by which its locks are named too
	dir     string
	sha256  bool
	partial bool
}

// nameOf is a short name for an id that anybody may have chosen.
func nameOf(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + id))
	return hex.EncodeToString(sum[:12])
}

// storeFor is the store of a request in an object format. Blobs left out are left out of the whole store, so it is
// another one.
func (m *Mirror) storeFor(r *Request, sha256 bool) *store {
	format := "sha1"
	if sha256 {
		format = "sha256"
	}
	name := nameOf("network", r.network())
	if r.MaxBlob > 0 {
		name += fmt.Sprintf("-%d", r.MaxBlob)
	}
	if m.git == "" {
		format, name = "gogit", nameOf("repo", r.Repo)
	}
	return &store{key: format + "-" + name, dir: filepath.Join(m.root, format, name), sha256: sha256, partial: r.MaxBlob > 0 && m.git != ""}
}

// exists is true for one that was made whole: its configuration is written last.
func (s *store) exists() bool {
	_, err := os.Stat(filepath.Join(s.dir, "config"))
	return err == nil
}

// create makes an empty store, without git: no template, hook or default of this machine's gets into it.
func (s *store) create() error {
	for _, sub := range []string{"objects/pack", "objects/info", "refs/r", "refs/seen"} {
		if err := os.MkdirAll(filepath.Join(s.dir, filepath.FromSlash(sub)), 0o700); err != nil {
			return err
		}
	}
	config := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tlogAllRefUpdates = false\n"
	if s.sha256 {
		config += "[extensions]\n\tobjectFormat = sha256\n"
	}
	if s.partial {
		limit := s.dir[strings.LastIndexByte(s.dir, '-')+1:]
		config += "[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\tpromisor = true\n\tpartialclonefilter = blob:limit=" + limit + "\n"
	}
	if err := writeFile(filepath.Join(s.dir, "HEAD"), "ref: refs/heads/none\n"); err != nil {
		return err
	}
	return writeFile(filepath.Join(s.dir, "config"), config)
}

// begin says that a store is being changed, end that this went to its end. The file stays under one of two names: making one costs most
// of what a small fetch does, and a name is on the disk before those that come after it, which what is in a file need not be.
func (s *store) begin() error {
	err := os.Rename(filepath.Join(s.dir, "finished"), filepath.Join(s.dir, unfinishedFile))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, unfinishedFile), os.O_WRONLY|os.O_CREATE, 0o600) // the first change, or one upon one that did not end
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *store) end() error {
	return os.Rename(filepath.Join(s.dir, unfinishedFile), filepath.Join(s.dir, "finished"))
}

const unfinishedFile = "unfinished"

// begun reports whether a change did not go to its end, or may not have.
func (s *store) begun() bool {
	_, err := os.Lstat(filepath.Join(s.dir, unfinishedFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// repair removes what somebody left behind who was killed while changing the store, if it says that.
func (s *store) repair() error {
	if !s.begun() {
		return nil
	}
	_, err := s.clear()
	return err
}

// clear removes what is there only while somebody changes the store. The lock is ours, and whatever git another had started would
// still have it.
func (s *store) clear() (removed int, err error) {
	pack := filepath.Join(s.dir, "objects", "pack")
	err = filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		// A name of the remote's never ends in .lock.
		stale := strings.HasSuffix(name, ".lock") || name == "packed-refs.new" || name == "gc.pid"
		if strings.HasPrefix(path, filepath.Join(s.dir, "objects")) {
			stale = stale || strings.HasPrefix(name, "tmp_") || strings.HasPrefix(name, ".tmp-")
		}
		if filepath.Dir(path) == pack {
			stale = stale || strings.HasSuffix(name, ".keep")
			if base, ok := strings.CutSuffix(path, ".pack"); ok {
				_, err := os.Stat(base + ".idx") // which is the last to come
				stale = stale || errors.Is(err, fs.ErrNotExist)
			}
		}
		if !stale || path == s.dir {
			return nil
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		removed++
		if d.IsDir() {
			return filepath.SkipDir
		}
		return nil
	})
	return removed, err
}

// discard takes a store away at once; what is left to be removed has no name that anybody looks for.
func (m *Mirror) discard(s *store) error {
	trash := filepath.Join(m.root, "trash", fmt.Sprintf("%s.%d.%d", s.key, os.Getpid(), time.Now().UnixNano()))
	if err := os.Rename(s.dir, trash); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return os.RemoveAll(trash)
}
