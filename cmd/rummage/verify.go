package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"rummage/gitscan"
	"rummage/scan"
)

// otherEngine audits the repository again with the engine that was not asked for.
func (c *gitCmd) otherEngine(a *app, path string, j *job) func() (*scan.Result, error) {
	return func() (*scan.Result, error) {
		o := c.options(j.state)
		o.Whole = !o.Whole
		repo, err := gitscan.Open(path, o)
		if err != nil {
			return nil, err
		}
		defer repo.Close()
		return scan.Run(a.ctx, repo, j.detector(), j.flags.workers())
	}
}

// verify compares a result with that of the other engine, when that is asked for.
func (a *app) verify(j *job, res *scan.Result) error {
	if j.verify == nil || res.Stats.Interrupted {
		return nil
	}
	other, err := j.verify()
	switch {
	case err != nil:
		return err
	case other.Stats.Interrupted:
		return errors.New("--verify-engine: interrupted before the second search was through")
	}
	if err := compareEngines(res, other); err != nil {
		return err
	}
	res.Stats.Notices = append(res.Stats.Notices, fmt.Sprintf("both engines find the same %d findings; %d and %d bytes were looked at",
		len(res.Findings), res.Stats.BytesSearched, other.Stats.BytesSearched))
	return nil
}

// compareEngines says how the results of two engines differ, if they do. No secret is in what it says.
func compareEngines(a, b *scan.Result) error {
	only := func(x, y []scan.Finding) (n int, example string) {
		known := map[string][]scan.Finding{} // several, where a secret is suppressed for several reasons
		for _, f := range y {
			known[f.Fingerprint] = append(known[f.Fingerprint], f)
		}
		for i := range x {
			same := func(f scan.Finding) bool { return reflect.DeepEqual(f, x[i]) }
			if !slices.ContainsFunc(known[x[i].Fingerprint], same) {
				n++
				example = x[i].Rule + " " + x[i].Fingerprint
			}
		}
		return n, example
	}
	for _, lists := range [][2][]scan.Finding{{a.Findings, b.Findings}, {b.Findings, a.Findings}, {a.Suppressed, b.Suppressed}, {b.Suppressed, a.Suppressed}} {
		if n, example := only(lists[0], lists[1]); n > 0 {
			return fmt.Errorf("--verify-engine: the engines do not find the same: %d findings differ, such as %s; please report this", n, example)
		}
	}
	if a.Stats.Complete != b.Stats.Complete || a.Stats.Scanned != b.Stats.Scanned || len(a.Findings) != len(b.Findings) {
		return fmt.Errorf("--verify-engine: the engines did not read the same: %d and %d blobs", a.Stats.Scanned, b.Stats.Scanned)
	}
	return nil
}
