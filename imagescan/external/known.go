package external

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Names of the scanners that are known without a configuration.
const (
	BuiltinName    = "builtin"
	TrivyName      = "trivy"
	TrufflehogName = "trufflehog"
)

// Builtin is this program as a child: a bomb or a crash then costs one image. exe is its file (os.Executable), args are
// its arguments, which make it write its JSON report with secrets shown to standard output; {image} and {input} stand for
// the target, and paths among them have to be absolute, since the child runs in a directory of its own.
//
// The child is no stranger, so it gets what it needs to reach registries as its parent would: see ownEnv.
func Builtin(exe string, args []string) Scanner {
	argv := append([]string{exe}, args...)
	return Scanner{Name: BuiltinName, Argv: argv, ArgvInput: argv, Format: FormatRummage, Memory: builtinMemory, ours: true}
}

// builtinMemory is what the collector of our own child tries to stay below, in bytes: three times what it should need.
const builtinMemory = 1 << 30

// Trivy is aquasecurity/trivy, looking for secrets alone: without its databases, its cache on disk, telemetry and the
// check for a newer version, with a configuration that leaves out no path. Releases 0.69.4 to 0.69.6 are refused: they
// stole credentials (CVE-2026-33634, GHSA-69fq-xp46-6x23).
func Trivy() Scanner {
	common := []string{TrivyName, "image", "--scanners", "secret", "--skip-db-update", "--offline-scan", "--disable-telemetry",
		"--skip-version-check", "--cache-backend", "memory", "--secret-config", "{config}", "--config", os.DevNull,
		"--quiet", "--format", "json", "--timeout", "{timeout}", "--platform={platform}"}
	return Scanner{
		Name:      TrivyName,
		Argv:      slices.Concat(common, []string{"--image-src", "remote", "--", "{image}"}),
		ArgvInput: slices.Concat(common, []string{"--input", "{input}"}),
		Format:    FormatTrivy,
		limits: "trivy does not see what a base image brings in, what a later file of the same path replaces, binary files, " +
			"archives inside layers, provenance, and other platforms",
		prepare: trivyConfig,
		version: []string{"--version"},
		refuse:  refuseTrivy,
	}
}

// trivyAllowRules are the rules by which trivy 0.74 leaves out paths and texts.
const trivyAllowRules = "[dist-info, tests, examples, vendor, usr-dirs, locale-dir, markdown, node.js, golang, python, rubygems, wordpress, anaconda-log]"

// trivyConfig writes the configuration of trivy's secret scanner. Its name cannot be guessed, since trivy skips a file of
// an image whose path is the end of the configuration's.
func trivyConfig(dir string) (string, error) {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	name := filepath.Join(dir, hex.EncodeToString(random)+".yaml")
	return name, os.WriteFile(name, []byte("disable-allow-rules: "+trivyAllowRules+"\nskip-patterns: []\n"), 0o600)
}

// stolenTrivy are the releases that were not made by trivy's authors. They are told apart by the version alone, so a sha256
// is what protects from the next ones.
var stolenTrivy = []string{"0.69.4", "0.69.5", "0.69.6"}

var trivyVersion = pattern(`(?m)^Version:\s*v?(\S{1,64})`)

// refuseTrivy looks at what trivy --version prints, or at the version that the Go linker wrote into its file.
func refuseTrivy(printed string) error {
	m := trivyVersion().FindStringSubmatch(printed)
	if m == nil {
		return errors.New("does not say which version it is")
	}
	release, _, _ := strings.Cut(strings.TrimPrefix(m[1], "v"), "-")
	if slices.Contains(stolenTrivy, release) {
		return fmt.Errorf("version %s is refused: it steals credentials (CVE-2026-33634)", release)
	}
	return nil
}

// Trufflehog is trufflesecurity/trufflehog, which sends nothing it finds to anyone: it would try every credential at its
// vendor's otherwise.
func Trufflehog() Scanner {
	argv := func(image string) []string {
		return []string{TrufflehogName, "docker", "--json", "--no-verification", "--no-update", "--fail",
			"--fail-on-scan-errors", "--image=" + image}
	}
	return Scanner{
		Name:      TrufflehogName,
		Argv:      argv("{image}"),
		ArgvInput: argv("file://{input}"),
		Format:    FormatTrufflehog,
		limits: "trufflehog does not see the configuration beside its history, files over 50 MB, archives inside layers, " +
			"provenance, and other platforms",
		prepare: func(string) (string, error) { return "", nil },
	}
}

// Named returns the scanner of that name: one of the list or one that is known without a configuration.
func Named(name string, list []Scanner) (Scanner, bool) {
	if i := slices.IndexFunc(list, func(s Scanner) bool { return s.Name == name }); i >= 0 {
		return list[i], true
	}
	switch name {
	case TrivyName:
		return Trivy(), true
	case TrufflehogName:
		return Trufflehog(), true
	}
	return Scanner{}, false
}
