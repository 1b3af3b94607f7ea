package hook

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rummage/scan"
)

// options are what the pusher says with `git push -o`.
type options struct {
	allow  []string // fingerprints, or beginnings of them
	reason string
}

const (
	maxOptions  = 1_000
	minAllow    = 12 // digits of a fingerprint
	maxReason   = 500
	allowOption = "rummage.allow"
	whyOption   = "rummage.reason"
)

// readOptions reads the push options that are for rummage; others are for other hooks.
func readOptions(getenv func(string) string) (o options, err error) {
	count := getenv("GIT_PUSH_OPTION_COUNT")
	if count == "" {
		return o, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxOptions {
		return o, fmt.Errorf("GIT_PUSH_OPTION_COUNT is %.20q: want a number up to %d", count, maxOptions)
	}
	for i := range n {
		name, value, _ := strings.Cut(getenv("GIT_PUSH_OPTION_"+strconv.Itoa(i)), "=")
		switch {
		case name == allowOption:
			value = strings.ToLower(value)
			if len(value) < minAllow || len(value) > 32 || strings.Trim(value, "0123456789abcdef") != "" {
				return o, fmt.Errorf("push option %s: want a fingerprint, or %d digits of it at least", allowOption, minAllow)
			}
			o.allow = append(o.allow, value)
		case name == whyOption:
			if o.reason = strings.TrimSpace(value); len(o.reason) > maxReason {
				return o, fmt.Errorf("push option %s: more than %d bytes", whyOption, maxReason)
			}
		case strings.HasPrefix(name, "rummage."):
			return o, fmt.Errorf("push option %.60q is not known: there are %s and %s", name, allowOption, whyOption)
		}
	}
	if len(o.allow) > 0 && o.reason == "" {
		return o, errors.New("push option " + allowOption + " needs a reason: git push -o " + whyOption + "=\"WHY\"")
	}
	return o, nil
}

// names reports whether the pusher names a finding.
func (o *options) names(f *scan.Finding) bool {
	return slices.ContainsFunc(o.allow, func(begin string) bool { return strings.HasPrefix(f.Fingerprint, begin) })
}
