// Package report writes findings out, in every format that people and scripts read, and reads the lists of findings
// that are known already: baselines and ignore files.
//
// It knows findings, places and statistics (package scan) as plain data. It does not know repositories, rules files or
// the command line, reads no clock (Options.Now) and prints nothing by itself. The same Report always gives the same
// bytes, in whatever order its findings came.
//
// Two rules hold for every format. A secret's value is masked wherever it occurs (in a commit's subject or in a path,
// too) unless Options.ShowSecrets is set. And paths, names, subjects and branches are written by whoever wrote the
// repository: control characters, bidirectional overrides and invalid UTF-8 never reach the output raw.
//
// Concurrency: Write only reads its Report, so one Report may be written by several goroutines at once. A Baseline may
// be asked by several goroutines; an Ignore counts what it matched and belongs to one.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"rummage/scan"
)

// Report is what a scan has to say.
type Report struct {
	Tool    string // name of the tool; empty means "rummage"
	Version string // its version, free text
	URL     string // address of the tool's documentation, may be empty
	// Command is the kind of scan: "git", "files", "image", "hook". SARIF files its results under it.
	Command string
	// Source is what was scanned, as the user named it. Credentials in it (https://user:token@host/) are left out.
	Source string
	// VersionControl says where the scanned history comes from; nil when there is none or it is unknown.
	VersionControl *VersionControl
	Started        time.Time
	Findings       []scan.Finding
	// Suppressed are findings that something decided not to report. They are listed only with Options.ShowSuppressed;
	// that there are some is told by Stats.Suppressed.
	Suppressed []scan.Finding
	Stats      scan.Stats
	// Images are those that were looked into, in the order in which they are to be listed.
	Images []ImageScan
	// Rules describes the rules that were used. One that a finding names and that is not here is described from the
	// finding.
	Rules []RuleInfo
}

// VersionControl identifies the scanned state of a repository.
type VersionControl struct {
	URI      string // address of the remote, as git has it; credentials are left out
	Revision string // commit that HEAD names
	Branch   string // short name of the branch that HEAD names
}

// RuleInfo is what a report says of a rule.
type RuleInfo struct {
	ID          string
	Description string
	Kind        scan.Kind
	Severity    string
	Remedy      string
	Tags        []string
	References  []string // addresses
}

// Options says how to write a report. Its zero value masks secrets and writes plain text 80 columns wide.
type Options struct {
	// ShowSecrets writes values in full. Without it they are masked, in every format.
	ShowSecrets bool
	// ShowSuppressed lists suppressed findings, marked as such.
	ShowSuppressed bool
	// Color allows terminal colours in the text format.
	Color bool
	// Width is the number of columns of the text format; 0 means 80, and less than 60 counts as 60.
	Width int
	// Places is how many places of a finding the text format lists; 0 means 5, less than 0 all.
	Places int
	// Verbose adds fingerprints' details to the text format: whole commit ids, addresses, blobs, tags.
	Verbose bool
	// Now is the moment that ages are told from; zero means Report.Started.
	Now time.Time
}

// formats maps each format's name to its writer, in the order in which help texts list them.
var formats = []struct {
	name  string
	write func(w io.Writer, v *view) error
}{
	{"text", writeText},
	{"json", writeJSON},
	{"jsonl", writeJSONL},
	{"sarif", writeSARIF},
	{"csv", writeCSV},
	{"junit", writeJUnit},
	{"html", writeHTML},
	{"gitleaks", writeGitleaks},
	{"gitlab", writeGitLab},
}

// Formats lists the names that Write takes.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// Write writes r to w in the named format (see Formats). The caller's report is not changed. The error is that of w,
// or says that there is no such format.
func Write(w io.Writer, format string, r *Report, o Options) error {
	for _, f := range formats {
		if f.name != format {
			continue
		}
		b := bufio.NewWriterSize(w, 1<<16)
		if err := f.write(b, newView(r, o)); err != nil {
			return fmt.Errorf("report: %s: %w", format, err)
		}
		if err := b.Flush(); err != nil {
			return fmt.Errorf("report: %s: %w", format, err)
		}
		return nil
	}
	return fmt.Errorf("report: format %q: want one of %s", format, strings.Join(Formats(), ", "))
}
