package external

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"rummage/detect/imageref"
)

// Format is how a scanner writes its report.
type Format string

// The formats.
const (
	FormatTrivy      Format = "trivy"      // trivy's JSON
	FormatTrufflehog Format = "trufflehog" // trufflehog's JSON lines, with its log on standard error
	FormatGitleaks   Format = "gitleaks"   // gitleaks' JSON
	FormatSARIF      Format = "sarif"      // SARIF 2.1.0
	FormatRummage    Format = "rummage"    // our JSON, schema 1
)

// formats are those that a configuration may name, each with the exit statuses by which its programs say that they found
// something, unless the scanner has its own.
var formats = map[Format][]int{
	FormatTrivy:      {},
	FormatTrufflehog: {183},
	FormatGitleaks:   {1},
	FormatSARIF:      {1},
	FormatRummage:    {1},
}

// Limits where a scanner has none of its own.
const (
	// DefaultTimeout is how long a scanner may take for an image: the largest public ones are pulled and read in that time.
	DefaultTimeout = 10 * time.Minute
	// DefaultMemory is how many bytes of address space a scanner may take. A Go program reserves more than it uses.
	DefaultMemory = 4 << 30
	// maxOutput bounds a report, in bytes. It is held in memory, and trivy writes some 2 KB for a finding.
	maxOutput = 64 << 20
)

// Scanner says how a program is run and its report read. See Trivy, Trufflehog, Builtin and ReadConfig.
type Scanner struct {
	// Name is what findings and messages call it.
	Name string
	// Argv is the program and its arguments for the image of a reference, ArgvInput for an archive or layout; nil where it
	// reads no such thing. The program is a name that is looked up in PATH, or an absolute path. In the arguments stand for
	// something: {image} for the canonical reference, {input} for the absolute path, {empty} for the empty directory, and
	// {platform} for os/architecture[/variant]; an argument with {platform} is left out where none is asked for.
	Argv, ArgvInput []string
	Format          Format
	// Timeout bounds the time for an image; 0: DefaultTimeout.
	Timeout time.Duration
	// Memory bounds the program's memory, in bytes; 0: DefaultMemory. Only Linux holds a program to it.
	Memory int64
	// SHA256 is that of the program's file, in hexadecimal digits; empty: any.
	SHA256 string
	// FindingsExit are the exit statuses beside 0 of a scan that went well; nil: those of the format.
	FindingsExit []int
	// PassEnv names variables of our environment that the program gets beside what every one gets.
	PassEnv []string

	// ours says that the program is this one.
	ours bool
	// limits is what it is known not to see, to be told with its findings.
	limits string
	// prepare writes the files that it needs into the empty directory, and returns what {config} stands for.
	prepare func(dir string) (config string, err error)
	// version are the arguments that print its version, refuse says why one is not run.
	version []string
	refuse  func(version string) error
}

// Target is what is to be scanned: an Image or an Input. (Arguments of Builtin without placeholders need neither.)
type Target struct {
	// Image is a reference. It is made canonical before a program sees it.
	Image string
	// Input is the path of an archive or layout.
	Input string
	// Name is what findings call the image; empty: Image or Input.
	Name string
	// Platform is "os/architecture[/variant]"; empty: the scanner's choice.
	Platform string
}

func (t *Target) name() string {
	for _, s := range []string{t.Name, t.Image, t.Input} {
		if s != "" {
			return s
		}
	}
	return "image"
}

