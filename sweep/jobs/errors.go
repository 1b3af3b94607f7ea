package jobs

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// SQLite's primary result codes.
const (
	sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteIOErr, sqliteCorrupt = 5, 6, 8, 10, 11
	sqliteFull, sqliteCantOpen, sqliteNotADB                             = 13, 14, 26
)

// oneLine cuts an error to one escaped line and says first what is wrong and what to do.
func oneLine(err error) error {
	var done lineError
	if err == nil || errors.As(err, &done) {
		return err
	}
	s := clip(err.Error())
	if w := what(err); w != "" {
		s = w + ": " + s
	}
	return lineError{s, err}
}

func what(err error) string {
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() & 0xff {
		case sqliteBusy, sqliteLocked:
			return "the job database is locked: is another program holding it?"
		case sqliteReadOnly:
			return "the job database cannot be written: check the rights of the file and its directory"
		case sqliteFull:
			return "the disk of the job database is full: free some space"
		case sqliteCantOpen:
			return "the job database cannot be opened: check its path and rights"
		case sqliteNotADB, sqliteCorrupt:
			return "the job database is damaged or no SQLite file: move it away, it holds no findings"
		case sqliteIOErr:
			return "the job database cannot be read or written, is its disk full?"
		}
	}
	var p *pgconn.PgError
	if errors.As(err, &p) {
		switch p.Code {
		case "25006":
			return "the job database cannot be written: the server or the user is read-only"
		case "53100":
			return "the disk of the job database is full: free some space"
		case "42501":
			return "the job database cannot be used: the user lacks rights"
		case "55P03":
			return "the job database is locked: is another program holding it?"
		}
	}
	return ""
}

// unwritable: another try at once does not mend it.
func unwritable(err error) bool {
	if s := (*sqlite.Error)(nil); errors.As(err, &s) {
		code := s.Code() & 0xff
		return code == sqliteFull || code == sqliteIOErr || code == sqliteReadOnly
	}
	p := (*pgconn.PgError)(nil)
	return errors.As(err, &p) && (p.Code == "53100" || p.Code == "25006")
}

type lineError struct {
	s   string
	err error
}

func (e lineError) Error() string { return e.s }
func (e lineError) Unwrap() error { return e.err }

func clip(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	q := strconv.QuoteToASCII(s)
	q = strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
	if len(q) > 300 {
		q = q[:300] + "..."
	}
	return q
}
