package main

import (
	"errors"
	"slices"
	"strings"

	"rummage/filescan"
	"rummage/report"
	"rummage/scan"
)

type filesCmd struct {
	Paths []string `arg:"" optional:"" name:"path" default:"." help:"Files, directories, or - for standard input (default: the working directory)."`
	imageFlags
	lookFlags
	scanFlags
}

// Validate refuses flags that contradict each other.
func (c *filesCmd) Validate() error {
	if c.ListImages {
		return errors.Join(c.checkImages(), c.checkLook(&c.lookFlags))
	}
	if c.LookInto && slices.Contains(c.Paths, filescan.Stdin) {
		return errors.New("--images reads files twice: standard input does not go with it")
	}
	return c.checkLook(&c.lookFlags)
}

func (c *filesCmd) Run(a *app) error {
	src, err := filescan.Open(c.Paths, filescan.Options{MaxFile: int(c.MaxBlob), Stdin: a.stdin})
	if err != nil {
		return err
	}
	subject := strings.Join(c.Paths, " ")
	if c.ListImages {
		return a.listImages(&c.scanFlags, src, "files", subject)
	}
	rules, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	known, err := c.loadKnown()
	if err != nil {
		return err
	}
	j := &job{flags: &c.scanFlags, source: src, command: "files", subject: subject, known: known}
	j.use(rules)
	if c.LookInto {
		l, err := a.lookInto(j, &c.lookFlags)
		if err != nil {
			return err
		}
		j.after = func(res *scan.Result) ([]report.ImageScan, error) {
			named, err := filescan.Open(c.Paths, filescan.Options{MaxFile: int(c.MaxBlob)})
			if err != nil {
				return nil, err
			}
			return l.named(named, res)
		}
	}
	return a.scan(j)
}
