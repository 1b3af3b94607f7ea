// Package oracle holds what sweeps write to those who read it: metrics to Prometheus' own parser, issues to a parser of GitHub's
// Markdown. It has only tests, which run on one goroutine, and does not know how either is written.
package oracle
