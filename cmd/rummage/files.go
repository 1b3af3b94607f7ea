package main

import (
	"strings"

	"rummage/filescan"
)

type filesCmd struct {
	Paths []string `arg:"" optional:"" name:"path" default:"." help:"Files, directories, or - for standard input (default: the working directory)."`
	imageFlags
	scanFlags
}

// Validate refuses flags that contradict each other.
func (c *filesCmd) Validate() error {
	if c.ListImages {
		return c.checkImages()
	}
	return nil
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
	return a.scan(j)
}
