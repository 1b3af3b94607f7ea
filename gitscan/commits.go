package gitscan

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// header is the parsed head of a commit object. Bytes alias the object.
type header struct {
	tree    pack.ID
	parents []pack.ID
	author  []byte
	time    int64
	message []byte
}

var errCommit = errors.New("commit object has no tree")

// parseCommit reads the head of a commit: "tree ID", "parent ID"…, "author …", "committer …", further headers with
// continuation lines that begin with a space, an empty line, the message. parents is reused.
func parseCommit(f pack.Format, data []byte, parents []pack.ID) (h header, err error) {
	h.parents = parents[:0]
	seenTree := false
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		if len(line) == 0 {
			h.message = data
			break
		}
		key, value, _ := bytes.Cut(line, []byte{' '})
		switch string(key) {
		case "tree", "parent":
			id, err := f.Parse(string(value))
			if err != nil {
				return h, errCommit
			}
			if key[0] == 't' {
				h.tree, seenTree = id, true
			} else {
				h.parents = append(h.parents, id)
			}
		case "author":
			h.author = value
		case "committer":
			h.time = signatureTime(value).Unix()
		}
	}
	if !seenTree {
		return h, errCommit
	}
	return h, nil
}

// signatureTime reads the end of "Name <email> SECONDS ±ZONE".
func signatureTime(sig []byte) time.Time {
	i := bytes.LastIndexByte(sig, '>')
	if i < 0 {
		return time.Unix(0, 0).UTC()
	}
	fields := strings.Fields(string(sig[i+1:]))
	if len(fields) == 0 {
		return time.Unix(0, 0).UTC()
	}
	sec, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || sec < 0 || sec > 1<<36 { // to the year 4147: RFC 3339 cannot say years past 9999
		return time.Unix(0, 0).UTC()
	}
	t := time.Unix(sec, 0).UTC()
	if len(fields) > 1 && len(fields[1]) == 5 {
		if z, err := strconv.Atoi(fields[1]); err == nil && z > -1500 && z < 1500 {
			t = t.In(time.FixedZone("", (z/100*60+z%100)*60))
		}
	}
	return t
}

// signatureWho is the name and address of "Name <email> …".
func signatureWho(sig []byte) (name, email string) {
	lt := bytes.IndexByte(sig, '<')
	gt := bytes.LastIndexByte(sig, '>')
	if lt < 0 || gt < lt {
		return strings.TrimSpace(string(sig)), ""
	}
	return strings.TrimSpace(string(sig[:lt])), string(sig[lt+1 : gt])
}

// describe makes what reports show of a commit.
func describe(f pack.Format, id pack.ID, data []byte) *scan.Commit {
	c := &scan.Commit{ID: f.Hex(id)}
	h, err := parseCommit(f, data, nil)
	if err != nil {
		return c
	}
	name, email := signatureWho(h.author)
	c.Author, c.Email = strings.ToValidUTF8(name, "\uFFFD"), strings.ToValidUTF8(email, "\uFFFD")
	c.Date = signatureTime(h.author)
	c.Message = strings.ToValidUTF8(strings.TrimSpace(string(h.message)), "\uFFFD")
	// git's subject is the first paragraph on one line.
	subject, _, _ := strings.Cut(c.Message, "\n\n")
	c.Subject = strings.Join(strings.Fields(subject), " ")
	return c
}

// tagTarget reads what an annotated tag points to, and its message.
func tagTarget(f pack.Format, data []byte) (id pack.ID, kind, message string, err error) {
	head, msg, _ := bytes.Cut(data, []byte("\n\n"))
	for line := range bytes.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimRight(string(line), "\n"), " ")
		switch key {
		case "object":
			if id, err = f.Parse(value); err != nil {
				return id, "", "", err
			}
		case "type":
			kind = value
		}
	}
	if id.IsZero() {
		return id, "", "", errors.New("tag object names no object")
	}
	return id, kind, string(msg), nil
}
