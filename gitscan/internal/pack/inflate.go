package pack

import (
	"errors"
	"fmt"

	"rummage/gitscan/internal/inflate"
)

// maxRatio is more than deflate can expand: 258 bytes for at best two bits, so about 1,032 to 1.
const maxRatio = 1040

// inflater decodes zlib streams into buffers of a known size, reusing its tables. Not for concurrent use.
type inflater struct {
	d   inflate.Decoder
	buf []byte // of scratch

	reads reads
}

// maxScratch bounds the buffer that is kept for scratch.
const maxScratch = 1 << 20

// scratch inflates into a buffer that is good until the next call.
func (f *inflater) scratch(src []byte, size int) ([]byte, error) {
	out, err := f.inflate(f.buf[:0], src, size)
	if cap(out) <= maxScratch {
		f.buf = out
	}
	return out, err
}

// inflate appends exactly size bytes to dst from the zlib stream at the start of src. Neither the stream's checksum
// nor its end may be missing.
func (f *inflater) inflate(dst, src []byte, size int) ([]byte, error) {
	out, _, err := f.inflateNext(dst, src, size)
	return out, err
}

// inflateNext is inflate that also tells how many bytes the stream has.
func (f *inflater) inflateNext(dst, src []byte, size int) ([]byte, int, error) {
	if size < 0 || size > len(src)*maxRatio {
		return dst, 0, fmt.Errorf("%d bytes cannot hold %d", len(src), size)
	}
	out, used, err := f.d.InflateNext(dst, src, size)
	if errors.Is(err, inflate.ErrMore) {
		err = fmt.Errorf("holds more than the %d bytes it says", size)
	}
	return out, used, err
}

// prefix reads at most n bytes of the stream, for a loose object's header.
func (f *inflater) prefix(dst, src []byte, n int) ([]byte, error) {
	return f.d.Prefix(dst, src, n)
}
