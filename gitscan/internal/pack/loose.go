package pack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"rummage/gitscan/internal/disk"
)

// looseDir is the loose objects of one object directory: files named by their id, each a zlib stream of
// "kind SP size NUL content".
type looseDir struct {
	files  disk.Files
	dir    string
	format Format
	ids    []ID // ascending
}

func openLoose(files disk.Files, dir string, f Format) (*looseDir, error) {
	l := &looseDir{files: files, dir: dir, format: f}
	subs, err := files.ReadNames(dir) // most repositories have few of the 256
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		if b, err := hex.DecodeString(sub); err != nil || len(b) != 1 || hex.EncodeToString(b) != sub {
			continue
		}
		names, err := files.ReadNames(filepath.Join(dir, sub))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			// Temporary files (tmp_obj_…) are not objects.
			if id, err := f.Parse(sub + name); err == nil {
				l.ids = append(l.ids, id)
			}
		}
	}
	slices.SortFunc(l.ids, ID.Compare)
	return l, nil
}

func (l *looseDir) find(id ID) (int, bool) { return slices.BinarySearchFunc(l.ids, id, ID.Compare) }

func (l *looseDir) path(id ID) string {
	name := l.format.Hex(id)
	return filepath.Join(l.dir, name[:2], name[2:])
}

// maxHeader is more than "commit 9223372036854775807\x00".
const maxHeader = 32

// looseFile is a loose object's file with its header read.
type looseFile struct {
	raw    []byte
	kind   Kind
	size   int // of the content
	header int // bytes before the content
}

// open reads the file and its header. raw is bounded by the file's size on disk.
func (l *looseDir) open(id ID, inf *inflater) (lf looseFile, err error) {
	lf.raw, err = l.files.ReadFile(l.path(id))
	if err != nil {
		return lf, err
	}
	var buf [maxHeader]byte
	head, err := inf.prefix(buf[:0], lf.raw, maxHeader)
	if err != nil {
		return lf, err
	}
	nul := bytes.IndexByte(head, 0)
	sp := bytes.IndexByte(head, ' ')
	if nul < 0 || sp < 0 || sp > nul {
		return lf, errors.New("loose object has no header")
	}
	kind, ok := kindByName(string(head[:sp]))
	if !ok {
		return lf, fmt.Errorf("loose object of unknown type %q", head[:sp])
	}
	size, err := strconv.ParseUint(string(head[sp+1:nul]), 10, 62)
	if err != nil {
		return lf, errors.New("loose object has no size")
	}
	lf.kind, lf.size, lf.header = kind, int(size), nul+1
	return lf, nil
}

// content appends the object's content to dst.
func (lf *looseFile) content(dst []byte, inf *inflater) ([]byte, error) {
	start := len(dst)
	dst, err := inf.inflate(dst, lf.raw, lf.header+lf.size)
	if err != nil {
		return dst, err
	}
	copy(dst[start:], dst[start+lf.header:])
	return dst[:len(dst)-lf.header], nil
}
