//go:build unix

package external

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/scan"
)

// TestOutcomes: whatever keeps a report from being all there is makes the outcome incomplete, and says why.
func TestOutcomes(t *testing.T) {
	raw := madeSecret(t)
	hit := trivyHit{target: "/app/.env", rule: "github-pat", match: "TOKEN=*****", diffID: digestOf(1), createdBy: "COPY .env /app/.env", line: 3}
	found := trivyShape(t, 2, raw, hit)
	sarif := `{"version":"2.1.0","runs":[{"results":[]}]}`
	gitleaks := `[{"RuleID":"r","File":"a","StartLine":1,"Secret":"` + raw + `"}]`
	for _, c := range []struct {
		name, script string
		format       Format
		report       []byte
		findings     int
		why          string // empty: complete
	}{
		{"findings", `cat "$REPORT"`, FormatTrivy, found, 1, ""},
		{"none", `cat "$REPORT"`, FormatTrivy, trivyShape(t, 2, raw), 0, ""},
		{"status 1", `exit 1`, FormatTrivy, nil, 0, "exit status 1, wrote no report"},
		{"status 1 after a report", `cat "$REPORT"; exit 1`, FormatTrivy, found, 1, "exit status 1"},
		{"empty", `true`, FormatTrivy, nil, 0, "wrote no report"},
		{"blank", `echo; echo`, FormatTrivy, nil, 0, "wrote no report"},
		{"truncated", `head -c 700 "$REPORT"`, FormatTrivy, found, 0, "its report is cut off"},
		{"no JSON", `echo hello`, FormatTrivy, nil, 0, "its report is no JSON at byte 1"},
		{"another form", `echo '{"Results":3}'`, FormatTrivy, nil, 0, "its report has another form at byte 12"},
		{"0 layers", `cat "$REPORT"`, FormatTrivy, trivyShape(t, 0, raw), 0, "0 layers were looked at"},
		{"killed", `kill -9 $$`, FormatTrivy, nil, 0, "ended by signal: killed"},
		{"its own status", `cat "$REPORT"; exit 1`, FormatGitleaks, []byte(gitleaks), 1, ""},
		{"its own status without a finding", `cat "$REPORT"; exit 1`, FormatSARIF, []byte(sarif), 0, "exit status 1, but no finding in its report"},
		{"another status", `cat "$REPORT"; exit 2`, FormatGitleaks, []byte(gitleaks), 1, "exit status 2"},
		{"trufflehog without its log", `true`, FormatTrufflehog, nil, 0, "did not say that it came to its end"},
		{"trufflehog's error", `echo '{"level":"error","msg":"error processing layer","error":"gzip: invalid header"}' >&2
			printf '%s' '{"level":"info-0","msg":"finished scanning","chunks":2}' >&2`, FormatTrufflehog, nil, 0, "error processing layer: gzip: invalid header"},
		{"trufflehog read nothing", `echo '{"level":"info-0","msg":"finished scanning","chunks":0}' >&2`, FormatTrufflehog, nil, 0, "0 layers were looked at"},
		{"trufflehog found nothing", `printf '%s' '{"level":"info-0","msg":"finished scanning","chunks":2}' >&2`, FormatTrufflehog, nil, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := scanWith(t, custom(c.format, shim(t, "scanner", c.script, c.report)))
			if o.Incomplete != c.why || len(o.Findings) != c.findings {
				t.Errorf("incomplete %q, want %q; findings\n%s", o.Incomplete, c.why, everything(o.Findings))
			}
			res := o.Result()
			if res.Stats.Complete != (c.why == "") || res.Stats.ProblemCount != int64(len(res.Stats.Problems)) || len(res.Stats.Problems) != min(len(c.why), 1) {
				t.Errorf("as a result: %+v", res.Stats)
			}
		})
	}
}

