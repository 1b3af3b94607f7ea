package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rummage/imagescan/external"
	"rummage/report"
	"rummage/scan"
)

// imageFlags ask for the images that files name, beside a search or instead of it.
type imageFlags struct {
	LookInto   bool `name:"images" help:"Look into the container images that the files name, too: what is in a file and in an image is one finding. Their registries are asked for them, see --registry."`
	ListImages bool `help:"List the container images that Dockerfiles, compose files, CI files, manifests and charts name, and search nothing."`
}

// checkImages refuses what has no meaning for a list of images.
func (f *scanFlags) checkImages() error {
	switch {
	case !slices.Contains(report.ImageFormats(), f.Format):
		return fmt.Errorf("--format %s: --list-images has %s", f.Format, strings.Join(report.ImageFormats(), ", "))
	case len(f.Rules) > 0 || f.Baseline != "" || len(f.IgnoreFile) > 0:
		return errors.New("--list-images searches nothing: --rules, --baseline and --ignore-file do not go with it")
	case f.ShowSuppressed:
		return errors.New("--list-images searches nothing: --show-suppressed does not go with it")
	}
	return nil
}

// checkLook refuses what has no meaning for images that files name.
func (f *imageFlags) checkLook(look *lookFlags) error {
	switch {
	case f.LookInto && f.ListImages:
		return errors.New("--images looks into the images that --list-images lists: give one of them")
	case !f.LookInto && (len(look.Platform) > 0 || len(look.Registry) > 0 || look.ScannerFile != "" || !slices.Equal(look.LayerScanner, []string{external.BuiltinName})):
		return errors.New("--platform, --registry, --layer-scanner and --scanner-config go with --images")
	}
	return look.check()
}

// listImages lists the images that files of the source name. Exit code 2 says that something could not be read.
func (a *app) listImages(f *scanFlags, src scan.Files, command, subject string) error {
	started := time.Now()
	stop := func() {}
	if !f.NoProgress && isTerminal(a.stderr) {
		stop = showProgress(a.stderr, src.Progress())
	}
	list, err := scan.Images(a.ctx, src, f.workers())
	stop()
	if err != nil {
		return err
	}
	r := &report.Images{Tool: "rummage", Version: versionText(), Command: command, Source: subject, Started: started, List: list}
	write := func(w io.Writer) error { return report.WriteImages(w, f.Format, r) }
	if f.Output != "" && f.Output != "-" {
		err = report.WriteFile(f.Output, 0o600, write)
	} else if err = write(a.stdout); errors.Is(err, errClosedPipe) {
		err = nil
	}
	if err != nil {
		return err
	}
	if !list.Stats.Complete {
		a.code = exitError
		if f.Format != "text" || f.Output != "" {
			fmt.Fprintf(a.stderr, "rummage: incomplete: %s\n", incompleteWhy(list.Stats))
		}
	}
	return nil
}
