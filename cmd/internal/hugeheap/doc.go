// Package hugeheap has the system give the heap its first memory in huge pages, when the program is about to search. It is
// imported for that alone, and does nothing but on Linux.
//
// A page comes into being when it is first written to, which takes two microseconds each time: a third of what a start
// takes, and a seventh of the search of a small repository. Where the system makes huge pages only for those that ask (the
// usual setting), Go does not ask.
//
// It asks before other packages make what they need at the start, of which there are hundreds here. Packages are initialized
// after those that they import, and in the order of their paths: so it imports hardly anything, and nothing else of ours.
//
// It knows the program's first argument, not what the other flags are. It runs once, before main.
package hugeheap
