package store

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rummage/sweep/internal/pgtest"
)

// benchSeen marks a million blobs in shards of 50,000 and asks for all of them; it tells the size of SQLite's file.
func benchSeen(b *testing.B, kind string) {
	dsn := filepath.Join(b.TempDir(), "x.db")
	if kind == "postgres" {
		dsn = pgtest.Database(b, true)
	}
	s := open(b, dsn)
	const n, shard = 1_000_000, 50_000
	ids := make([][]byte, n)
	for i := range ids {
		sum := sha1.Sum(binary.BigEndian.AppendUint64(nil, uint64(i)))
		ids[i] = sum[:]
	}
	start := time.Now()
	for i := 0; i < n; i += shard {
		var seen []Seen
		for _, id := range ids[i : i+shard] {
			seen = append(seen, Seen{id, 3, 2})
		}
		no(b, s.MarkClean(bg, seen))
	}
	marked, size := time.Since(start).Seconds(), 0.0
	if kind == "sqlite" {
		var checkpoint [3]int
		no(b, s.w().row(bg, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&checkpoint[0], &checkpoint[1], &checkpoint[2]))
		info, err := os.Stat(dsn)
		no(b, err)
		size = float64(info.Size()) / 1e6
	}
	slices.SortFunc(ids, bytes.Compare)
	for b.Loop() {
		got, err := s.Clean(bg, ids)
		no(b, err)
		if got[0].Version != 2 || got[n-1].Kinds != 3 {
			b.Fatal("not all are known")
		}
	}
	b.ReportMetric(marked, "s-to-mark")
	b.ReportMetric(size, "MB")
}
