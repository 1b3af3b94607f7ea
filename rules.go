// Package rummage embeds the default rules. It is at the top of the tree because go:embed cannot reach upwards, and
// rules.toml is where people look for the rules.
//
// It knows nothing else, and its values are constant.
package rummage

import _ "embed"

// RulesTOML is the default rule file, in the format that package detect reads.
//
//go:embed rules.toml
var RulesTOML []byte

// RulesSnapshot is the same rules as detect.Restore reads them, some fifty times faster: the program is started for
// every push. `go test . -update` makes it anew, and a test holds it to rules.toml.
//
//go:embed rules.snapshot
var RulesSnapshot string
