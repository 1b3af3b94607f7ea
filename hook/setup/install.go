package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Change is what is to be done at a place. Plan and PlanRemoval look, Do does it.
type Change struct {
	File  string
	What  string // written, replaced, unchanged, removed, not there
	Text  string // of the script, when one is written
	Notes []string
	do    func() error
}

// Do makes the change.
func (c *Change) Do() error {
	if c.do == nil {
		return nil
	}
	return c.do()
}

const scriptMode = 0o755

// Plan says what installing a script at a place does. A hook that is there already is kept and runs afterwards; where that
// cannot be, the error says why.
func Plan(p *Place, s Script) (*Change, error) {
	c := &Change{File: p.File, What: "written", Notes: slices.Clone(p.Notes)}
	was, before, err := read(p.File)
	if err != nil {
		return nil, err
	}
	kept := Kept(p.File)
	other, _, err := read(kept)
	if err != nil {
		return nil, err
	}
	s.inherit(before, c)
	keep := false
	switch {
	case was == edited:
		return nil, fmt.Errorf("%s has rummage's mark and was changed by hand since: move it elsewhere, or take the line with the mark out, "+
			"and install again", p.File)
	case was == foreign && p.alone():
		return nil, fmt.Errorf("%s is not of rummage: move it to another name, and install again", p.File)
	case was == foreign && other != absent:
		return nil, fmt.Errorf("%s is not of rummage, and %s is kept already: move one of them elsewhere, and install again", p.File, kept)
	case other == ours || other == edited:
		return nil, fmt.Errorf("%s is of rummage itself: remove it, and install again", kept)
	case was == foreign:
		keep = true
	}
	switch {
	case keep:
		s.chain(c, p.File, kept)
	case other != absent && !p.alone():
		s.chain(c, kept, kept)
	}
	if c.Text, err = s.Text(); err != nil {
		return nil, err
	}
	if was == ours {
		c.What = "replaced"
		if current, err := os.ReadFile(p.File); err == nil && string(current) == c.Text && executable(p.File) {
			c.What = "unchanged"
			return c, nil
		}
	}
	c.do = func() error {
		if err := os.MkdirAll(filepath.Dir(p.File), 0o755); err != nil {
			return err
		}
		if keep {
			if err := keepHook(p.File, kept); err != nil {
				return fmt.Errorf("the hook that is there cannot be kept: %w", err)
			}
		}
		return writeFile(p.File, []byte(c.Text), scriptMode)
	}
	return c, nil
}

// chain has the hook that is at a path now, and will be kept, run afterwards: if git would have run it.
func (s *Script) chain(c *Change, at, kept string) {
	if s.Then = executable(at); !s.Then {
		c.Notes = append(c.Notes, fmt.Sprintf("the hook that was there is kept as %s; it is not executable, so git did not run it, and rummage does not", kept))
		return
	}
	c.Notes = append(c.Notes, fmt.Sprintf("the hook that was there is kept as %s and runs after rummage has accepted", kept))
	if asksForName(at) {
		c.Notes = append(c.Notes, "it asks for the name that it is called by (basename), which is another one then: see that it still does its work")
	}
}

// asksForName reports whether a script is likely to go by its own name.
func asksForName(file string) bool {
	in, err := os.Open(file)
	if err != nil {
		return false
	}
	defer in.Close()
	data, _ := io.ReadAll(io.LimitReader(in, maxScript))
	return bytes.HasPrefix(data, []byte("#!")) && bytes.Contains(data, []byte("basename"))
}

// inherit takes over what a script of ours that is replaced was told and this one is not: installing a new program must not
// take a policy away.
func (s *Script) inherit(before Script, c *Change) {
	if s.Policy == "" && before.Policy != "" {
		s.Policy = before.Policy
		c.Notes = append(c.Notes, "its policy stays: "+s.Policy+" (uninstall first to have none)")
	}
	if len(s.Rules) == 0 && len(before.Rules) > 0 {
		s.Rules = before.Rules
		c.Notes = append(c.Notes, "its rule files stay: "+strings.Join(s.Rules, ", ")+" (uninstall first to have the built-in ones)")
	}
}

// PlanRemoval says what taking a script away does: the hook that was kept comes back. What rummage did not write stays.
func PlanRemoval(p *Place) (*Change, error) {
	c := &Change{File: p.File, What: "removed"}
	was, _, err := read(p.File)
	if err != nil {
		return nil, err
	}
	kept := Kept(p.File)
	other, _, err := read(kept)
	if err != nil {
		return nil, err
	}
	back := other != absent && !p.alone()
	switch was {
	case edited:
		return nil, fmt.Errorf("%s has rummage's mark and was changed by hand since: it stays; remove it by hand", p.File)
	case foreign:
		return nil, fmt.Errorf("%s was not written by rummage: it stays", p.File)
	case absent:
		c.What = "not there"
	}
	switch {
	case back: // in one step, so that no push comes between
		c.Notes = append(c.Notes, fmt.Sprintf("%s is back in its place", kept))
		c.do = func() error { return os.Rename(kept, p.File) }
	case was == ours:
		c.do = func() error { return os.Remove(p.File) }
	}
	return c, nil
}

// Installed reports whether a script of rummage's stands at a place.
func (p *Place) Installed() bool {
	was, _, err := read(p.File)
	return err == nil && (was == ours || was == edited)
}

// executable reports whether git would run a file.
func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && !info.IsDir() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// keepHook gives a hook a second name, and leaves it in its place: there is no moment without one.
func keepHook(file, kept string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		to, err := os.Readlink(file)
		if err != nil {
			return err
		}
		return os.Symlink(to, kept)
	}
	err = os.Link(file, kept)
	if err == nil || errors.Is(err, os.ErrExist) {
		return err
	}
	return copyFile(file, kept, info.Mode().Perm()) // not every file system has hard links
}

func copyFile(from, to string, mode os.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s: %w", to, os.ErrExist)
	}
	return writeWhole(to, mode, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

func writeFile(file string, data []byte, mode os.FileMode) error {
	return writeWhole(file, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// writeWhole writes a file whole or not at all.
func writeWhole(file string, mode os.FileMode, write func(io.Writer) error) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(file), ".rummage-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	for _, step := range []func() error{
		func() error { return write(temp) },
		func() error { return temp.Chmod(mode) },
		temp.Sync,
	} {
		if err := step(); err != nil {
			temp.Close()
			return err
		}
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
