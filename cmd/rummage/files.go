package main

import (
	"strings"

	"rummage/filescan"
)

type filesCmd struct {
	Paths []string `arg:"" optional:"" name:"path" default:"." help:"Files, directories, or - for standard input (default: the working directory)."`
	scanFlags
}

func (c *filesCmd) Run(a *app) error {
	rules, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	known, err := c.loadKnown()
	if err != nil {
		return err
	}
	src, err := filescan.Open(c.Paths, filescan.Options{MaxFile: int(c.MaxBlob), Stdin: a.stdin})
	if err != nil {
		return err
	}
	return a.scan(&job{flags: &c.scanFlags, source: src, command: "files", subject: strings.Join(c.Paths, " "), rules: rules, known: known})
}
