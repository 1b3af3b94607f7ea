// Package yamltree reads YAML: bytes in, a tree of nodes out, each with the bytes it stands at.
//
// It exists because the libraries say the line and column where a node begins, and neither where it ends nor what its
// bytes are, and because they refuse a whole document for one tab, one template line or one character too many. What
// a reader of credentials needs is the reverse: exact bytes, and everything that can be read read.
//
// A document is read in the first of three ways that can:
//
//   - by a line reader for the YAML that people write: block mappings and sequences, scalars of all five styles, flow
//     collections, anchors, aliases and comments. It gives up where it is not certain. What it accepts it reads as
//     go.yaml.in/yaml does, node by node; a fuzzer holds it to that. It is some twenty times as fast.
//   - by go.yaml.in/yaml, whose lines and columns are turned into offsets: tags, complex keys, directives, what the
//     line reader is not sure of. What that is certain no parser can read, as most templates are, is not tried.
//   - for a document that is not YAML, by the line reader again, which now makes the best of each line: one bad line
//     costs one line. Document.Broken says so, and Tree.Problems has the lines.
//
// Aliases and merges are left as they stand, so that a tree is never larger than its file. Duplicate keys are all
// kept.
//
// The package knows bytes and YAML: no compose file, no rule, no path. It does not resolve tags or types; a scalar is
// the text that it is.
//
// Concurrency: a Tree is read-only once Parse has returned, and may be used from any goroutine. It refers to the bytes
// given to Parse, which must not change while it is in use.
package yamltree
