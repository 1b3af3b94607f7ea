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
func ReadUpdates(r io.Reader) ([]gitscan.Update, error) { return readLines(r, parseUpdate) }

// ReadOutgoing reads the lines that git writes to a pre-push hook: the name of a ref here and the id that it has, its name there
// and the id that it has there. The name here may be an expression, and is "(delete)" for a ref that is to be deleted.
func ReadOutgoing(r io.Reader) ([]gitscan.Update, error) { return readLines(r, parseOutgoing) }

func parseOutgoing(line string) (u gitscan.Update, ok bool) {
	fields := strings.Split(line, " ") // no name of a ref has a space
	if len(fields) < 4 {
		return u, false
	}
	fields = fields[len(fields)-3:]
	return parseUpdate(fields[2] + " " + fields[0] + " " + fields[1])
}

func readLines(r io.Reader, parse func(string) (gitscan.Update, bool)) (updates []gitscan.Update, err error) {
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
		u, ok := parse(string(line[:len(line)-1]))
		if !ok || len(updates) > 0 && len(u.New) != len(updates[0].New) {
			return nil, fmt.Errorf("ref line %d is not one of git", len(updates)+1)
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
