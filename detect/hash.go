package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// hashVersion changes when the same rules come to match differently.
const hashVersion = "rummage ruleset 1"

// hasher writes values so that no two sequences of values give the same bytes: every string and list is preceded by
// its length.
type hasher struct {
	h   hash.Hash
	buf [8]byte
}

func (h *hasher) int(n int) {
	binary.LittleEndian.PutUint64(h.buf[:], uint64(n))
	h.h.Write(h.buf[:])
}

func (h *hasher) str(s string) {
	h.int(len(s))
	h.h.Write([]byte(s))
}

func (h *hasher) strs(list []string) {
	h.int(len(list))
	for _, s := range list {
		h.str(s)
	}
}

func (h *hasher) bool(b bool) {
	if b {
		h.int(1)
	} else {
		h.int(0)
	}
}

func (h *hasher) allowlists(list []*Allowlist) {
	h.int(len(list))
	for _, a := range list {
		h.bool(a.All)
		h.strs(a.Commits)
		h.strs(a.Paths)
		h.str(string(a.Target))
		h.strs(a.Regexes)
		h.strs(a.Stopwords)
	}
}

// rule writes what changes the matches of r, and nothing that only describes it.
func (h *hasher) rule(r *Rule) {
	h.str(r.ID)
	h.str(r.Kind)
	h.str(r.Regex)
	h.str(r.Path)
	h.int(r.SecretGroup)
	h.int(int(math.Float64bits(r.Entropy)))
	h.strs(r.Keywords)
	h.bool(r.SkipReport)
	h.allowlists(r.Allowlists)
	h.int(len(r.Required))
	for _, q := range r.Required {
		h.str(q.ID)
		h.int(q.Lines)
		h.int(q.Columns)
	}
	h.int(len(r.In))
	for _, c := range r.In {
		h.str(string(c))
	}
	h.str(r.Key)
	h.str(r.Value)
	h.str(r.Checksum)
	h.str(r.ChecksumWrong)
	h.str(r.Filter)
	h.int(r.Specificity)
	h.bool(r.Foreign)
}

func hashRuleset(rs *Ruleset) string {
	h := hasher{h: sha256.New()}
	h.str(hashVersion)
	h.allowlists(rs.allowlists)
	h.int(len(rs.rules))
	for _, r := range rs.rules {
		h.rule(r)
	}
	return hex.EncodeToString(h.h.Sum(nil))
}
