// Package gitscan makes a git repository a scan.Source: every blob of every commit of every ref, the messages of
// commits and tags, and what no ref reaches; and it tells where a secret stood: which commit brought it in, which took
// it out, at which tips it still is. Files gives the files of trees without a search.
//
// It knows git's formats (through gitscan/internal/pack and go-git) and never sees a rule: whether a blob holds a
// secret is asked through scan.Lookup. It never runs a program of the repository and never writes into it; git itself
// is run only by package remote, to clone a URL.
//
// Replace refs and grafts are not followed: they change what git shows, not what is stored.
//
// Concurrency: a Repo may be used by one scan at a time. Search starts its own workers and joins them; Place runs on
// the caller's goroutine.
package gitscan
