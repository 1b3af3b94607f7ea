package main

import (
	"context"
	"encoding/json"
	"time"

	"rummage/gitscan"
	"rummage/imagescan/external"
	"rummage/scan"
	"rummage/sweep"
	"rummage/sweep/store"
)

// lookInSweep looks into images with the rules of a sweep, each in a process of its own.
func (a *app) lookInSweep(c *sweep.Config) sweep.Looker {
	return func(ctx context.Context, repo *gitscan.Repo, res *scan.Result, registries []string) ([]scan.Problem, error) {
		flags := &scanFlags{Rules: c.Rules, NoProgress: true, Jobs: 1}
		look := &lookFlags{Registry: registries, LayerScanner: []string{external.BuiltinName}, ImageTimeout: 30 * time.Minute, ImageBytes: 256 << 30}
		l, err := a.lookInto(&job{flags: flags}, look)
		if err != nil {
			return nil, err
		}
		before := res.Stats.ProblemCount
		if _, err := l.named(repo.Files(false), res); err != nil {
			return nil, err
		}
		if res.Stats.ProblemCount == before && res.Stats.Complete {
			return nil, nil
		}
		if len(res.Stats.Problems) == 0 {
			return []scan.Problem{{Where: "images", Why: "not looked into whole"}}, nil
		}
		return res.Stats.Problems, nil
	}
}

// imageOfPlace is where in an image a place of the database is.
func imageOfPlace(o *store.Occurrence) *scan.InImage {
	if len(o.Image) == 0 {
		return nil
	}
	at := &scan.InImage{}
	if json.Unmarshal(o.Image, at) != nil {
		return nil
	}
	return at
}
