package pack

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"rummage/gitscan/internal/disk"
)

// BenchmarkWalk reads every object of the repository that RUMMAGE_BENCH_REPO names (a .git or bare directory); without
// it, of the repository this source is in. It reports bytes of objects per second.
func BenchmarkWalk(b *testing.B) {
	dir := os.Getenv("RUMMAGE_BENCH_REPO")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", ".git")
	}
	for _, verify := range []bool{false, true} {
		name := "plain"
		if verify {
			name = "verify"
		}
		b.Run(name, func(b *testing.B) {
			var total, bad atomic.Int64
			for b.Loop() {
				total.Store(0)
				s, err := Open(disk.OS{}, filepath.Join(dir, "objects"), SHA1)
				if err != nil {
					b.Fatal(err)
				}
				err = s.Walk(context.Background(), WalkOptions{Kinds: Of(Blob), Workers: 2, Verify: verify}, func() func(*Object) {
					return func(o *Object) {
						total.Add(int64(o.Size))
						if o.Err != nil {
							bad.Add(1)
						}
					}
				})
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			if bad.Load() > 0 {
				b.Fatalf("%d objects could not be read", bad.Load())
			}
			b.SetBytes(total.Load())
		})
	}
}
