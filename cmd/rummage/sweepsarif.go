package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"rummage/report"
	"rummage/sweep/notify"
	"rummage/sweep/store"
)

// sarifOf is all that is open in a repository, for the commit at its default branch, as a forge's code scanning takes it.
func sarifOf(ctx context.Context, s *store.Store, number int64) (notify.Upload, error) {
	r, err := s.Repository(ctx, number)
	if err != nil {
		return notify.Upload{}, err
	}
	up := notify.Upload{Ref: "refs/heads/" + r.DefaultBranch}
	tips, err := s.Tips(ctx, r.ID)
	if err != nil {
		return up, err
	}
	if i := slices.IndexFunc(tips, func(t store.Tip) bool { return t.Ref == up.Ref }); i >= 0 {
		up.Commit = tips[i].ID
	} else {
		return up, fmt.Errorf("the default branch %s was not there in the last search", report.Escape(r.DefaultBranch))
	}
	// Paths there are those of the repository, not of the organisation.
	rep, err := sweepReport(ctx, s, store.Filter{States: []store.State{store.StateOpen}, Repository: number}, "sweep", func(int64) string { return "" })
	if err != nil {
		return up, err
	}
	var out bytes.Buffer
	err = report.Write(&out, "sarif", rep, report.Options{Now: rep.Started})
	up.SARIF = out.Bytes()
	return up, err
}