// TestTrivy: the call, its directory and its environment are those with which trivy looks at everything and obeys nobody.
func TestTrivy(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", madeSecret(t))
	t.Setenv("TRIVY_SKIP_FILES", "**")
	path := shim(t, "trivy", asTrivy+`
		pwd > "$DIR/pwd"; ls -A > "$DIR/ls"; env > "$DIR/env"; stat -c %a . > "$DIR/mode" 2>/dev/null
		for a in "$@"; do echo "$a"; done > "$DIR/argv"
		cat *.yaml > "$DIR/config"
		touch left-behind
		if [ -e trivy.yaml ]; then exit 9; fi
		cat "$REPORT"`, trivyShape(t, 2, ""))
	// A repository that is scanned may have such a file in it.
	repository := t.TempDir()
	t.Chdir(repository)
	if err := os.WriteFile("trivy.yaml", []byte("skip: all"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, Trivy())
	o := r.Scan(context.Background(), Target{Image: "alpine", Platform: "linux/arm64"})
	if o.Incomplete != "" || r.Version() != "Version: 0.74.0" || o.Layers != 2 || o.Limits == "" || o.Image != "alpine" {
		t.Fatalf("%+v, version %q", o, r.Version())
	}
	argv := left(t, path, "argv")
	if tail := argv[len(argv)-4:]; !slices.Equal(tail, []string{"--image-src", "remote", "--", "docker.io/library/alpine:latest"}) {
		t.Errorf("argv ends in %q", tail)
	}
	for _, want := range []string{"--offline-scan", "--skip-db-update", "--disable-telemetry", "--skip-version-check", "--config", "/dev/null",
		"--cache-backend", "memory", "--platform=linux/arm64", "secret", "10m0s"} {
		if !slices.Contains(argv, want) {
			t.Errorf("no %s in %q", want, argv)
		}
	}
	dir := left(t, path, "pwd")[0]
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if mode := left(t, path, "mode"); mode[0] != "" && mode[0] != "700" {
		t.Errorf("mode %s of the directory", mode[0])
	}
	ls := left(t, path, "ls")
	if len(ls) != 1 || len(ls[0]) != 32+len(".yaml") || !slices.Contains(argv, filepath.Join(dir, ls[0])) {
		t.Errorf("in the directory: %q; argv %q", ls, argv)
	}
	if config := strings.Join(left(t, path, "config"), "\n"); !strings.Contains(config, "markdown") || !strings.Contains(config, "skip-patterns: []") {
		t.Errorf("secret configuration:\n%s", config)
	}
	checkScrubbed(t, left(t, path, "env"), dir)
	o = r.Scan(context.Background(), Target{Input: "img.tar"})
	if argv := left(t, path, "argv"); o.Incomplete != "" || !slices.Equal(argv[len(argv)-2:], []string{"--input", filepath.Join(repository, "img.tar")}) {
		t.Errorf("%q; argv %q", o.Incomplete, argv)
	}
}

// checkScrubbed: the environment has nothing of ours but where programs are.
func checkScrubbed(t *testing.T, env []string, dir string) {
	t.Helper()
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		switch name {
		case "PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_": // the shell sets the last ones itself
		case "HOME", "TMPDIR":
			if value != dir {
				t.Errorf("%s, not the empty directory", e)
			}
		default:
			t.Errorf("the environment leaks %s", name)
		}
	}
}

func TestRefusedTargets(t *testing.T) {
	path := shim(t, "scanner", `touch "$DIR/ran"`, nil)
	r := open(t, custom(FormatTrivy, path))
	for _, target := range []Target{
		{Image: "-x"}, {Image: "--config=/etc/x"}, {Image: "a b"}, {Image: "a\nb"}, {Image: "https://host/x"}, {Image: "upper/Case"}, {Image: "$(id)"},
		{}, {Image: "a", Input: "b"}, {Image: "a", Platform: "linux/amd64"}, {Image: "a", Platform: "--x"},
	} {
		if o := r.Scan(context.Background(), target); o.Incomplete == "" {
			t.Errorf("%+v was scanned", target)
		}
	}
	images := custom(FormatTrivy, path)
	images.ArgvInput = nil
	if o := open(t, images).Scan(context.Background(), Target{Input: "x"}); o.Incomplete != "mine does not read archives and layouts" {
		t.Errorf("%q", o.Incomplete)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "ran")); err == nil {
		t.Error("the scanner was run")
	}
	// An input whose name looks like an option is none once it is absolute.
	path = shim(t, "scanner", `echo "$1" > "$DIR/argv"`, nil)
	open(t, custom(FormatTrivy, path)).Scan(context.Background(), Target{Input: "--x"})
	if argv := left(t, path, "argv"); !filepath.IsAbs(argv[0]) {
		t.Errorf("%q", argv)
	}
}

