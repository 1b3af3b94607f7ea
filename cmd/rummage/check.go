package main

import (
	"fmt"

	"rummage/detect"
)

func (a *app) check(name string, rs *detect.Ruleset) error {
	_, err := fmt.Fprintf(a.stdout, "%s: %d rules\n", name, len(rs.Rules()))
	return err
}
