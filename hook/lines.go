package hook

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"rummage/gitscan"
)

// Bounds of what git hands to a hook: a ref's name fits into a packet line of 65,520 bytes, and a mirror of a repository
// with half a million refs is pushed in one go.
const (
	maxLine    = 1 << 16
	maxUpdates = 500_000
)

// ReadUpdates reads the lines that git writes to a pre-receive hook: the id that a ref has, the id that it is to have, and
// its name, which may hold any byte but a line feed and a NUL. What git would not write is an error of one line.
func ReadUpdates(r io.Reader) (updates []gitscan.Update, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("ref line %d is longer than %d bytes", len(updates)+1, maxLine)
		case errors.Is(err, io.EOF) && len(line) == 0:
			return updates, nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("ref line %d does not end", len(updates)+1)
		case err != nil:
			return nil, fmt.Errorf("ref lines: %w", err)
		case len(updates) == maxUpdates:
			return nil, fmt.Errorf("more than %d refs in one push", maxUpdates)
		}
		u, ok := parseUpdate(string(line[:len(line)-1]))
		if !ok || len(updates) > 0 && len(u.New) != len(updates[0].New) {
			return nil, fmt.Errorf("ref line %d is not one of git: want OLD NEW REF", len(updates)+1)
		}
		updates = append(updates, u)
	}
}

func parseUpdate(line string) (u gitscan.Update, ok bool) {
	var rest string
	if u.Old, rest, ok = strings.Cut(line, " "); !ok {
		return u, false
	}
	if u.New, u.Ref, ok = strings.Cut(rest, " "); !ok {
		return u, false
	}
	return u, isID(u.Old) && isID(u.New) && len(u.Old) == len(u.New) && u.Ref != "" && !strings.ContainsRune(u.Ref, 0)
}

// isID reports whether s is an id as git writes it, of SHA-1 or SHA-256.
func isID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}
