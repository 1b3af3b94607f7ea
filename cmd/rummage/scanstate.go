package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
)

// scanState is the file of --since-scan: what the repository had at the last complete scan.
type scanState struct {
	path  string
	last  *gitscan.State // nil: there is no file yet
	repo  *gitscan.Repo
	terms gitscan.Terms
}

// readScanState reads the file, which need not be there yet; its directory must, or the scan would be for nothing.
func readScanState(path string) (*scanState, error) {
	s := &scanState{path: path}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s: the directory for the state file is not there", path)
		}
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is no regular file", path)
	}
	if s.last, err = gitscan.ReadState(f); err != nil {
		return nil, s.refuse(err)
	}
	return s, nil
}

// refuse says what to do about a state that cannot be used.
func (s *scanState) refuse(err error) error {
	return fmt.Errorf("%s: %w; delete it or name another file, and everything is searched", s.path, err)
}

// use checks that the state is one of such a scan.
func (s *scanState) use(repo *gitscan.Repo, rules string) error {
	s.repo, s.terms = repo, repo.Terms(engineText(), rules)
	if s.last == nil {
		return nil
	}
	if err := s.last.Fits(s.terms); err != nil {
		return s.refuse(err)
	}
	return nil
}

// explain makes the error of opening or searching a repository one about the state where it is.
func (s *scanState) explain(err error) error {
	if s != nil && errors.Is(err, gitscan.ErrOtherRepository) {
		return s.refuse(gitscan.ErrOtherRepository)
	}
	return err
}

// notices are what a report should say.
func (s *scanState) notices(st *scan.Stats) (list []string) {
	if s == nil {
		return nil
	}
	if s.last == nil {
		list = append(list, s.path+" was not there: everything was searched")
	}
	switch {
	case st.Complete:
	case s.last == nil:
		list = append(list, s.path+" was not written: the scan is incomplete")
	default:
		list = append(list, s.path+" was left as it was: the scan is incomplete")
	}
	return list
}

// save writes the state anew after a complete scan whose report was written.
func (s *scanState) save(st *scan.Stats) error {
	if s == nil || !st.Complete {
		return nil
	}
	if err := report.WriteDurable(s.path, 0o600, s.repo.State(s.terms).Write); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}