var platformForm = pattern(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`)

// arguments are the arguments, without the program, for a target. The errors are one line.
func (s *Scanner) arguments(t *Target, dir, config string) ([]string, error) {
	argv, target := s.Argv, ""
	switch {
	case t.Image != "" && t.Input != "":
		return nil, errors.New("a target is an image or an input")
	case t.Image != "":
		canonical, why := imageref.Canonical(t.Image)
		if why != "" {
			return nil, errors.New(why)
		}
		target = canonical
	case t.Input != "":
		abs, err := filepath.Abs(t.Input)
		if err != nil {
			return nil, err
		}
		argv, target = s.ArgvInput, abs
	case !s.ours:
		return nil, errors.New("no image")
	}
	if len(argv) == 0 {
		return nil, fmt.Errorf("%s does not read %s", s.Name, kindOf(t))
	}
	if t.Platform != "" {
		if !platformForm().MatchString(t.Platform) {
			return nil, errors.New("not a platform")
		}
		if !s.ours && !slices.ContainsFunc(argv, func(a string) bool { return strings.Contains(a, "{platform}") }) {
			return nil, fmt.Errorf("%s cannot be told a platform", s.Name)
		}
	}
	// One pass, so that what stands for something cannot stand for something else in turn.
	fill := strings.NewReplacer("{image}", target, "{input}", target, "{empty}", dir, "{config}", config, "{platform}", t.Platform,
		"{timeout}", s.timeout().String())
	var args []string
	for _, a := range argv[1:] {
		if t.Platform != "" || !strings.Contains(a, "{platform}") {
			args = append(args, fill.Replace(a))
		}
	}
	return args, nil
}

func kindOf(t *Target) string {
	if t.Input != "" {
		return "archives and layouts"
	}
	return "images of registries"
}

// timeout is how long the program may take.
func (s *Scanner) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return DefaultTimeout
}

// findingsExit are the exit statuses beside 0 that mean findings.
func (s *Scanner) findingsExit() []int {
	if s.FindingsExit != nil {
		return s.FindingsExit
	}
	return formats[s.Format]
}

var (
	nameForm   = pattern(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	sha256Form = pattern(`^[0-9a-fA-F]{64}$`)
	envForm    = pattern(`^[A-Za-z_][A-Za-z0-9_]*$`)
	fillForm   = pattern(`\{[a-z]+\}`)
)

// invalid is a mistake in a scanner, with the key of its configuration.
type invalid struct{ key, why string }

func (e *invalid) Error() string { return e.key + ": " + e.why }

// check finds the first mistake.
func (s *Scanner) check() *invalid {
	_, known := formats[s.Format]
	switch {
	case !nameForm().MatchString(s.Name):
		return &invalid{"name", "want small letters, digits, - and _, 32 at most"}
	case !known:
		return &invalid{"format", "want trivy, sarif, gitleaks, rummage or trufflehog"}
	case len(s.Argv) == 0 && len(s.ArgvInput) == 0:
		return &invalid{"argv", "there is no command"}
	case s.Timeout < 0:
		return &invalid{"timeout", "less than nothing"}
	case s.Memory < 0:
		return &invalid{"memory_mib", "less than nothing"}
	case s.SHA256 != "" && !sha256Form().MatchString(s.SHA256):
		return &invalid{"sha256", "want 64 hexadecimal digits"}
	}
	for _, code := range s.FindingsExit {
		if code < 1 || code > 255 {
			return &invalid{"exit_findings", "want numbers from 1 to 255"}
		}
	}
	for _, name := range s.PassEnv {
		if !envForm().MatchString(name) {
			return &invalid{"env", "want names of variables, without values"}
		}
	}
	if s.ours || s.prepare != nil {
		return nil // made here
	}
	if e := checkArgv("argv", s.Argv, "{image}"); e != nil {
		return e
	}
	return checkArgv("argv_input", s.ArgvInput, "{input}")
}

// checkArgv checks the template of a command, if there is one.
func checkArgv(key string, argv []string, target string) *invalid {
	if argv == nil {
		return nil
	}
	if len(argv) < 2 || !isProgram(argv[0]) {
		return &invalid{key, "want the name or absolute path of a program, and arguments"}
	}
	named := false
	for _, a := range argv[1:] {
		if strings.ContainsRune(a, 0) {
			return &invalid{key, "an argument cannot hold a NUL byte"}
		}
		for _, p := range fillForm().FindAllString(a, -1) {
			switch p {
			case target:
				named = true
			case "{empty}":
			case "{platform}":
				if a == p {
					return &invalid{key, "write --flag={platform} as one argument, which is left out where no platform is asked for"}
				}
			default:
				return &invalid{key, "unknown placeholder " + p}
			}
		}
	}
	if !named {
		return &invalid{key, "no argument has " + target}
	}
	return nil
}

// isProgram says whether a program is given by an absolute path, or by a name alone: a relative path would mean something
// else in every directory.
func isProgram(s string) bool {
	return s != "" && !strings.ContainsRune(s, 0) && (filepath.IsAbs(s) || !strings.ContainsAny(s, `/\{`))
}

// pattern is an expression that is compiled when it is first asked for: the program is started for every push.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
