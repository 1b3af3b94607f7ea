package gitscan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"rummage/gitscan/internal/pack"
)

// State is which objects a repository had at a complete scan, and how that scan was made. It holds ids of objects and
// hashes, nothing of what is in them. A State is never changed once made.
type State struct {
	terms  Terms
	format pack.Format
	packs  [][sha256.Size]byte // pack.Store.PackSum, ascending
	// Ids, ascending, each once. What commits reach is known too; of a very long history not all are listed.
	commits, tags []pack.ID
	loose         []pack.ID // objects outside packs
	apart         []pack.ID // blobs that no commit has, and what refs name without a commit
	// partial says that there were more packs, loose or apart objects than are listed.
	partial bool
}

// Terms are what must be the same for a scan to build on another one.
type Terms struct {
	Engine      string // which version of the program
	Rules       string // hash of the rules
	MaxBlob     int    // bytes
	Unreachable bool   // was what no ref reaches searched?
}

// MaxState bounds the size of a state in bytes.
const MaxState = 64 << 20

// Bounds of what a state lists: with the ids of SHA-256 in base64 all of it takes 63 MiB.
const (
	maxStateCommits = 1 << 20
	maxStateTags    = 1 << 16
	maxStateLoose   = 1 << 18
	maxStateApart   = 1 << 17
	maxStatePacks   = 1 << 14
)

const stateSchema = 1

// stateFile is a state as JSON: lists of ids are the ids' bytes one after the other, in base64.
type stateFile struct {
	Schema      int    `json:"schema"`
	Engine      string `json:"engine"`
	Rules       string `json:"rules"`
	Objects     string `json:"objects"` // sha1 or sha256
	MaxBlob     int    `json:"max_blob"`
	Unreachable bool   `json:"unreachable"`
	Partial     bool   `json:"partial"`
	Packs       []byte `json:"packs"`
	Commits     []byte `json:"commits"`
	Tags        []byte `json:"tags"`
	Loose       []byte `json:"loose"`
	Apart       []byte `json:"apart"`
	Check       string `json:"check"` // SHA-256 of the file with this empty
}

func (f stateFile) encode() []byte {
	data, err := json.Marshal(f)
	if err != nil {
		panic("gitscan: internal error: state: " + err.Error()) // strings, numbers and bytes always can
	}
	return append(data, '\n')
}

func (f stateFile) sum() string {
	f.Check = ""
	sum := sha256.Sum256(f.encode())
	return hex.EncodeToString(sum[:])
}

// Write writes the state as JSON.
func (s *State) Write(w io.Writer) error {
	f := stateFile{Schema: stateSchema, Engine: s.terms.Engine, Rules: s.terms.Rules, Objects: s.format.String(), MaxBlob: s.terms.MaxBlob,
		Unreachable: s.terms.Unreachable, Partial: s.partial, Packs: []byte{}, Commits: s.join(s.commits), Tags: s.join(s.tags),
		Loose: s.join(s.loose), Apart: s.join(s.apart)}
	for _, p := range s.packs {
		f.Packs = append(f.Packs, p[:]...)
	}
	f.Check = f.sum()
	_, err := w.Write(f.encode())
	return err
}

func (s *State) join(ids []pack.ID) []byte {
	b := make([]byte, 0, len(ids)*s.format.Size())
	for _, id := range ids {
		b = append(b, id[:s.format.Size()]...)
	}
	return b
}

var errStateDamaged = errors.New("is no state of a scan, or a damaged one")

// ReadState reads what Write wrote. The error is one line.
func ReadState(r io.Reader) (*State, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxState+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxState {
		return nil, fmt.Errorf("larger than %d bytes", MaxState)
	}
	var head struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.Schema < 1 {
		return nil, errStateDamaged
	}
	if head.Schema != stateSchema {
		return nil, fmt.Errorf("has schema %d, of another version of rummage", head.Schema)
	}
	var f stateFile
	// Only the bytes that Write writes are taken: nothing else has the right sum, and no two files mean the same.
	if err := json.Unmarshal(data, &f); err != nil || !bytes.Equal(f.encode(), data) || f.sum() != f.Check {
		return nil, errStateDamaged
	}
	return f.state()
}

func (f *stateFile) state() (*State, error) {
	s := &State{terms: Terms{Engine: f.Engine, Rules: f.Rules, MaxBlob: f.MaxBlob, Unreachable: f.Unreachable}, partial: f.Partial}
	switch f.Objects {
	case pack.SHA1.String():
	case pack.SHA256.String():
		s.format = pack.SHA256
	default:
		return nil, errStateDamaged
	}
	if f.Packs == nil || len(f.Packs)%sha256.Size != 0 {
		return nil, errStateDamaged
	}
	for b := f.Packs; len(b) > 0; b = b[sha256.Size:] {
		s.packs = append(s.packs, [sha256.Size]byte(b))
	}
	if !ascending(s.packs, compareSums) {
		return nil, errStateDamaged
	}
	for _, l := range []struct {
		to    *[]pack.ID
		bytes []byte
	}{{&s.commits, f.Commits}, {&s.tags, f.Tags}, {&s.loose, f.Loose}, {&s.apart, f.Apart}} {
		n := s.format.Size()
		if l.bytes == nil || len(l.bytes)%n != 0 {
			return nil, errStateDamaged
		}
		*l.to = make([]pack.ID, 0, len(l.bytes)/n)
		for b := l.bytes; len(b) > 0; b = b[n:] {
			*l.to = append(*l.to, s.format.ID(b))
		}
		if !ascending(*l.to, pack.ID.Compare) {
			return nil, errStateDamaged
		}
	}
	return s, nil
}

// ascending reports whether a list is in order, each member once.
func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

// Fits says why a scan on these terms cannot build on the one that made the state; nil when it can.
func (s *State) Fits(t Terms) error {
	switch {
	case s.terms.Engine != t.Engine:
		return errors.New("was made by another version of rummage")
	case s.terms.Rules != t.Rules:
		return errors.New("was made with other rules")
	case s.terms.MaxBlob != t.MaxBlob:
		return errors.New("was made with another --max-blob")
	case s.terms.Unreachable && !t.Unreachable:
		return errors.New("was made without --no-unreachable")
	case s.terms.Unreachable != t.Unreachable:
		return errors.New("was made with --no-unreachable")
	}
	return nil
}

func compareSums(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) }

// settle puts the lists in order and within their bounds.
func (s *State) settle() {
	for _, l := range []struct {
		ids   *[]pack.ID
		limit int
	}{{&s.commits, maxStateCommits}, {&s.tags, maxStateTags}, {&s.loose, maxStateLoose}, {&s.apart, maxStateApart}} {
		slices.SortFunc(*l.ids, pack.ID.Compare)
		*l.ids = slices.Compact(*l.ids)
		if len(*l.ids) > l.limit {
			*l.ids, s.partial = (*l.ids)[:l.limit], true
		}
	}
	slices.SortFunc(s.packs, compareSums)
	s.packs = slices.Compact(s.packs)
	if len(s.packs) > maxStatePacks {
		s.packs, s.partial = s.packs[:maxStatePacks], true
	}
}
