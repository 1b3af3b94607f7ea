package pack

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
)

// Format is a repository's object format: which hash names its objects.
type Format uint8

// The object formats that git has.
const (
	SHA1 Format = iota
	SHA256
)

// Size is the length of an object id in bytes.
func (f Format) Size() int {
	if f == SHA256 {
		return sha256.Size
	}
	return sha1.Size
}

// String is the name git gives the format in extensions.objectFormat.
func (f Format) String() string {
	if f == SHA256 {
		return "sha256"
	}
	return "sha1"
}

// New is a fresh hash of the format.
func (f Format) New() hash.Hash {
	if f == SHA256 {
		return sha256.New()
	}
	return sha1.New()
}

// ID is an object id. Ids of SHA-1 use the first 20 bytes, the rest is zero.
type ID [32]byte

// ID reads an id from its first Size bytes.
func (f Format) ID(b []byte) (id ID) {
	copy(id[:], b[:f.Size()])
	return id
}

// Hex is the id in hexadecimal, as git prints it.
func (f Format) Hex(id ID) string { return hex.EncodeToString(id[:f.Size()]) }

// Parse reads a full hexadecimal id.
func (f Format) Parse(s string) (ID, error) { return f.ParseBytes([]byte(s)) }

// ParseBytes is Parse of bytes.
func (f Format) ParseBytes(s []byte) (id ID, err error) {
	if len(s) != 2*f.Size() {
		return id, fmt.Errorf("object id of %d digits, want %d", len(s), 2*f.Size())
	}
	if _, err := hex.Decode(id[:], s); err != nil {
		return ID{}, fmt.Errorf("object id: %w", err)
	}
	return id, nil
}

// Compare orders ids as git does.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// IsZero tells the null id, which names no object.
func (id ID) IsZero() bool { return id == ID{} }

// Kind is the type of an object, with the numbers that packs use.
type Kind uint8

// The kinds of objects and, below Tag, the two kinds of deltas.
const (
	Commit   Kind = 1
	Tree     Kind = 2
	Blob     Kind = 3
	Tag      Kind = 4
	ofsDelta Kind = 6
	refDelta Kind = 7
)

var kindNames = [...]string{Commit: "commit", Tree: "tree", Blob: "blob", Tag: "tag", ofsDelta: "ofs-delta", refDelta: "ref-delta"}

// String is the name that git uses in object headers.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

func kindByName(s string) (Kind, bool) {
	for k := Commit; k <= Tag; k++ {
		if kindNames[k] == s {
			return k, true
		}
	}
	return 0, false
}

// Kinds is a set of kinds.
type Kinds uint16

// Of makes a set.
func Of(kinds ...Kind) (s Kinds) {
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has reports membership.
func (s Kinds) Has(k Kind) bool { return s&(1<<k) != 0 }

// matches reports whether content of a kind has an id: the hash of "kind SP size NUL content".
func (f Format) matches(id ID, k Kind, data []byte) bool { return f.Hash(k, data) == id }

// Hash is the id that content of a kind has.
func (f Format) Hash(k Kind, data []byte) ID {
	var buf [maxHeader]byte
	head := append(buf[:0], k.String()...)
	head = append(head, ' ')
	head = strconv.AppendInt(head, int64(len(data)), 10)
	head = append(head, 0)
	h := f.New()
	h.Write(head)
	h.Write(data)
	var id ID
	h.Sum(id[:0])
	return id
}
