package pack

import "syscall"

// giveBack unmaps the pages of a mapped file; the next read maps them again. That it may fail does not matter.
func giveBack(mapped []byte) {
	if len(mapped) > 0 {
		_ = syscall.Madvise(mapped, syscall.MADV_DONTNEED)
	}
}
