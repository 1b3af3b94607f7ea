// Package pack reads git objects from untrusted bytes: packs with their indexes, loose objects, and the chain of
// object directories that alternates make. Formats: gitformat-pack(5), gitformat-loose(5), gitrepository-layout(5).
//
// A Store is all object directories of a repository. Objects have two names: the object id, and an ordinal, a small
// number that is the same for as long as the Store is open, so that sets of objects are bitmaps. Store.Walk reads
// every object of the wanted kinds once: each pack's delta forest is walked from its roots, each object inflated
// once, its delta applied to the base in the worker's own buffers. Store.Get reads one object by id.
//
// It does not know what commits, trees and refs mean, and never writes.
//
// Bounds: every length is checked against the bytes that are there; nothing is allocated because a header says so
// (deflate cannot expand more than about 1,032 times); chains of any depth are walked without recursion; a cycle of
// ref-deltas ends as unreadable objects.
//
// Concurrency: a Store may be used from many goroutines. Buffers given to a callback are valid during that call only.
package pack
