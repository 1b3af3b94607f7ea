// Package bake reads the files of docker buildx bake, in HCL and in JSON: bytes in, assignments out, each with its
// place in the bytes.
//
// Every literal of the file becomes an assignment whose context says what it is for: a build argument, a secret, the
// default of a variable, where a cache is kept. Expressions (a name, a call, a condition) are references, and the
// strings within them are there beside them: the hunter2 of `TOKEN != "" ? TOKEN : "hunter2"` and of
// "${TOKEN != "" ? TOKEN : "hunter2"}" stands in the same context under the same name. Dockerfiles that are written into
// the file are there as a whole (Inline).
//
// The reader is its own, of the part of HCL that these files are written in, and not hashicorp/hcl's: that one
// descends into expressions without a bound, so that a megabyte of opening brackets overflows the stack, which nothing
// recovers from; it reads less than 2 MB a second; it drops what follows the first mistake in a map; it adds 3.6 MB.
// This one descends a bounded number of levels and reads what is deeper flat. It evaluates nothing and accepts more
// than HCL: a mistake costs what it stands in, and is in File.Problems. JSON is read by the same code, for an object of
// JSON is one of HCL; comments and commas too many do no harm there.
//
// The package knows bytes and the last part of a name: no rule, no folder, no git. It opens none of the files that are
// named, resolves no variable and no inheritance, and says nothing about what is a secret. Compose files, which bake
// reads too, are package compose's.
//
// Concurrency: a File is read-only once Parse has returned, and may be used from any goroutine. It refers to the bytes
// given to Parse, which must not change while it is in use.
package bake
