package external

import (
	"cmp"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rummage/scan"
)

// Runner runs a scanner whose program was found and checked.
type Runner struct {
	s    Scanner
	path string
	// file is the program's as it was checked. What stands at the path later must be it.
	file    os.FileInfo
	version string
}

// versionTimeout is how long a program may take to print its version.
const versionTimeout = 30 * time.Second

// Open finds the scanner's program, compares its file with the scanner's sha256, and asks for its version where some are
// not to be run. The error, one line that begins with the scanner's name, says why it cannot be used; exec.ErrDot and
// exec.ErrNotFound can be told from it.
func Open(ctx context.Context, s Scanner) (*Runner, error) {
	r := &Runner{s: s}
	if bad := s.check(); bad != nil {
		return nil, fmt.Errorf("scanner %s: %w", s.Name, bad)
	}
	if err := r.find(); err != nil {
		return nil, fmt.Errorf("scanner %s: %w", s.Name, err)
	}
	if s.version != nil {
		if err := r.askVersion(ctx); err != nil {
			return nil, fmt.Errorf("scanner %s: %w", s.Name, err)
		}
	}
	return r, nil
}

// Name is the scanner's.
func (r *Runner) Name() string { return r.s.Name }

// Version is what the program printed as its version, empty where it was not asked.
func (r *Runner) Version() string { return r.version }

