// Package sweep searches many repositories, again and again: what is new since the last time is read, and what was found is
// kept in a database, where people decide about it.
//
// A Sweeper is the database of a configuration, and searches a repository for it: a search leaves out the blobs that were searched
// before with the same rules and had nothing (see scan.Ledger), and nothing else, so that what it finds is what an audit of the
// repository from nothing finds. The database then has what is there, what is new and what has gone. A Worker lists the repositories
// of the targets, makes jobs of those that are due (package jobs), fetches what is elsewhere (package mirror), has them searched by
// children, and sends what is new (package notify). Every step may be done twice, and by several processes and machines.
//
// Children search in processes of their own, so that what a repository does to one is that repository's loss alone.
//
// It knows neither the command line nor how reports look, nor what is in images: who calls hands a Looker to it.
//
// Concurrency: a Sweeper may be used by several goroutines, and several may use one database. A Worker runs, works or is started
// once.
package sweep
