package main

import (
	"context"
	"encoding/json"
	"maps"
	"sync"
	"time"

	"github.com/sourcegraph/conc/pool"

	"rummage/gitscan"
	"rummage/imagescan"
	"rummage/imagescan/external"
	"rummage/scan"
	"rummage/sweep"
	"rummage/sweep/store"
)

// lookInSweep looks into images with the rules of a sweep, each in a process of its own.
func (a *app) lookInSweep(c *sweep.Config) sweep.Looker {
	return func(ctx context.Context, repo *gitscan.Repo, res *scan.Result, registries []string) (map[string]string, []scan.Problem, error) {
		flags := &scanFlags{Rules: c.Rules, NoProgress: true, Jobs: 1}
		look := &lookFlags{Registry: registries, LayerScanner: []string{external.BuiltinName}, ImageTimeout: 30 * time.Minute, ImageBytes: 256 << 30}
		l, err := a.lookInto(&job{flags: flags}, look)
		if err != nil {
			return nil, nil, err
		}
		before := res.Stats.ProblemCount
		var digests map[string]string
		l.before = func() {
			digests = map[string]string{}
			names := make([]string, len(l.targets))
			for i, t := range l.targets {
				names[i], digests[t.Image] = t.Image, ""
			}
			maps.Copy(digests, digestsOf(ctx, names, l.allowed))
		}
		if _, err := l.named(repo.Files(false), res); err != nil {
			return nil, nil, err
		}
		if res.Stats.ProblemCount == before && res.Stats.Complete {
			return digests, nil, nil
		}
		if len(res.Stats.Problems) == 0 {
			return nil, []scan.Problem{{Where: "images", Why: "not looked into whole"}}, nil
		}
		return nil, res.Stats.Problems, nil
	}
}

// digestsOf asks registries for the digests of images; those of which there is none are left out.
func digestsOf(ctx context.Context, names, registries []string) map[string]string {
	if len(registries) == 0 {
		var err error
		if registries, err = imagescan.DefaultRegistries(); err != nil {
			return nil
		}
	}
	var mu sync.Mutex
	digests := map[string]string{}
	p := pool.New().WithMaxGoroutines(atOnce)
	for _, name := range names {
		p.Go(func() {
			if digest, err := imagescan.Digest(ctx, name, imagescan.RegistryOptions{Allow: registries}); err == nil {
				mu.Lock()
				defer mu.Unlock()
				digests[name] = digest
			}
		})
	}
	p.Wait()
	return digests
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
