// Package sent reads small packs that a server has sent, proves that they complete what they were sent for, and writes them into a
// store: for a push of a few commits, in place of programs of git's that take longer to start than to do it.
//
// A pack must be whole by itself, without bases that it lacks; a larger one than Limits allow is refused, and so is all that is not as
// git makes it: then git is asked, which has a message for it. Read checks every object by its id, with a SHA-1 that knows the
// collisions that can be made. Whole proves what git fetch proves by rev-list: that all that the wanted tips lead to is there, either in
// the pack or reachable from what the store's refs name. An object that merely lies in the store proves nothing but, of a blob, itself.
//
// What it does not know: servers, refs, how a store's own objects are stored (see Objects), SHA-256.
//
// Nothing in it starts goroutines. But for Fold, which is its reader's, a Pack is not changed once read, and may be used by several.
package sent
