package main

import (
	"runtime"
	"runtime/debug"
	"syscall"
	"unsafe"
)

// hugeHeap is how much of the heap is made of huge pages, in bytes: about what a search of a repository takes.
const hugeHeap = 128 << 20

// hugePage is the size of one, on amd64, and on arm64 with pages of 4 kB.
const hugePage = 2 << 20

// useHugePages asks the system to give the heap its first memory in huge pages. A page comes into being when it is first
// written to, which takes microseconds each time: a seventh of what a search of a small repository took. Where the
// system makes huge pages only for those that ask (the usual setting), Go does not ask.
//
// The pages asked for are those of an allocation that nothing is written to and that is given back to the heap at once. It
// is larger than the heap may grow, and would start the collector, whose run would have to be waited for before the one
// that gives it back.
func useHugePages() {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	heap := make([]byte, hugeHeap)
	start := uintptr(unsafe.Pointer(unsafe.SliceData(heap)))
	_ = syscall.Madvise(heap[-start%hugePage:], syscall.MADV_HUGEPAGE) // that it may fail does not matter
	runtime.KeepAlive(heap)                                            // and no longer
	runtime.GC()
}
