// Package shell splits the text of a POSIX shell into simple commands: assignments, words, redirections, each with its
// place in the file, and the words into literal text and references.
//
// It is no parser of the shell's grammar. Words like `if` and `do` are skipped where a command begins, a mark without
// its partner is closed by the end of the text, and nothing is an error: scripts of other shells, templates and
// fragments are read as far as they look alike. What stands in $(…), `…` and (…) is split like the rest. References
// are left as they stand, braces of templates, as in {{ x }} and ${{ x }}, with all that is in them.
//
// Package dockerfile reads the words of instructions with the Lexer, by the builder's rules instead of a shell's.
//
// The package knows bytes only. What a command does and what its arguments mean is not known here: package command
// knows some of that.
//
// Concurrency: a Splitter and a Lexer belong to one goroutine. A Command is valid during the call it is given to.
package shell
