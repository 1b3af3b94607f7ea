//go:build !unix

package disk

import (
	"io"
	"os"
)

// readAtMost reads a file, or its first so many bytes.
func readAtMost(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(most)))
}
