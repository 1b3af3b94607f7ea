// Package sweep searches many repositories, again and again: what is new since the last time is read, and what was found is
// kept in a database, where people decide about it.
//
// A sweep lists the repositories of its targets, and searches those that are due one by one: a search leaves out the blobs
// that were searched before with the same rules and had nothing (see scan.Ledger), and nothing else, so that what it finds is
// what an audit of the repository from nothing finds. The database then has what is there, what is new and what has gone.
// Every step may be done twice, and by several processes.
//
// It knows neither the command line nor how reports look. It starts no process: who calls has each Search in one of its own,
// so that what a repository does to it is that repository's loss alone.
//
// Concurrency: a Sweeper may be used by several goroutines, and several may use one database.
package sweep
