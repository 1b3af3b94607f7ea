package hugeheap

import (
	"os"
	"syscall"
	"unsafe"
)

const (
	// searchHeap is how much of the heap is asked for in huge pages for a search: about what that of a small repository
	// takes. Beyond that, small pages that other programs have left cost less than large ones that are new.
	searchHeap = 64 << 20
	// hookHeap is that for a hook, of which a policy bounds the memory: no more than any push takes.
	hookHeap = 16 << 20
	// hugePage is the size of one, on amd64, and on arm64 with pages of 4 kB.
	hugePage = 2 << 20
	// chunk is what Go's heap grows by.
	chunk = 4 << 20
	// madvCollapse makes what is there a huge page, since Linux 6.1.
	madvCollapse = 25
)

// Frames of functions that take stacks of so much: they are there twice, to be read and to be handed on, and stacks are powers
// of two.
type (
	searchFrame [searchHeap/4 + hugePage/2]byte
	hookFrame   [hookHeap/4 + hugePage/2]byte
)

func init() {
	if len(os.Args) > 1 {
		askFor(os.Args[1])
	}
}

// askFor asks for what a command takes. (What else these commands do besides searching is short but for its start.)
func askFor(command string) {
	switch command {
	case "git", "files":
		ask[searchFrame](searchHeap)
	case "hook":
		ask[hookFrame](hookHeap)
	}
}

// ask asks for the memory of a stack. A large allocation would be the heap's again only after the collector has run, which
// takes a millisecond; a stack is when its goroutine ends.
func ask[frame any](size uintptr) {
	done := make(chan struct{})
	go func() {
		var top byte
		onLargeStack[frame](&top, size, *(*uintptr)(unsafe.Pointer(&done)), nil)
		close(done)
	}()
	<-done
}

// onLargeStack has a frame that takes a stack of the size, of which next to nothing is written to. That of the heap which is
// there, around an address, becomes huge pages at once: few of its pages are in use yet. Whatever fails is slower, no more.
//
//go:noinline
func onLargeStack[frame any](top *byte, size, heap uintptr, never *frame) {
	if never != nil {
		handOn(*never)
	}
	end := uintptr(unsafe.Pointer(top)) &^ (hugePage - 1)
	advise(end-(size-hugePage), size-hugePage, syscall.MADV_HUGEPAGE)
	heap &^= chunk - 1
	advise(heap, chunk, syscall.MADV_HUGEPAGE)
	advise(heap, chunk, madvCollapse)
}

//go:noinline
func handOn[frame any](frame) {}

func advise(start, length, what uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, start, length, what)
}
