// Package external runs other programs that look for secrets in container images, this one as a child process among them,
// and reads their reports as findings.
//
// A program is run without a shell, in an empty directory of its own, in a process group of its own, with an environment
// made anew, and with limits of time, memory and output. What it writes is taken from a pipe and never stored. Whatever
// keeps its report from being all there is to say (an exit status, an empty or broken report, no layer) makes an Outcome
// incomplete; nothing is ever clean because it could not be looked at.
//
// What it prints is as hostile as the image it has read: reports are read within bounds, fields that are known to hold raw
// secrets (trivy's CreatedBy, ImageConfig and neighbouring lines) are not read or cut down to what can hold none, and what
// it says on standard error is told with credentials taken out. Control characters stay: whoever prints escapes them.
//
// The package downloads nothing, knows no rule and no report of ours but the JSON one, which it reads.
//
// Concurrency: a Scanner is a value; a Runner may be used by several goroutines at once. Join and the readers are pure.
package external
