// Package hook decides about pushes and commits: it reads what git hands to a hook, has what a push or commit brings searched,
// applies the policy, tells who pushes or commits, and keeps a log of what it decided about pushes.
//
// It fails closed: what it cannot read, cannot search in time, or cannot record is refused, unless the policy says that an
// incomplete search is let through; that is recorded then. Nothing of the pushed content can change the policy.
//
// It knows neither git's formats (gitscan has them) nor the command line, asks no network, runs no program and does not
// keep what it let through unread for a later search. How long a push was in the hook is all it knows of time.
//
// Concurrency: a Receiver is for one push. Several processes may append to one log: each event is one write to a file that is
// opened for appending.
package hook
