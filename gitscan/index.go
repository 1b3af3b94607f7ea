package gitscan

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"rummage/gitscan/internal/disk"
	"rummage/gitscan/internal/pack"
)

// indexEntry is a staged file.
type indexEntry struct {
	path string
	id   pack.ID
}

// readIndex lists the staged blobs (submodules left out). The error is fs.ErrNotExist when there is no index.
func (r *Repo) readIndex() ([]indexEntry, error) {
	data, err := r.dirs.files.ReadFile(cmp.Or(r.o.Index, filepath.Join(r.dirs.gitDir, "index")))
	if err != nil {
		return nil, err
	}
	return parseIndex(r.format.objects, data)
}

// Layout of an index (gitformat-index(5)): the header is "DIRC", version and number of entries; an entry is stat data
// with the mode in it, the object id, flags and the path.
const (
	indexHeader       = 12
	indexMode         = 24
	indexStat         = 40
	indexExtended     = 0x4000 // of the flags: two bytes of further flags follow
	indexIntentToAdd  = 0x2000 // of the further flags: the path was announced, its content is not there yet
	indexExtensionLen = 8
)

var errIndex = errors.New("is cut short or damaged")

// parseIndex reads an index of version 2, 3 or 4, and refuses one whose checksum is wrong (none is right: git can be
// told not to write it) or that has an extension without which it would be understood wrongly.
func parseIndex(f pack.Format, data []byte) (entries []indexEntry, err error) {
	if len(data) < indexHeader+f.Size() || !bytes.HasPrefix(data, []byte("DIRC")) {
		return nil, errIndex
	}
	version, n := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("version %d is not known", version)
	}
	rest, sum := data[:len(data)-f.Size()], f.ID(data[len(data)-f.Size():])
	h := f.New()
	h.Write(rest)
	if !sum.IsZero() && f.ID(h.Sum(nil)) != sum {
		return nil, errIndex
	}
	rest = rest[indexHeader:]
	var path []byte
	for range n {
		var mode, further uint32
		var id pack.ID
		if len(rest) < indexStat+f.Size()+2 {
			return nil, errIndex
		}
		start := rest
		mode, id = binary.BigEndian.Uint32(rest[indexMode:]), f.ID(rest[indexStat:])
		flags := binary.BigEndian.Uint16(rest[indexStat+f.Size():])
		rest = rest[indexStat+f.Size()+2:]
		if flags&indexExtended != 0 {
			if version < 3 || len(rest) < 2 {
				return nil, errIndex
			}
			further, rest = uint32(binary.BigEndian.Uint16(rest)), rest[2:]
		}
		if path, rest, err = indexPath(version, path, start, rest); err != nil {
			return nil, err
		}
		if t := mode & modeType; t != modeGitlink && t != modeDir && further&indexIntentToAdd == 0 {
			entries = append(entries, indexEntry{string(path), id})
		}
	}
	return entries, checkExtensions(rest)
}

// indexPath reads the path of an entry that begins at start. In version 4 it is how many bytes of the path before fall
// away and what comes instead; earlier ones have it whole, with NUL bytes up to a multiple of eight.
func indexPath(version uint32, path, start, rest []byte) (newPath, newRest []byte, err error) {
	drop := len(path)
	if version == 4 {
		n := uint64(0)
		for i := 0; ; i++ {
			if i > 8 || i >= len(rest) {
				return nil, nil, errIndex
			}
			n = n<<7 | uint64(rest[i]&0x7f)
			if rest[i]&0x80 == 0 {
				rest = rest[i+1:]
				break
			}
			n++
		}
		if n > uint64(len(path)) {
			return nil, nil, errIndex
		}
		drop = int(n)
	}
	nul := bytes.IndexByte(rest, 0)
	if nul < 0 {
		return nil, nil, errIndex
	}
	path = append(path[:len(path)-drop], rest[:nul]...)
	if version == 4 {
		return path, rest[nul+1:], nil
	}
	length := (len(start) - len(rest) + nul + 8) &^ 7
	if length > len(start) {
		return nil, nil, errIndex
	}
	return path, start[length:], nil
}

// checkExtensions refuses what must be understood and is not: extensions whose names begin with a small letter. Of
// these a sparse index ("sdir") only has directories that HEAD has too, and those are left out.
func checkExtensions(rest []byte) error {
	for len(rest) > 0 {
		if len(rest) < indexExtensionLen {
			return errIndex
		}
		name, size := string(rest[:4]), binary.BigEndian.Uint32(rest[4:])
		if rest = rest[indexExtensionLen:]; uint64(size) > uint64(len(rest)) {
			return errIndex
		}
		rest = rest[size:]
		switch {
		case name == "link":
			return errors.New("a split index is not read; write it whole with: git update-index --no-split-index")
		case name[0] >= 'a' && name[0] <= 'z' && name != "sdir":
			return fmt.Errorf("extension %q is not known", name)
		}
	}
	return nil
}

// readOptional reads a file; a missing one is empty.
func readOptional(files disk.Files, path string) ([]byte, error) {
	data, err := files.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
