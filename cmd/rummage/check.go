package main

import (
	"fmt"

	"rummage/detect"
	"rummage/detect/structure"
	"rummage/report"
)

// check proves one rule set and prints what is wrong with it. Warnings do not change the exit code.
func (a *app) check(name string, rs *detect.Ruleset) error {
	errs, warnings := 0, 0
	for _, p := range (detect.Checker{Read: structure.Example}).Check(rs) {
		if p.Warning {
			warnings++
		} else {
			errs++
		}
		if _, err := fmt.Fprintln(a.stdout, report.Escape(p.String())); err != nil {
			return err
		}
	}
	if errs > 0 {
		a.code = exitError
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s, %s, %s\n", report.Escape(name), count(len(rs.Rules()), "rule"), count(errs, "error"), count(warnings, "warning"))
	return err
}

func count(n int, what string) string { return plural(n, what, what+"s") }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
