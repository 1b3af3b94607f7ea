// Command sweepsim simulates sweeps of an organisation's repositories and tells where they saturate.
//
//	sweepsim [-model FILE.json] [-o REPORT.md]        writes the report, and a plot beside it as SVG
//
// A sweep is simulated event by event: a forge is listed in pages, within the limits of its API; repositories are fetched, so many
// at a time over all workers, at what the forge and a worker's network give; their shards are searched by the cores of the worker
// that has the clone; one database settles them one by one. Forks share the clone of their original. A disk has a budget: clones
// that were not used for longest go first, and are fetched again when they are needed. A worker that fails loses what it was at and
// its disk; others take over when its leases have ended. FILE has what differs from the defaults: see Model.
//
// What is not simulated: images, people who push meanwhile, forges that slow down or refuse, memory. It knows nothing of rummage's
// code; the rates are measured by sweep.sh and engine.sh.
//
// Concurrency: none.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	file := flag.String("model", "", "what differs from the defaults, as JSON")
	out := flag.String("o", "", "write the report to a file, and a plot beside it")
	flag.Parse()
	if err := run(*file, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "sweepsim:", err)
		os.Exit(1)
	}
}

func run(file, out string, args []string) error {
	if len(args) != 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	m, err := readModel(file)
	if err != nil {
		return err
	}
	var plot, text bytes.Buffer
	picture := "sweep-simulation.svg"
	if out != "" {
		picture = strings.TrimSuffix(filepath.Base(out), filepath.Ext(out)) + ".svg"
	}
	lines := report(&text, m, picture)
	draw(&plot, lines, fmt.Sprintf("First sweep of %d repositories", m.Repositories))
	if out == "" {
		_, err = os.Stdout.Write(text.Bytes())
		return err
	}
	if err := os.WriteFile(out, text.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(out), picture), plot.Bytes(), 0o644)
}
