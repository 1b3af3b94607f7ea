package sweep

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rummage/gitscan"
	"rummage/report"
	"rummage/sweep/store"
)

// clone is a repository that was opened to be searched.
type clone struct {
	*gitscan.Repo
	made storeMade
}

// errCloneChanged says nothing about the repository. Its clone without the refs that it was fetched with would be searched as one in
// which there is nothing any more.
var errCloneChanged = errors.New("its clone was thrown away or changed before it was searched: it is fetched again")

// openRepository opens what is to be searched: a part of a store that others share with the refs that the repository had when it was
// fetched, or not at all. What a shard lacks, the search of all will tell.
func (s *Sweeper) openRepository(t *Task) (*clone, error) {
	for again := false; ; again = true {
		c := &clone{made: madeOf(t)}
		var err error
		if c.Repo, err = s.open(t.Dir, s.options(t)); err != nil {
			return nil, err
		}
		if t.Prefix == "" || t.Shard != nil || hasTips(c.Repo, t.Tips) && hasKept(c.Repo, t.Kept) {
			return c, nil
		}
		if err := c.Close(); err != nil {
			return nil, err
		}
		if again { // else its refs may have been packed while they were read
			return nil, errCloneChanged
		}
	}
}

func (s *Sweeper) options(t *Task) gitscan.Options {
	o := gitscan.Options{MaxBlob: s.config.MaxBlob, Search: len(t.Quiet) == 0}
	if t.Prefix != "" {
		o.Part = &gitscan.Part{Refs: t.Prefix, Lost: t.Seen, Odd: t.Odd, Head: t.Head}
	}
	return o
}

// unopened is the answer about what cannot be opened, or is no longer what was.
func unopened(err error) *Answer {
	return &Answer{Error: report.Escape(err.Error()), Changed: errors.Is(err, errCloneChanged)}
}

// storeMade tells a store from another one that was made in its place. It is that of the file which is written then and never again.
type storeMade struct {
	file os.FileInfo // nil: there is none
	at   time.Time
}

func madeOf(t *Task) (m storeMade) {
	if t.Prefix == "" {
		return m
	}
	if info, err := os.Stat(filepath.Join(t.Dir, "HEAD")); err == nil {
		m.file, m.at = info, info.ModTime()
	}
	return m
}

// still reports an error if the store is gone in which a search has read.
func (c *clone) still(t *Task) error {
	if t.Prefix == "" {
		return nil
	}
	if now := madeOf(t); now.file == nil || c.made.file == nil || !os.SameFile(now.file, c.made.file) || !now.at.Equal(c.made.at) {
		return errCloneChanged
	}
	return nil
}

// tips are the refs that a repository is searched with.
func (t *Task) tips(repo *clone) []store.Tip {
	if t.Tips == nil {
		return tipsOf(repo.Repo)
	}
	return t.Tips
}

// tipsOf are the refs, by name.
func tipsOf(repo *gitscan.Repo) (tips []store.Tip) {
	tips = []store.Tip{}
	repo.Refs(func(name, id string) { tips = append(tips, store.Tip{Ref: name, ID: id}) })
	return tips
}

// hasTips: a part of a store has these refs, and no others.
func hasTips(repo *gitscan.Repo, tips []store.Tip) bool {
	has := tipsOf(repo)
	for i := range has {
		has[i].Ref = report.Escape(has[i].Ref)
	}
	order := func(a, b store.Tip) int { return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.ID, b.ID)) }
	slices.SortFunc(has, order)
	return slices.Equal(has, slices.SortedFunc(slices.Values(tips), order))
}

// hasKept: a part of a store keeps these former tips, and no others.
func hasKept(repo *gitscan.Repo, kept []string) bool {
	var has []string
	repo.Lost(func(id string) { has = append(has, id) })
	slices.Sort(has)
	return slices.Equal(has, slices.Sorted(slices.Values(kept)))
}
