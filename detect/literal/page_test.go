//go:build linux || darwin

package literal

import (
	"os"
	"slices"
	"syscall"
	"testing"
)

// TestPage searches texts that end where the memory does, and begin where it does: what is read beyond is a fault.
func TestPage(t *testing.T) {
	page := os.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(memory)
	for _, outside := range [][]byte{memory[:page], memory[2*page:]} {
		if err := syscall.Mprotect(outside, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	inside := memory[page : 2*page]
	s, err := New([]string{"a", "sk", "key", "api_key", "administrator_password"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range inside {
		inside[i] = "api_KEY administrator_password sk; "[i%35]
	}
	for size := range 201 {
		for _, data := range [][]byte{inside[page-size:], inside[:size]} {
			want := s.append(nil, slices.Clone(data), &candidates{scalar: true})
			for _, scalar := range []bool{false, true} {
				if got := s.append(nil, data, &candidates{scalar: scalar}); !slices.Equal(got, want) {
					t.Fatalf("%d bytes, scalar %v: found %v, want %v", size, scalar, got, want)
				}
			}
		}
	}
}
