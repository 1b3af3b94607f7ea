// Package store is the database of a sweep, in a file of SQLite or in PostgreSQL: which repositories there are and when
// each is due, which blobs are known to be clean, what was found where and what people decided about it, what happened,
// what is still to be sent, and who holds which lease.
//
// One set of SQL serves both databases; a small layer numbers the placeholders and knows the few words in which they
// differ. Every write may be done twice. Times are the database's, so that machines whose clocks differ agree.
//
// It does not know what a rule, a forge or a git repository is: others list, search and send. It never sees a secret's
// value: a finding comes with its fingerprint, of which a keyed hash is stored, and with what may be shown. Paths,
// subjects and contexts are stored as they come: whoever hands them over has masked them.
//
// A Store may be used by many goroutines and a database by many processes. What reconciles findings is done by one of
// them at a time, over all processes.
package store
