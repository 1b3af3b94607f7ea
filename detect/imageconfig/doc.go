// Package imageconfig reads what an image says of itself: its configuration, with the history of how it was built, and
// its provenance. Bytes in, assignments out, each with its place in the bytes.
//
// Config reads the JSON configuration of OCI and Docker images: variables, labels, commands, health check, ONBUILD and
// the history, in the dialects of BuildKit, of the builder before it, and of buildah (history.go). Provenance reads
// in-toto statements of SLSA v0.2 and v1 as BuildKit writes them; Embedded gives the files that stand in these, the
// Dockerfile above all.
//
// Texts of shells and instructions are read by package dockerfile, so a value means the same in a Dockerfile and in the
// image built from it. Where a builder writes values without marks (history), their ends are guessed: a value ends
// where what looks like the next NAME= begins, or the shell that runs the command.
//
// The package knows bytes only: no rule, no image, no layer. It does not read manifests, the output of docker inspect
// or docker history, nor what is wrapped in signatures, but for the payload that Embedded unwraps. A document that
// breaks off is read up to there.
//
// Concurrency: pure functions, to be called from any goroutine. Assignments refer to the bytes they were read from.
package imageconfig
