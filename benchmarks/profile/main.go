// Command profile merges processor profiles into one for the compiler (profile-guided optimization), and leaves out of
// it what tells of the machine that they were made on: paths, addresses, times.
//
//	profile OUT PROFILE...
//
// See ../profile.sh. It is a module of its own, since rummage itself needs no pprof.
package main

import (
	"fmt"
	"os"
	"path"

	"github.com/google/pprof/profile"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: profile OUT PROFILE...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

func run(out string, paths []string) error {
	var list []*profile.Profile
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		one, err := profile.Parse(f)
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		list = append(list, even(one))
	}
	merged, err := profile.Merge(list)
	if err != nil {
		return err
	}
	anonymize(merged)
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := merged.Write(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// samples is what each profile counts as: a repository that takes long must not drown the others.
const samples = 100_000

// even scales a profile to so many samples.
func even(p *profile.Profile) *profile.Profile {
	total := int64(0)
	for _, s := range p.Sample {
		total += s.Value[0]
	}
	if total > 0 {
		p.Scale(samples / float64(total))
	}
	return p
}

// anonymize leaves functions, lines and how often each was met.
func anonymize(p *profile.Profile) {
	p.TimeNanos, p.DurationNanos, p.Comments = 0, 0, nil
	for _, m := range p.Mapping {
		*m = profile.Mapping{ID: m.ID, HasFunctions: true, HasFilenames: true, HasLineNumbers: true}
	}
	for _, l := range p.Location {
		l.Address = 0
	}
	for _, f := range p.Function {
		f.Filename = path.Base(f.Filename)
	}
}
