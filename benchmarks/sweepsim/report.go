package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

var (
	workerCounts = []int{1, 2, 4, 8, 16, 32}
	forges       = []forge{
		{"4 slots", "4 fetches at a time", func(m *Model) { m.Slots = 4 }},
		{"8 slots", "8 fetches at a time", func(m *Model) { m.Slots = 8 }},
		{"32 slots", "32 fetches at a time", func(m *Model) { m.Slots = 32 }},
		{"own", "a forge near by", func(m *Model) { m.Slots, m.SlotMB, m.Latency, m.HourCalls, m.MinuteCall = 32, 50, 0.1, 0, 0 }},
	}
)

// forge is what a sweep may have to do with: of the model in all but what it changes.
type forge struct {
	name, title string
	change      func(*Model)
}

// line is the time of a first sweep against workers.
type line struct {
	forge forge
	times [][2]float64
}

func (l line) model(m Model) Model {
	l.forge.change(&m)
	return m
}

// report writes everything, and gives what the plot draws.
func report(w io.Writer, m Model, picture string) []line {
	repos := m.repos()
	original, total := 0.0, 0.0
	for i, r := range repos {
		total += r.mb
		if r.of == i {
			original += r.mb
		}
	}
	fmt.Fprintf(w, "# Where does a sweep of %s repositories saturate?\n\n", thousands(float64(m.Repositories)))
	fmt.Fprintf(w, "Made by `benchmarks/sweepsim`: a simulation, not a measurement. %s repositories, %.0f %% of them forks: packs of %.0f GB in all, %.0f GB of "+
		"originals. A worker has %d cores, %.0f GB for clones and %.0f MB/s; the forge gives %.0f MB/s for each fetch and takes %s calls an hour. Assumptions are at the end.\n\n",
		thousands(float64(m.Repositories)), m.Forks*100, total/1000, original/1000, m.Cores, m.DiskMB/1000, m.NetworkMB, m.SlotMB, limit(m.HourCalls))
	fmt.Fprintf(w, "![time against workers](%s)\n\n## The first sweep\n\nShares are of the time; the limit is what is in use for 70 %% of it or more. The window is full when a slot is free, but every worker has as much in work as it takes. \"own\" is a forge on the premises: 32 slots of 50 MB/s, 0.1 s for a fetch, no limits of its API.\n\n", picture)
	lines := firstTable(w, m, repos)
	apiTable(w, m, repos)
	dailyTable(w, m, repos)
	failureTable(w, m, repos)
	advice(w, m, repos, lines, original)
	fmt.Fprintf(w, "## Assumptions\n\n| value | where it is from |\n| --- | --- |\n")
	for _, a := range assumptions {
		fmt.Fprintf(w, "| %s | %s |\n", a[0], a[1])
	}
	model, _ := json.MarshalIndent(m, "", "  ") // a struct of numbers
	fmt.Fprintf(w, "\nNot simulated: images, pushes meanwhile, forges that slow down or refuse, memory.\n\n```json\n%s\n```\n", model)
	return lines
}

func limit(calls int) string {
	if calls == 0 {
		return "any number of"
	}
	return thousands(float64(calls))
}

func first(m Model, repos []repo, workers int) (*result, disk) {
	d := make(disk, workers)
	return simulate(m, repos, m.firstSweep(repos), d, m.failures(workers)), d
}

func firstTable(w io.Writer, m Model, repos []repo) (lines []line) {
	fmt.Fprintf(w, "| workers | forge | hours | %s | limit |\n| ---: | --- | ---: |%s --- |\n", strings.Join(resources, " | "), strings.Repeat(" ---: |", len(resources)))
	for _, f := range forges {
		l := line{forge: f}
		for _, workers := range workerCounts {
			r, _ := first(l.model(m), repos, workers)
			l.times = append(l.times, [2]float64{float64(workers), r.seconds})
			fmt.Fprintf(w, "| %d | %s | %.2f |", workers, f.name, r.seconds/3600)
			for _, name := range resources {
				fmt.Fprintf(w, " %.0f %% |", 100*r.share[name])
			}
			fmt.Fprintf(w, " %s |\n", r.bottleneck())
		}
		lines = append(lines, l)
	}
	fmt.Fprintln(w)
	return lines
}

