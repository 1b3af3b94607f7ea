// Package mirror keeps clones of the repositories that a sweep searches.
//
// Below its root, which this user alone can enter, are bare repositories ("stores"), one for each fork network and object
// format. A store has the refs of each repository in a namespace of its own, refs/r/<name>/, where <name> is made of the
// repository's id, so that forks share objects and never touch each other's refs. Tips that were forced away or deleted
// are kept below refs/seen/<name>/<object id>, so what they lead to is still there for a search, and for git's own gc.
// All of it can be thrown away at any time: what a store had that no remote has any more is lost then, nothing else.
//
// An http server is asked for its refs by this process, so that a repository that has not changed costs a request and no
// program; what forks and small pushes bring is asked for here, too, and refs are written (see quick.go), of several forks in one go
// (FetchForks). git on PATH does the rest,
// with its system's and user's configuration, hooks, prompts and helpers out of reach. It gets
// credentials through a socket that it inherits: they are in no argument, environment or file. Without git, go-git
// fetches into a store for the repository alone (see fetchGoGit for what it cannot do).
//
// What it does not know: forges, databases, what is searched. It never says that a repository is complete which is not:
// tips that could not be had are in Fetched.Unfetchable.
//
// All methods may be called concurrently, by several processes too: whoever changes a store holds a lock on it which the
// git processes inherit, so that it ends with the last of them. Who reads a store holds it (Fetched.Release), and
// Evict leaves those alone.
package mirror
