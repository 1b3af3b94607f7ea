// Package oracle compares package dockerfile with the parser of BuildKit, instruction by instruction. It is a module
// of its own, so that BuildKit is no dependency of rummage; its tests are run from this folder:
//
//	go test ./...
//	RUMMAGE_DOCKERFILES=/some/folder go test -v -run TestFolder .
//
// The second form walks all Dockerfiles under a folder, found by name, and prints how many agreed, how many BuildKit
// refuses and why. Nothing here knows what a secret is. The package has no code but its tests.
package oracle
