// Package compose reads compose files: bytes in, assignments out, each with its place in the bytes.
//
// Every scalar of the file becomes an assignment whose context says what it is for: the environment of a container, a
// build argument, a label, part of a command. Beside them stand what the file names (Reference: env files, secrets,
// included files), the Dockerfiles written into it (Inline), and the literals within references: the hunter2 of
// ${DB_PASSWORD:-hunter2} is an assignment of its own, in the context Default.
//
// Anchors, aliases and merges are followed, and each collection is read once, in the first place where it is used: a
// file of aliases of aliases takes no longer than any other of its length. Services come before extension fields, so
// that what an x- block lends to a service is read as that service's. Files of the first version, without a services
// key, and fragments are read too. What is no YAML is read line by line (see yamltree), and counted.
//
// The package knows bytes and the last part of a name: no rule, no folder, no git. It opens none of the files that a
// compose file names, resolves no reference, and says nothing about what is a secret.
//
// Concurrency: a File is read-only once Parse has returned, and may be used from any goroutine. It refers to the bytes
// given to Parse, which must not change while it is in use.
package compose