// apiTable is of calls for each repository and of what an App or a forge of one's own takes.
func apiTable(w io.Writer, m Model, repos []repo) {
	const workers = 8
	fmt.Fprintf(w, "## The API\n\nThe first sweep with %d workers and %d slots, hours; by calls for each repository beside its place in a page of 100 and what forks need.\n\n", workers, m.Slots)
	fmt.Fprintln(w, "| calls an hour | no call | 1 call | 3 calls |\n| --- | ---: | ---: | ---: |")
	for _, hour := range []int{5000, 15000, 0} {
		fmt.Fprintf(w, "| %s |", strings.TrimSuffix(limit(hour), " number of"))
		for _, calls := range []int{0, 1, 3} {
			n := m
			n.HourCalls, n.Calls = hour, calls
			if hour == 0 {
				n.MinuteCall = 0
			}
			r, _ := first(n, repos, workers)
			fmt.Fprintf(w, " %.2f |", r.seconds/3600)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

func dailyTable(w io.Writer, m Model, repos []repo) {
	fmt.Fprintf(w, "## The daily sweep\n\nAfter a first sweep, with %d slots, minutes. Refs are asked for of each repository; unless the listing tells that nothing was pushed, "+
		"which the last column takes for granted. Fetched again: clones that the disks had no room for.\n\n", m.Slots)
	fmt.Fprintln(w, "| workers | changed | minutes | limit | fetched, GB | of it again | a tenth of the disk | refs only of what was pushed |\n| ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
	small := m
	small.DiskMB /= 10
	for _, workers := range []int{1, 4, 8} {
		_, d := first(m, repos, workers)
		_, ds := first(small, repos, workers)
		for _, changed := range []float64{0.01, 0.05, 0.1} {
			r := simulate(m, repos, m.nextSweep(repos, changed), d.copy(), nil)
			s := simulate(small, repos, m.nextSweep(repos, changed), ds.copy(), nil)
			pushed := slices.DeleteFunc(m.nextSweep(repos, changed), func(t *task) bool { return t.check })
			p := simulate(m, repos, pushed, d.copy(), nil)
			fmt.Fprintf(w, "| %d | %.0f %% | %.1f | %s | %.1f | %.1f | %.1f | %.1f |\n", workers, changed*100, r.seconds/60, r.bottleneck(), r.fetched/1000, r.refetch/1000, s.seconds/60, p.seconds/60)
		}
	}
	fmt.Fprintln(w)
}

func (d disk) copy() disk {
	out := make(disk, len(d))
	for i := range d {
		out[i] = slices.Clone(d[i])
	}
	return out
}

func failureTable(w io.Writer, m Model, repos []repo) {
	const workers = 8
	fmt.Fprintf(w, "## Workers that fail\n\nThe first sweep with %d workers and %d slots, each of which fails so often and loses its disk.\n\n", workers, m.Slots)
	fmt.Fprintln(w, "| failures of each in a day | hours | searched in vain, GB | fetched again, GB |\n| ---: | ---: | ---: | ---: |")
	for _, rate := range []float64{0, 1, 24, 96} {
		n := m
		n.Failures = rate
		r, _ := first(n, repos, workers)
		fmt.Fprintf(w, "| %.0f | %.2f | %.2f | %.1f |\n", rate, r.seconds/3600, r.lost/1000, r.refetch/1000)
	}
	fmt.Fprintln(w)
}

// advice is what follows from the figures.
func advice(w io.Writer, m Model, repos []repo, lines []line, original float64) {
	fmt.Fprintf(w, "## What to buy\n\n")
	for _, l := range lines {
		best := slices.MinFunc(l.times, func(a, b [2]float64) int { return int(a[1] - b[1]) })
		for _, p := range l.times {
			if p[1] <= 1.1*best[1] {
				r, _ := first(l.model(m), repos, int(p[0]))
				fmt.Fprintf(w, "- %s: %.0f workers (%.0f cores) are within a tenth of the best time, %.1f h; then the limit is: %s.\n",
					l.forge.title, p[0], p[0]*float64(m.Cores), p[1]/3600, r.bottleneck())
				break
			}
		}
	}
	fmt.Fprintf(w, "- A core searches %.0f MB of packs in a second, a slot brings %.0f: %.1f slots keep a worker of %d cores busy, as long as repositories are large; "+
		"every fetch also waits %.1f s, which for small ones is most of it.\n", m.SearchMB, m.SlotMB, m.SearchMB*float64(m.Cores)/m.SlotMB, m.Cores, m.Latency)
	fmt.Fprintf(w, "- Disk: %.0f GB over all workers hold every clone; with less, daily sweeps fetch again what has changed and was thrown away.\n", original*(1+m.Forks*m.ForkOwn)/1000)
	fmt.Fprintf(w, "- The database settles %.0f repositories in a second at most: %.0f minutes of a first sweep, whatever else is bought.\n\n", 1/m.Settle, float64(m.Repositories)*m.Settle/60)
}

// thousands writes a whole number with commas.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