func TestStolenVersions(t *testing.T) {
	for version, refused := range map[string]bool{"0.69.3": false, "0.69.4": true, "0.69.5": true, "v0.69.6": true, "0.69.5-dirty": true, "0.69.50": false, "0.74.0": false} {
		path := shim(t, "trivy", `if [ "$1" != --version ]; then touch "$DIR/ran"; fi; echo "Version: `+version+`"`, nil)
		_, err := Open(context.Background(), Trivy())
		if (err != nil) != refused || err != nil && !strings.Contains(err.Error(), "is refused") {
			t.Errorf("%s: %v", version, err)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "ran")); err == nil {
			t.Errorf("%s: it was run", version)
		}
	}
	for script, why := range map[string]string{`exit 3`: "exit status 3", `echo hello`: "does not say which version it is"} {
		shim(t, "trivy", script, nil)
		if _, err := Open(context.Background(), Trivy()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

func TestProgramFile(t *testing.T) {
	path := shim(t, "scanner", `cat "$REPORT"`, trivyShape(t, 1, ""))
	s := custom(FormatTrivy, "scanner")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	s.SHA256 = strings.ToUpper(hex.EncodeToString(sum[:]))
	r := open(t, s)
	if o := r.Scan(context.Background(), Target{Image: "a"}); o.Incomplete != "" {
		t.Errorf("with its sha256: %s", o.Incomplete)
	}
	other := filepath.Join(t.TempDir(), "scanner")
	if err := os.WriteFile(other, append(data, "touch \"$DIR/ran\"\n"...), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if o := r.Scan(context.Background(), Target{Image: "a"}); !strings.Contains(o.Incomplete, "changed since") {
		t.Errorf("swapped after the check: %q", o.Incomplete)
	}
	if _, err := Open(context.Background(), s); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("with another's sha256: %v", err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "ran")); err == nil {
		t.Error("the other program was run")
	}
}

// TestProgramInWorkingDirectory: PATH with "." or nothing in it would find what a repository brings along.
func TestProgramInWorkingDirectory(t *testing.T) {
	path := shim(t, "scanner", `touch "$DIR/ran"; cat "$REPORT"`, trivyShape(t, 1, ""))
	t.Chdir(filepath.Dir(path))
	for _, list := range []string{".", "", ".:/bin"} {
		t.Setenv("PATH", list)
		if _, err := Open(context.Background(), custom(FormatTrivy, "scanner")); !errors.Is(err, exec.ErrDot) && !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("PATH=%s: %v", list, err)
		}
	}
	if _, err := Open(context.Background(), custom(FormatTrivy, "./scanner")); err == nil {
		t.Error("a relative path was taken")
	}
	if _, err := Open(context.Background(), custom(FormatTrivy, "no-such-scanner")); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("a scanner that is not there: %v", err)
	}
}