// find finds the program's file, and checks it before any of it runs.
func (r *Runner) find() error {
	program := slices.Concat(r.s.Argv, r.s.ArgvInput)[0]
	if !isProgram(program) {
		return errors.New("want the name or absolute path of a program")
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return err // also for one in the working directory: that may be the repository that is scanned
	}
	if r.path, err = filepath.Abs(path); err != nil {
		return err
	}
	f, err := os.Open(r.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if r.file, err = f.Stat(); err != nil {
		return err
	}
	if r.s.SHA256 != "" {
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		if sum := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(sum, r.s.SHA256) {
			return fmt.Errorf("the sha256 of %s is %s, not the one asked for", r.path, sum)
		}
	}
	if r.s.refuse == nil {
		return nil
	}
	// A version that the linker wrote down is read without running what is to be refused; many files have none.
	if info, err := buildinfo.Read(f); err == nil && strings.HasPrefix(info.Main.Version, "v") {
		return r.s.refuse("Version: " + info.Main.Version)
	}
	return nil
}

// same says why the program's file is not the one that was checked. Who can write into that file itself between the check
// and the start is not held off.
func (r *Runner) same() error {
	now, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if !os.SameFile(now, r.file) || now.Size() != r.file.Size() || !now.ModTime().Equal(r.file.ModTime()) {
		return fmt.Errorf("%s has changed since it was checked", r.path)
	}
	return nil
}

func (r *Runner) askVersion(ctx context.Context) error {
	w, err := r.workplace()
	if err != nil {
		return err
	}
	end := r.process(w, r.s.version, min(versionTimeout, r.s.timeout())).run(ctx)
	if err := w.close(); err != nil {
		return err
	}
	if end.why != "" || end.code != 0 {
		return fmt.Errorf("its version: %s", cmp.Or(end.why, fmt.Sprintf("exit status %d", end.code)))
	}
	printed := string(end.stdout)
	if err := r.s.refuse(printed); err != nil {
		return err
	}
	first, _, _ := strings.Cut(printed, "\n")
	r.version = clip(strings.TrimSpace(first), 100)
	return nil
}

// workplace is an empty directory and what belongs to it.
type workplace struct {
	dir    string
	config string   // what {config} stands for
	env    []string // of the program
	passed []string // values among it
}

func (r *Runner) workplace() (*workplace, error) {
	dir, err := os.MkdirTemp("", "rummage-") // 0700
	if err != nil {
		return nil, err
	}
	w := &workplace{dir: dir}
	w.env, w.passed = r.s.environment(dir)
	if r.s.prepare != nil {
		if w.config, err = r.s.prepare(dir); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

// close removes the directory and what the program left in it, which may be layers with secrets.
func (w *workplace) close() error {
	if err := os.RemoveAll(w.dir); err != nil {
		return fmt.Errorf("%s is left, and may hold secrets: %s", w.dir, cause(err))
	}
	return nil
}

func (r *Runner) process(w *workplace, args []string, limit time.Duration) *process {
	p := &process{path: r.path, args: args, dir: w.dir, env: w.env, limit: limit}
	if !r.s.ours { // the limit of ours is one of its collector: it stays below, where another would be shot
		p.memory = r.s.memory()
	}
	return p
}

// Outcome is what a scanner said of an image.
type Outcome struct {
	Scanner string
	Image   string // as findings call it
	// Findings and Suppressed are in the order of reports. There may be some although the outcome is incomplete.
	Findings, Suppressed []scan.Finding
	// Incomplete says, in one line, why what was found need not be all there is; empty: the image was read as the scanner
	// reads images. Limits says what that leaves out, for scanners that are known.
	Incomplete string
	Limits     string
	// Digest is that of the image where the report has it, Layers how many layers it has; 0 where that is not known.
	Digest string
	Layers int
	// Stats are those of our own format, else nil.
	Stats *scan.Stats
	// Stderr is the end of standard error, with credentials taken out. Control characters are as they came.
	Stderr string
	// Seconds is how long the program ran.
	Seconds float64
}

// Result is the outcome as a result of a scan, to be merged with others. Its counts are those of our own format; of
// another scanner's work only what went wrong is counted.
func (o *Outcome) Result() *scan.Result {
	res := &scan.Result{Findings: o.Findings, Suppressed: o.Suppressed, Stats: scan.Stats{Complete: true}}
	if o.Stats != nil {
		res.Stats = *o.Stats
	}
	if o.Incomplete != "" {
		res.Stats.Complete = false
		if res.Stats.ProblemCount == 0 { // else our own format has named them
			res.Stats.ProblemCount = 1
			res.Stats.Problems = []scan.Problem{{Where: o.Image, Why: o.Scanner + ": " + o.Incomplete}}
		}
	}
	if o.Limits != "" {
		res.Stats.Notices = append(slices.Clone(res.Stats.Notices), o.Limits)
	}
	return res
}

// ownIncomplete is the exit status of ours when it could not read all: its report says why.
const ownIncomplete = 2

// Scan runs the scanner on an image. Whatever goes wrong is told by the outcome.
func (r *Runner) Scan(ctx context.Context, t Target) *Outcome {
	o := &Outcome{Scanner: r.s.Name, Image: t.name(), Limits: r.s.limits}
	w, err := r.workplace()
	if err != nil {
		o.Incomplete = cause(err)
		return o
	}
	o.Incomplete = r.scan(ctx, &t, w, o)
	if err := w.close(); err != nil && o.Incomplete == "" {
		o.Incomplete = err.Error()
	}
	return o
}

// scan fills in the outcome and says why it is incomplete.
func (r *Runner) scan(ctx context.Context, t *Target, w *workplace, o *Outcome) string {
	args, err := r.s.arguments(t, w.dir, w.config)
	if err != nil {
		return err.Error()
	}
	if err := r.same(); err != nil {
		return err.Error()
	}
	var log logOf
	p := r.process(w, args, r.s.timeout())
	if r.s.Format == FormatTrufflehog {
		p.look = log.line
	}
	start := time.Now()
	end := p.run(ctx)
	o.Seconds = time.Since(start).Seconds()

	read, why := r.read(end.stdout, &log, t)
	o.Findings, o.Suppressed, o.Stats, o.Digest, o.Layers = read.findings, read.suppressed, read.stats, read.digest, read.layers
	o.Stderr = end.stderr.text(newRedactor(slices.Concat(w.passed, read.values()), slices.Concat(args, []string{r.path})))
	switch {
	case end.why != "":
		return end.why
	case end.code == 0:
		return why
	case r.s.ours && end.code == ownIncomplete && why != "":
		return why
	case !slices.Contains(r.s.findingsExit(), end.code):
		if why != "" {
			why = ", " + why
		}
		return fmt.Sprintf("exit status %d%s", end.code, why)
	case why == "" && len(read.findings)+len(read.suppressed) == 0:
		// Many programs have one status for findings and for errors.
		return fmt.Sprintf("exit status %d, but no finding in its report", end.code)
	}
	return why
}
