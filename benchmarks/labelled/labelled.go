// Package labelled reads testdata/labelled, small projects whose lines say what a scanner ought to find in them, and
// scores what a scanner found.
//
// No file there holds a live-looking token: the files are templates of package detect/example, filled with a seed of
// their own when they are read, so that every run searches the same text. labels.tsv names the labelled lines, counted
// in the filled files; README.md says how they were chosen.
//
// The package knows no scanner and no rule. It trusts the folder it reads, which is part of this repository.
//
// Concurrency: a Set is read-only once Read has returned.
package labelled

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"rummage/detect/compose"
	"rummage/detect/dockerfile"
	"rummage/detect/dotenv"
	"rummage/detect/example"
)

// Kind is what a label says of its lines.
type Kind string

// The kinds. Secret and Exposure are to be found as such; at None nothing is to be found; Either marks lines over which
// careful people differ: they count neither for nor against a scanner.
const (
	Secret   Kind = "secret"
	Exposure Kind = "exposure"
	None     Kind = "none"
	Either   Kind = "either"
)

// Positive says that something is to be found.
func (k Kind) Positive() bool { return k == Secret || k == Exposure }

// Label is one row of labels.tsv.
type Label struct {
	Path        string // slashes, relative to the folder
	First, Last int    // lines, 1-based, of the filled file; a finding may stand on any of them
	Kind        Kind
	Form        string // a short word for the form, as README.md lists them
	Text        string // stands on one of the lines: the key, the command; "-" if the line is a value alone
}

func (l *Label) String() string {
	return fmt.Sprintf("%s:%d: %s %s %s", l.Path, l.First, l.Kind, l.Form, l.Text)
}

// Set is the folder, read.
type Set struct {
	Labels []Label           // in the order of the table
	Files  map[string]string // path → filled text
	lines  map[string][]string
}

const table = "labels.tsv"

// Read reads the folder. An error names the file or the row at fault; a folder without labels is an error.
func Read(dir string) (*Set, error) {
	s := &Set{Files: map[string]string{}, lines: map[string][]string{}}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(name) == filepath.Clean(dir) {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		return s.fill(name, filepath.ToSlash(rel))
	})
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, table))
	if err != nil {
		return nil, err
	}
	for i, row := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(row, "#") {
			continue
		}
		if err := s.add(strings.Split(row, "\t")); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", table, i+1, err)
		}
	}
	if len(s.Labels) == 0 {
		return nil, fmt.Errorf("%s: no labels", table)
	}
	return s, nil
}

func (s *Set) fill(name, rel string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	seed := fnv.New64a()
	seed.Write([]byte(rel))
	text, err := example.Expand(string(data), seed.Sum64())
	if err != nil {
		return fmt.Errorf("%s: %w", rel, err)
	}
	s.Files[rel] = text
	s.lines[rel] = strings.Split(text, "\n")
	return nil
}

// add reads a row and proves it: its file and lines are there and its text stands on them.
func (s *Set) add(row []string) error {
	if len(row) != 5 {
		return fmt.Errorf("%d columns, want 5", len(row))
	}
	l := Label{Path: row[0], Kind: Kind(row[2]), Form: row[3], Text: row[4]}
	if !l.Kind.Positive() && l.Kind != None && l.Kind != Either {
		return fmt.Errorf("no kind %q", row[2])
	}
	first, last, ok := strings.Cut(row[1], "-")
	if !ok {
		last = first
	}
	var err1, err2 error
	l.First, err1 = strconv.Atoi(first)
	l.Last, err2 = strconv.Atoi(last)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if l.First < 1 || l.Last < l.First || l.Last > len(s.lines[l.Path]) {
		return fmt.Errorf("%s has no lines %s", l.Path, row[1])
	}
	if text := s.text(&l); l.Text == "" || l.Form == "" || l.Text != "-" && !strings.Contains(text, l.Text) {
		return fmt.Errorf("%q does not stand in %s:%s", l.Text, l.Path, row[1])
	}
	s.Labels = append(s.Labels, l)
	return nil
}

// text is the labelled lines.
func (s *Set) text(l *Label) string {
	return strings.Join(s.lines[l.Path][l.First-1:l.Last], "\n")
}

// Write writes the filled files below dir.
func (s *Set) Write(dir string) error {
	for name, text := range s.Files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// FileKind is "Dockerfile", "compose", ".env" or "other".
func FileKind(name string) string {
	base := path.Base(name)
	switch {
	case dockerfile.IsDockerfile(base):
		return "Dockerfile"
	case compose.IsCompose(base):
		return "compose"
	case dotenv.IsDotenv(base):
		return ".env"
	}
	return "other"
}
