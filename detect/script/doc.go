// Package script reads shell scripts, Makefiles, Justfiles, Procfiles and Jenkinsfiles: bytes in, assignments out, each
// with its place in the bytes. It finds the variables that are set, and what package command knows of the arguments of
// commands.
//
//   - A shell script is one text for a shell, its here-documents included.
//   - In a Makefile the lines behind a tab are, with $$ for a dollar sign, and variables are NAME = value, with := ?= +=.
//     $(NAME) and ${NAME} are references.
//   - In a Justfile the indented lines are, and variables are name := 'value'; {{ name }} is a reference.
//   - In a Procfile what stands behind `name:` is.
//   - In a Jenkinsfile the strings of sh steps are, and variables are NAME = 'value' on lines of their own.
//
// Nothing is an error: what is not understood is skipped. A quotation mark that is never closed takes the rest of a
// script with it, as it does for a shell; in the other files the rest of a recipe or a string.
//
// The package knows bytes and the last part of a name: no rule, no folder, no git. It runs and resolves nothing.
//
// Concurrency: pure functions, to be called from any goroutine. Entries are values; decoded ones apart, they refer to
// the bytes by their offsets.
package script
