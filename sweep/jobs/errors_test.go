package jobs

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"rummage/sweep/internal/pgtest"
)

// told checks that an error is one line with the words.
func told(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 600 {
		t.Errorf("not one line: %q", err)
	}
}

func TestSQLiteErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "jobs.db")
	j := open(t, path)
	add := func() error {
		_, _, err := j.Enqueue(t.Context(), "job", arg{1}, EnqueueOptions{})
		return err
	}
	execute(t, j, "PRAGMA busy_timeout = 20")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	told(t, add(), "the job database is locked")
	if _, err := other.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := add(); err != nil {
		t.Fatal(err)
	}

	execute(t, j, "PRAGMA query_only = ON")
	told(t, add(), "cannot be written", "rights")
	execute(t, j, "PRAGMA query_only = OFF")

	execute(t, j, "PRAGMA max_page_count = 1") // raised to the pages there are
	var full error
	for range 1000 {
		if full = add(); full != nil {
			break
		}
	}
	told(t, full, "the disk of the job database is full")
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), text, Options{})
	told(t, err, "text", "damaged or no SQLite file")
	if b, err := os.ReadFile(text); err != nil || len(b) != 12000 {
		t.Errorf("the file was changed: %d bytes, %v", len(b), err)
	}
	_, err = Open(t.Context(), dir, Options{})
	told(t, err, "directory")
	_, err = Open(t.Context(), filepath.Join(dir, "none", "jobs.db"), Options{})
	told(t, err, "none", "no such file")
	_, err = Open(t.Context(), "postgres://user:pass%word@[/", Options{})
	told(t, err, "the address cannot be read")
	if strings.Contains(err.Error(), "pass%word") {
		t.Errorf("%q tells the password", err)
	}
	_, err = Open(t.Context(), "postgres://user:hidden-word@127.0.0.1:1/db", Options{})
	told(t, err, "connect")
	if strings.Contains(err.Error(), "hidden-word") {
		t.Errorf("%q tells the password", err)
	}
}

// TestWeirdPath: a path is no URL.
func TestWeirdPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names, and removes no open file")
	}
	path := filepath.Join(t.TempDir(), "a b?mode=memory#c%41.db")
	enqueue(t, open(t, path), "job", 1, EnqueueOptions{})
	if n := count(t, open(t, path), "SELECT count(*) FROM river_job"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

func TestPostgresErrors(t *testing.T) {
	dsn := pgtest.Database(t, true)
	j := open(t, dsn)
	execute(t, j, "ALTER DATABASE "+dsn[strings.LastIndex(dsn, "/")+1:strings.Index(dsn, "?")]+" SET default_transaction_read_only = on")
	_, err := Open(t.Context(), dsn, Options{})
	told(t, err, "the job database cannot be written")
	_, err = Open(t.Context(), strings.Replace(dsn, pgtest.Password, "hidden-word", 1), Options{})
	told(t, err, "password authentication failed")
	if strings.Contains(err.Error(), "hidden-word") {
		t.Errorf("%q tells the password", err)
	}
}

// TestFileRemoved: SQLite would go on in a file without a name.
func TestFileRemoved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names, and removes no open file")
	}
	for name, lose := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
	} {
		path := filepath.Join(t.TempDir(), name)
		j := open(t, path)
		Handle(j, "job", KindOptions{}, func(context.Context, Job[arg]) error { return lose(path) })
		enqueue(t, j, "job", 1, EnqueueOptions{})
		told(t, j.Work(t.Context()), name, "removed or replaced while in use")
	}
}

// TestUnreachable: why no address of a server answers is in the line.
func TestUnreachable(t *testing.T) {
	_, err := Open(t.Context(), "postgres://nobody@127.0.0.1:1/none", Options{})
	told(t, err, "127.0.0.1:1", "refused")
}
