package sent

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/pjbgf/sha1cd"
)

// ID is an object id of SHA-1.
type ID [20]byte

// Parse reads an id in hexadecimal.
func Parse(s string) (id ID, ok bool) {
	if len(s) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// String is the id in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// The kinds of objects, with the numbers of packs.
type kind uint8

const (
	commit   kind = 1
	tree     kind = 2
	blob     kind = 3
	tag      kind = 4
	ofsDelta kind = 6
	refDelta kind = 7
)

func (k kind) String() string {
	return [...]string{"", "commit", "tree", "blob", "tag", "", "", ""}[k&7]
}

// hashOf is the id of an object. It is an error when the object was made to have the id of another one.
func hashOf(k kind, data []byte) (id ID, err error) {
	h := sha1cd.New().(sha1cd.CollisionResistantHash)
	fmt.Fprintf(h, "%s %d\x00", k, len(data))
	h.Write(data)
	sum, collides := h.CollisionResistantSum(nil)
	copy(id[:], sum)
	if collides {
		return id, errors.New("an object that was made to have the id of another")
	}
	return id, nil
}

// commitLinks are what a commit names.
type commitLinks struct {
	tree    ID
	parents []ID
	time    int64
}

var errLinks = errors.New("an object that does not say what it names")

func readCommit(data []byte) (c commitLinks, err error) {
	seen := false
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if len(line) == 0 {
			break
		}
		key, value, _ := bytes.Cut(line, []byte(" "))
		switch string(key) {
		case "tree", "parent":
			id, ok := Parse(string(value))
			switch {
			case !ok, key[0] == 't' && seen:
				return c, errLinks
			case key[0] == 't':
				c.tree, seen = id, true
			default:
				c.parents = append(c.parents, id)
			}
		case "committer":
			fields := bytes.Fields(value[bytes.LastIndexByte(value, '>')+1:])
			if len(fields) > 0 {
				c.time, _ = strconv.ParseInt(string(fields[0]), 10, 64) // of one without a date nothing is known, which costs time
			}
		}
	}
	if !seen {
		return c, errLinks
	}
	return c, nil
}

// tagTarget is what a tag names.
func tagTarget(data []byte) (id ID, err error) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	value, is := bytes.CutPrefix(line, []byte("object "))
	id, ok := Parse(string(value))
	if !is || !ok {
		return id, errLinks
	}
	return id, nil
}

// entry is one of a tree.
type entry struct {
	name []byte
	id   ID
	dir  bool
	link bool // to a commit of another repository
}

// readTree visits the entries of a tree.
func readTree(data []byte, visit func(entry) error) error {
	for len(data) > 0 {
		space := bytes.IndexByte(data, ' ')
		if space < 1 || space > 7 {
			return errLinks
		}
		mode, err := strconv.ParseUint(string(data[:space]), 8, 32)
		if err != nil {
			return errLinks
		}
		data = data[space+1:]
		nul := bytes.IndexByte(data, 0)
		if nul < 1 || len(data) < nul+1+len(ID{}) {
			return errLinks
		}
		e := entry{name: data[:nul], dir: mode&0o170000 == 0o040000, link: mode&0o170000 == 0o160000}
		copy(e.id[:], data[nul+1:])
		data = data[nul+1+len(ID{}):]
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}
