// Package rummage embeds the default rules. It is at the top of the tree because go:embed cannot reach upwards, and
// rules.toml is where people look for the rules.
//
// It knows nothing else, and its one value is constant.
package rummage

import _ "embed"

// RulesTOML is the default rule file, in the format that package detect reads.
//
//go:embed rules.toml
var RulesTOML []byte
