// Package devcontainer reads devcontainer.json: bytes in, assignments out, each with its place in the bytes.
//
// Every scalar of the file becomes an assignment whose context says what it is for: the environment of the container,
// a build argument, an argument of docker run, part of a command. Commands are split into words, so that each flag with
// its value, and each variable that is set, stands beside them. References are ${localEnv:NAME} and the like; the
// default within one, the hunter2 of ${localEnv:TOKEN:hunter2}, is an assignment of its own, in the context Default.
//
// JSON is YAML's flow form, so package yamltree reads it. Before that, in a copy with the same offsets, comments are made
// blank and the mistakes that people make are mended: a comma too many or too few, a bracket or a quotation mark that
// is not closed. They are in File.Problems, but for the commas and comments that are usual in these files.
//
// The package knows bytes and the name of the file: no rule, no git. It opens none of the files that are named, and
// says nothing about what is a secret.
//
// Concurrency: a File is read-only once Parse has returned, and may be used from any goroutine. It refers to the bytes
// given to Parse, which must not change while it is in use.
package devcontainer