// TestStderr: what a scanner prints is told, without credentials.
func TestStderr(t *testing.T) {
	passed, own, other := "hunter2 correct horse", madeSecret(t), madeSecret(t)
	t.Setenv("REGISTRY_PASSWORD", passed)
	gitleaks := []byte(`[{"RuleID":"r","File":"a","StartLine":1,"Secret":"` + "short pass" + `"}]`)
	path := shim(t, "scanner", `cat "$REPORT"
		echo "begin $REGISTRY_PASSWORD" >&2
		i=0; while [ $i -lt 2000 ]; do echo "line $i of `+own+`" >&2; i=$((i+1)); done
		echo "fetching https://user:`+"p/w"+`@example.com/x and https://user:`+"p@w"+`@example.com/y" >&2
		echo "value short pass, env $REGISTRY_PASSWORD, token `+other+`, image $2, digest `+digestOf(7)+`" >&2
		printf 'escape \033[31m' >&2
		exit 1`, gitleaks)
	s := custom(FormatGitleaks, path)
	s.PassEnv = []string{"REGISTRY_PASSWORD", "NOT_SET"}
	o := scanWith(t, s)
	for _, secret := range []string{passed, own, other, "short pass", "p@w", own[20:]} {
		if strings.Contains(o.Stderr, secret) {
			t.Errorf("standard error shows %q", secret)
		}
	}
	for _, want := range []string{"line 1999 of ****", "https://****@example.com/y", "image example.com/team/app:1", digestOf(7), "escape \x1b[31m"} {
		if !strings.Contains(o.Stderr, want) {
			t.Errorf("standard error has no %q:\n%s", want, o.Stderr[max(0, len(o.Stderr)-600):])
		}
	}
	if len(o.Stderr) > keptStderr || strings.Contains(o.Stderr, "begin") {
		t.Errorf("%d bytes of standard error", len(o.Stderr))
	}
}

func TestBuiltinChild(t *testing.T) {
	docker := filepath.Join(t.TempDir(), ".docker")
	if err := os.Mkdir(docker, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", filepath.Dir(docker))
	t.Setenv("DOCKER_CONFIG", "")
	t.Setenv("CI_JOB_TOKEN", madeSecret(t))
	t.Setenv("HTTPS_PROXY", "http://proxy.example:3128")
	report := encode(t, object{"schema": 1, "scan": object{"complete": true, "layers": 3, "objects": 5, "scanned": 5, "problems": nil}, "findings": []object{}})
	path := shim(t, "own", `env > "$DIR/env"; for a in "$@"; do echo "$a"; done > "$DIR/argv"; cat "$REPORT"`, report)
	o := open(t, Builtin(path, []string{"image", "--platform={platform}", "--", "{image}"})).Scan(context.Background(), Target{Image: "a"})
	if o.Incomplete != "" || o.Layers != 3 || o.Stats == nil || o.Stats.Scanned != 5 || o.Result().Stats.Objects != 5 {
		t.Errorf("%+v", o)
	}
	if argv := left(t, path, "argv"); !slices.Equal(argv, []string{"image", "--", "docker.io/library/a:latest"}) {
		t.Errorf("argv %q", argv)
	}
	env := left(t, path, "env")
	for _, want := range []string{"DOCKER_CONFIG=" + docker, "HOME=" + filepath.Dir(docker), "HTTPS_PROXY=http://proxy.example:3128", fmt.Sprintf("GOMEMLIMIT=%d", builtinMemory)} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in the environment", want)
		}
	}
	if slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "CI_JOB_TOKEN") }) {
		t.Error("the child has the job's token")
	}
}

// TestHugeOutput: a report beyond the limit ends the scanner.
func TestHugeOutput(t *testing.T) {
	if o := scanWith(t, custom(FormatTrivy, shim(t, "scanner", `cat /dev/zero`, nil))); o.Incomplete != "wrote more than 64 MiB" {
		t.Errorf("%q", o.Incomplete)
	}
}

// TestResultKeepsFindings: what an incomplete scan found is not lost, and its own problems are not told twice.
func TestResultKeepsFindings(t *testing.T) {
	o := Outcome{Scanner: "builtin", Image: "a", Incomplete: "could not read all of it", Findings: make([]scan.Finding, 1),
		Stats: &scan.Stats{ProblemCount: 12, Problems: make([]scan.Problem, 10)}}
	if res := o.Result(); len(res.Findings) != 1 || res.Stats.ProblemCount != 12 || len(res.Stats.Problems) != 10 {
		t.Errorf("%+v", res)
	}
}
