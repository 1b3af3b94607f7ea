package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"rummage/report"
	"rummage/scan"
)

func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 3, "json FILE PATH WANT")
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	got, err := jsonAt(doc, strings.Split(args[1], "."))
	ts.Check(err)
	if (got == args[2]) == neg {
		ts.Fatalf("%s: %s is %s, want %s", args[0], args[1], got, args[2])
	}
}

func cmdJSONSet(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "jsonset NAME FILE PATH")
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &doc))
	value, err := jsonAt(doc, strings.Split(args[2], "."))
	ts.Check(err)
	ts.Setenv(args[0], value)
}

// jsonAt follows a path: names, indexes, len for a length. Values print as JSON, strings bare.
func jsonAt(doc any, path []string) (string, error) {
	for i, step := range path {
		switch v := doc.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return "", fmt.Errorf("no %q", strings.Join(path[:i+1], "."))
			}
			doc = next
		case []any:
			if step == "len" {
				return strconv.Itoa(len(v)), nil
			}
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return "", fmt.Errorf("no %q: it has %d elements", strings.Join(path[:i+1], "."), len(v))
			}
			doc = v[n]
		default:
			return "", fmt.Errorf("%q is no object", strings.Join(path[:i], "."))
		}
	}
	if s, ok := doc.(string); ok {
		return s, nil
	}
	out, err := json.Marshal(doc)
	return string(out), err
}

// jsonReport is our JSON as scripts read it.
type jsonReport struct {
	Scan       scan.Stats
	Findings   []jsonFinding
	Suppressed []jsonFinding
}

// jsonFinding leaves out the secret, which scan.Secret would not read back.
type jsonFinding struct {
	Fingerprint string
	Rule        string
	Places      []jsonPlace
	Suppressed  *scan.Suppression
}

// jsonPlace is a place, with where in an image it is.
type jsonPlace struct {
	scan.Place
	report.StoredInImage
}

func readReport(ts *testscript.TestScript, name string) *jsonReport {
	r := &jsonReport{}
	if err := json.Unmarshal([]byte(ts.ReadFile(name)), r); err != nil {
		ts.Fatalf("%s: %v", name, err)
	}
	return r
}

func cmdAddsUp(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && (len(args) == 1 || len(args) == 2), "addsup FILE [REPOSITORY]")
	r := readReport(ts, args[0])
	checkCounts(ts, args[0], &r.Scan)
	if len(args) == 2 {
		checkObjects(ts, args[1], &r.Scan)
	}
}

// checkCounts holds a report's counts to what package scan promises of them.
func checkCounts(ts *testscript.TestScript, name string, s *scan.Stats) {
	var skipped int64
	for reason, n := range s.Skipped {
		skipped += n
		if n < 1 {
			ts.Fatalf("%s: %d skipped as %s", name, n, reason)
		}
		if reason.Incompletes() && s.Complete {
			ts.Fatalf("%s: complete, and %d skipped as %s", name, n, reason)
		}
	}
	if s.Objects != s.Scanned+s.NonBlobs+skipped {
		ts.Fatalf("%s: %d objects are not %d searched + %d no blobs + %d skipped", name, s.Objects, s.Scanned, s.NonBlobs, skipped)
	}
	for what, n := range map[string]int64{"objects": s.Objects, "blobs": s.Blobs, "non_blobs": s.NonBlobs, "scanned": s.Scanned} {
		if n < 0 {
			ts.Fatalf("%s: %s is %d", name, what, n)
		}
	}
	if s.Blobs < s.Scanned || s.Blobs > s.Scanned+skipped {
		ts.Fatalf("%s: %d blobs, %d searched, %d skipped", name, s.Blobs, s.Scanned, skipped)
	}
	if s.Complete != (s.ProblemCount == 0 && !s.Interrupted) {
		ts.Fatalf("%s: complete is %v with %d problems (interrupted: %v)", name, s.Complete, s.ProblemCount, s.Interrupted)
	}
	if named := int64(len(s.Problems)); named != min(s.ProblemCount, 10) {
		ts.Fatalf("%s: %d problems are named of %d", name, named, s.ProblemCount)
	}
}

// checkObjects compares with what git counts in the repository and its alternates. Objects that are named and missing
// count on top.
func checkObjects(ts *testscript.TestScript, repo string, s *scan.Stats) {
	ts.Check(ts.Exec("git", "-C", repo, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype)"))
	kinds := map[string]int64{}
	for kind := range strings.Lines(ts.ReadFile("stdout")) {
		kinds[strings.TrimSpace(kind)]++
	}
	all := kinds["blob"] + kinds["commit"] + kinds["tree"] + kinds["tag"] + s.Skipped[scan.SkipMissing]
	if s.Objects != all {
		ts.Fatalf("%d objects, git counts %d: %v, missing %d", s.Objects, all, kinds, s.Skipped[scan.SkipMissing])
	}
	if s.Commits != kinds["commit"] && s.Skipped[scan.SkipKnown] == 0 { // else some commits may be of those
		ts.Fatalf("%d commits, git counts %d", s.Commits, kinds["commit"])
	}
}

func cmdStory(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "story FILE")
	r := readReport(ts, args[0])
	checkCounts(ts, args[0], &r.Scan)
	out := ts.Stdout()
	for _, f := range append(r.Findings, r.Suppressed...) {
		line := f.Rule
		if s := f.Suppressed; s != nil {
			line += "  (suppressed by " + s.By
			if s.Reason != "" {
				line += ": " + s.Reason
			}
			line += ")"
		}
		fmt.Fprintln(out, line)
		for i := range f.Places {
			fmt.Fprintln(out, "  "+storyLine(&f.Places[i]))
		}
	}
	for _, p := range r.Scan.Problems {
		fmt.Fprintf(out, "! %s: %s\n", p.Where, p.Why)
	}
}

func storyLine(p *jsonPlace) string {
	line := "-"
	if p.Path != "" {
		line = report.Escape(p.Path)
	}
	if p.Line > 0 {
		line += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if c := p.Introduced; c != nil {
		line += "  + " + c.Subject
	}
	if c := p.Removed; c != nil {
		line += "  - " + c.Subject
	}
	if len(p.AtTip) > 0 {
		line += "  @ " + strings.Join(p.AtTip, " ")
	}
	if p.Note != "" {
		line += "  (" + p.Note + ")"
	}
	in := &p.StoredInImage
	if in.Image == "" {
		return line
	}
	line += "  in " + in.Image
	for _, text := range []string{in.InLayer(), in.Gone()} {
		if text != "" {
			line += ", " + text
		}
	}
	if seen := strings.Join(in.Scanners, ", "); seen != scan.BuiltinScanner {
		line += "  (seen by " + seen + ")"
	}
	return line
}

func cmdFingerprints(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 2, "fingerprints FILE FILE")
	var of [2][]string
	for i, name := range args {
		for _, f := range readReport(ts, name).Findings {
			of[i] = append(of[i], f.Fingerprint)
		}
		slices.Sort(of[i])
	}
	if len(of[0]) == 0 || slices.Equal(of[0], of[1]) == neg {
		ts.Fatalf("fingerprints %v and %v", of[0], of[1])
	}
}
