// Package dotenv reads .env files: bytes in, assignments out, each with its place in the bytes.
//
// The grammar is that of Compose's dotenv package, which compose, and much else, reads these files by:
//
//   - NAME=value, NAME: value, export NAME=value; a NAME alone takes its value from the environment.
//   - An empty value is empty: the next line is not its value.
//   - Without quotation marks a value ends before a blank and a #, and references in it are expanded. In double quotes
//     escapes and references are; in single quotes neither. Quoted values may have several lines.
//
// Where that package refuses the whole file (a blank in a name, a quotation mark that is never closed, a line of
// shell), one line is lost here, and counted in File.Problems. Files with the ways of a shell (.envrc) are read as a
// shell reads assignments; what else is in them is skipped. Raw files are read as `docker run --env-file` reads them.
//
// Assignments that are commented out are read too: a secret does not stop being one behind a #.
//
// The package knows bytes and the last part of a name: no rule, no folder, no git. It expands no reference.
//
// Concurrency: a File is read-only once Parse has returned, and may be used from any goroutine. Decoded values apart,
// it holds no bytes but refers to those given to Parse by their offsets.
package dotenv
