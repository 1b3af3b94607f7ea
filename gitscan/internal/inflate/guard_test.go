//go:build unix

package inflate

import (
	"bytes"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
)

// fenced is memory between two pages that cannot be touched.
func fenced(t *testing.T, n int) []byte {
	t.Helper()
	page := os.Getpagesize()
	n = (n + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, n+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatalf("no memory to fence: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(m) })
	for _, fence := range [][]byte{m[:page], m[page+n:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatalf("no fence: %v", err)
		}
	}
	return m[page : page+n : page+n]
}

// TestFences inflates streams, whole, cut and with flipped bits, that end where the memory ends, into buffers that
// begin where theirs begins or end where it ends. Reading or writing one byte outside is a fault.
func TestFences(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	in, out := fenced(t, 1<<14), fenced(t, 1<<14)
	var d Decoder
	done := 0
	run := func(src []byte, size int) {
		s := in[len(in)-len(src):]
		copy(s, src)
		for _, dst := range [][]byte{out[:0:size], out[:0], out[len(out)-size : len(out)-size]} {
			if _, err := d.Inflate(dst, s, size); err == nil {
				done++
			}
			_, _ = d.Prefix(dst, s, size)
		}
	}
	for _, data := range [][]byte{text(3000, 1), text(200, 2), noise(500, 1), bytes.Repeat([]byte("abc"), 300), samples()["skewed"][:2000]} {
		for _, level := range []int{-2, 0, 1, 9} {
			src := deflated(t, data, level)
			for cut := range len(src) {
				run(src[:cut], len(data))
			}
			for less := range 300 { // so that all kinds of symbols come last
				run(src, len(data)-min(less, len(data)))
			}
			for bit := 0; bit < 8*len(src); bit += 1 + len(src)/100 {
				src[bit/8] ^= 1 << (bit % 8)
				run(src, len(data))
				src[bit/8] ^= 1 << (bit % 8)
			}
		}
	}
	if done < 60 {
		t.Errorf("%d streams came out right, want each once at least", done)
	}
}
