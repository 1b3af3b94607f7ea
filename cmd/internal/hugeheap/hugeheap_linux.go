package hugeheap

import (
	"os"
	"syscall"
	"unsafe"
)

const (
	// size is how much of the heap is asked for in huge pages: about what a search of a repository takes.
	size = 128 << 20
	// hugePage is the size of one, on amd64, and on arm64 with pages of 4 kB.
	hugePage = 2 << 20
	// chunk is what Go's heap grows by.
	chunk = 4 << 20
	// madvCollapse makes what is there a huge page, since Linux 6.1.
	madvCollapse = 25
)

func init() {
	if searches(os.Args) {
		ask()
	}
}

// searches says that a repository is to be searched. (Few of its commands do not, and of them all but a start is short.)
func searches(args []string) bool { return len(args) > 1 && args[1] == "git" }

// ask asks for the memory of a stack. A large allocation would be the heap's again only after the collector has run, which
// takes a millisecond; a stack is when its goroutine ends.
func ask() {
	done := make(chan struct{})
	go func() {
		var top byte
		onLargeStack(&top, *(*uintptr)(unsafe.Pointer(&done)), nil)
		close(done)
	}()
	<-done
}

// half is a good half of a stack: it is there twice, to be read and to be handed on, and stacks are powers of two.
type half [size/4 + hugePage/2]byte

// onLargeStack has a frame that takes a stack of the size, of which next to nothing is written to. That of the heap which is
// there, around an address, becomes huge pages at once: few of its pages are in use yet. Whatever fails is slower, no more.
//
//go:noinline
func onLargeStack(top *byte, heap uintptr, never *half) {
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
func handOn(half) {}

func advise(start, length, what uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, start, length, what)
}
