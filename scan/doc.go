// Package scan runs a detector over a source and turns matches into findings: one finding per secret and rule, with
// every place where it stands. Images lists the container images that files name, for those who look into them.
//
// It knows what a blob, a place and a finding are. It does not know git, images or files (those are sources, behind
// the interface Source) and not how a report looks (package report).
//
// Concurrency: Run and Images start workers and join them before they return. Each worker has its own Visitor;
// nothing here is shared between workers without a lock. Findings are sorted by documented keys, so that the number
// of workers never changes a byte of the output.
package scan
