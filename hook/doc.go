// Package hook decides about pushes and commits: it reads what git hands to a hook, has what a push or commit brings searched,
// applies the policy, tells who pushes or commits, and keeps a log of what it decided about pushes.
//
// It fails closed: what it cannot read, cannot search in time, or cannot record is refused, unless the policy says that an
// incomplete search is let through; that is recorded then. Nothing of the pushed content can change the policy.
//
// It knows neither git's formats (gitscan has them) nor the command line, asks no network and runs no program. What it let
// through unread it keeps in the log alone, by the ids of commits: Recheck finds it as long as they are there.
//
// Concurrency: a Receiver is for one push. Several processes may append to one log: each appends the events of its push in one
// write, under a lock.
package hook
