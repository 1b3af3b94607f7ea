package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rummage/gitscan"
	"rummage/imagescan"
	"rummage/imagescan/external"
	"rummage/report"
	"rummage/scan"
)

type imageCmd struct {
	Images []string `arg:"" name:"image" help:"A reference to an image in a registry, docker-daemon:REF, a directory with an OCI layout, or an archive (OCI layout, docker save, a file system; compressed or not)."`
	lookFlags
	scanFlags
}

// lookFlags say how images are looked into.
type lookFlags struct {
	Platform     []string      `placeholder:"OS/ARCH" help:"Look only into images of this platform, such as linux/arm64. Repeatable. Default: all that there are."`
	Registry     []string      `placeholder:"HOST" help:"Registry that may be asked; one named here may have a private address. Repeatable. Default: of references on the command line, theirs; of those in files, the Docker Hub and the registries in your Docker configuration."`
	LayerScanner []string      `placeholder:"NAME" default:"builtin" help:"Who looks into images: builtin, trivy, trufflehog or a name of --scanner-config. Repeatable: each place then says who saw it."`
	ScannerFile  string        `name:"scanner-config" placeholder:"FILE" help:"TOML file that defines further layer scanners, or pins the programs of known ones."`
	ImageTimeout time.Duration `placeholder:"TIME" default:"30m" help:"Time for one image (default ${default})."`
	ImageBytes   byteSize      `placeholder:"SIZE" default:"256GiB" help:"Stop after so many uncompressed bytes of one source (default ${default})."`
}

// check refuses what cannot be meant.
func (f *lookFlags) check() error {
	for _, p := range f.Platform {
		if parts := strings.Split(p, "/"); len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789_./") != "" {
			return fmt.Errorf("--platform %s: want os/architecture or os/architecture/variant, such as linux/arm64", p)
		}
	}
	if f.ImageTimeout <= 0 {
		return errors.New("--image-timeout: want a time, such as 10m")
	}
	return nil
}

// Validate refuses flags that cannot be meant.
func (c *imageCmd) Validate() error { return c.check() }

func (f *lookFlags) options() imagescan.Options {
	return imagescan.Options{Platforms: f.Platform, Limits: imagescan.Limits{Bytes: int64(f.ImageBytes)},
		OpenGit: openGit}
}

// openGit opens the repository that the files of a .git folder make; none where they make none.
func openGit(files map[string][]byte) (scan.Source, error) {
	repo, err := gitscan.OpenFiles(files, gitscan.Options{})
	switch {
	case errors.Is(err, gitscan.ErrNotRepository):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return repo, nil
}

func (c *imageCmd) Run(a *app) error {
	rules, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	known, err := c.loadKnown()
	if err != nil {
		return err
	}
	others, err := c.scanners(a.ctx)
	if err != nil {
		return err
	}
	src, err := c.source(others.builtin)
	if err != nil {
		return err
	}
	defer src.Close()
	j := &job{flags: &c.scanFlags, source: src, command: "image", subject: c.subject(), known: known,
		limit: c.ImageTimeout * time.Duration(len(c.Images))}
	j.use(rules)
	j.after = func(res *scan.Result) ([]report.ImageScan, error) {
		var rows []report.ImageScan
		if others.builtin {
			rows = summaries(src, res)
		}
		l := looker{a: a, flags: &c.scanFlags, look: &c.lookFlags, scanners: others.runners}
		for _, name := range c.Images {
			t := external.Target{Image: strings.TrimPrefix(name, "docker://"), Name: name}
			if path, ok := imagescan.Path(name); ok {
				if path, err = filepath.Abs(path); err != nil {
					return nil, err
				}
				t = external.Target{Input: path, Name: name}
			}
			l.targets = append(l.targets, t)
		}
		return append(rows, l.run(res)...), nil
	}
	return a.scan(j)
}

// subject is the images as places call them.
func (c *imageCmd) subject() string {
	var names []string
	for _, name := range c.Images {
		names = append(names, strings.TrimPrefix(name, "docker://"))
	}
	return strings.Join(names, " ")
}

// source is the images as the built-in scanner reads them, of none when others are to look alone.
func (c *imageCmd) source(builtin bool) (*imagescan.Source, error) {
	var targets []imagescan.Target
	if builtin {
		o := imagescan.RegistryOptions{Allow: c.Registry, Named: len(c.Registry) == 0}
		for _, name := range c.Images {
			t, err := imagescan.Open(name, o)
			if err != nil {
				if errors.Is(err, os.ErrNotExist) {
					err = fmt.Errorf("%s: no such file or directory", name)
				}
				return nil, err
			}
			targets = append(targets, t)
		}
	}
	return imagescan.New(targets, c.options()), nil
}

// summaries are the rows of the table of images that the built-in scanner looked into.
func summaries(src *imagescan.Source, res *scan.Result) (rows []report.ImageScan) {
	for _, s := range src.Summaries() {
		row := report.ImageScan{Image: s.Target, Layers: s.Layers, Scanner: external.BuiltinName, Seconds: res.Stats.Seconds, Problem: s.Problem}
		names := map[string]bool{}
		for _, n := range s.Names {
			names[n] = true
		}
		countFindings(&row, res.Findings, func(p *scan.Place) bool { return p.Image != nil && names[p.Image.Image] })
		rows = append(rows, row)
	}
	return rows
}

// countFindings counts those with a place that is meant.
func countFindings(row *report.ImageScan, findings []scan.Finding, meant func(*scan.Place) bool) {
	for i := range findings {
		for j := range findings[i].Places {
			if !meant(&findings[i].Places[j]) {
				continue
			}
			if findings[i].Kind == scan.KindExposure {
				row.Exposures++
			} else {
				row.Secrets++
			}
			break
		}
	}
}
