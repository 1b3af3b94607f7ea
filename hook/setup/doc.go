// Package setup brings rummage's hooks to where git, or the platform around it, runs them, takes them away again, and tells
// whether they work there.
//
// What it writes is a shell script of four lines with the absolute path of a program; a line of it is the mark by which it is
// known again. It is written whole or not at all. A hook that was there before is never lost: it is kept beside, runs after
// rummage has accepted, and comes back when rummage's goes.
//
// It does not decide about pushes (package hook does), knows no rules, prints nothing and asks no network. It runs git, to ask
// it for its configuration and to try out a hook, and the program that a script names, to ask it for its version. What
// platforms document is all that it knows of them.
//
// Concurrency: two that install into one repository at a time may each refuse the other's work, but leave one whole hook.
package setup
