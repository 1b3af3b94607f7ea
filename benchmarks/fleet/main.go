// Command fleet makes a folder of bare repositories such as an organisation has, forks among them, and later changes some.
//
//	fleet [-n 1000] [-commits 200] [-forks 30] [-seed 1] DIR     makes DIR/originals/*.git and DIR/forks/*.git
//	fleet -touch PERCENT [-seed 1] DIR                           one more commit to PERCENT of them, at least to one
//
// An original begins with 10 to 40 files (sources, a text, a Dockerfile, a compose and an .env file, an image that is no text),
// and each further commit edits one to three of them or adds one; there are two branches and a tag, in one pack. No content is in
// two originals. A fork is a clone of an original, more often of the first ones, with none to three commits of its own. Every
// fifth original has one to three secrets planted, in edits that the next edit of the file takes out; no secret stands in this
// source.
//
// The same arguments give the same objects everywhere. The last line on standard error has "originals=N forks=N planted=N
// blobs=N bytes=N", of the originals' distinct content. Needs git; knows nothing of rummage.
//
// Concurrency: an original at a time for each processor, its forks after it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

func main() {
	p := plan{}
	flag.IntVar(&p.n, "n", 1000, "repositories, forks included")
	flag.IntVar(&p.commits, "commits", 200, "commits of an original")
	flag.IntVar(&p.forks, "forks", 30, "percent of the repositories that are forks")
	flag.Uint64Var(&p.seed, "seed", 1, "another fleet of the same shape")
	touch := flag.Float64("touch", 0, "add a commit to so many percent of the repositories of DIR")
	flag.Parse()
	if err := run(p, *touch, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run(p plan, percent float64, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one folder, got %d", len(args))
	}
	if percent != 0 {
		n, err := touch(args[0], percent, p.seed)
		if err == nil {
			fmt.Fprintf(os.Stderr, "touched=%d\n", n)
		}
		return err
	}
	made, err := p.make(args[0])
	if err == nil {
		fmt.Fprintf(os.Stderr, "originals=%d forks=%d planted=%d blobs=%d bytes=%d\n", p.originals(), p.n-p.originals(), made.planted, made.blobs, made.bytes)
	}
	return err
}

// plan is what a fleet is to be.
type plan struct {
	n, commits, forks int
	seed              uint64
}

func (p plan) originals() int { return p.n - p.n*p.forks/100 }

// total counts the distinct content.
type total struct {
	planted, blobs int
	bytes          int64
}

// make makes all repositories. What a repository is like depends on its number and the seed alone.
func (p plan) make(dir string) (sum total, err error) {
	if p.n < 1 || p.commits < 1 || p.forks < 0 || p.forks > 99 {
		return sum, fmt.Errorf("want repositories, commits and less than 100 %% of forks, got %d, %d and %d", p.n, p.commits, p.forks)
	}
	for _, folder := range []string{"originals", "forks"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return sum, err
		}
	}
	forks := make([][]int, p.originals())
	random := p.random(0, 0)
	for f := range p.n - p.originals() {
		of := skewed(random, len(forks))
		forks[of] = append(forks[of], f)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range forks {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			t, e := p.original(dir, i, forks[i])
			mu.Lock()
			defer mu.Unlock()
			sum = total{sum.planted + t.planted, sum.blobs + t.blobs, sum.bytes + t.bytes}
			if e != nil && err == nil {
				err = e
			}
		})
	}
	wg.Wait()
	return sum, err
}
