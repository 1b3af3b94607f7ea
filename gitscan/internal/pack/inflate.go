package pack

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
)

// maxRatio is more than deflate can expand: 258 bytes for at best two bits, so about 1,032 to 1.
const maxRatio = 1040

// inflater decodes zlib streams into buffers of a known size, reusing its tables. Not for concurrent use.
type inflater struct {
	src bytes.Reader
	z   io.ReadCloser
}

// inflate appends exactly size bytes to dst from the zlib stream at the start of src. Neither the stream's checksum
// nor its end may be missing.
func (f *inflater) inflate(dst, src []byte, size int) ([]byte, error) {
	if size < 0 || size > len(src)*maxRatio {
		return dst, fmt.Errorf("%d bytes cannot hold %d", len(src), size)
	}
	if err := f.reset(src); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = grow(dst, size)
	if _, err := io.ReadFull(f.z, dst[start:start+size]); err != nil {
		return dst[:start], inflateError(err)
	}
	// The stream must end here; reading its end also checks the Adler-32 sum.
	var one [1]byte
	if n, err := f.z.Read(one[:]); n != 0 || err != io.EOF {
		if n != 0 {
			return dst[:start], fmt.Errorf("holds more than the %d bytes it says", size)
		}
		return dst[:start], inflateError(err)
	}
	return dst[:start+size], nil
}

// prefix reads at most n bytes of the stream, for a loose object's header.
func (f *inflater) prefix(dst, src []byte, n int) ([]byte, error) {
	if err := f.reset(src); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = grow(dst, n)
	got, err := io.ReadFull(f.z, dst[start:start+n])
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return dst[:start], inflateError(err)
	}
	return dst[:start+got], nil
}

func (f *inflater) reset(src []byte) error {
	f.src.Reset(src)
	if f.z == nil {
		z, err := zlib.NewReader(&f.src)
		if err != nil {
			return inflateError(err)
		}
		f.z = z
		return nil
	}
	if err := f.z.(zlib.Resetter).Reset(&f.src, nil); err != nil {
		return inflateError(err)
	}
	return nil
}

func inflateError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("zlib: ends too early")
	}
	return fmt.Errorf("zlib: %w", err)
}

// grow returns dst with its length kept and room for n more bytes.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst[:len(dst)+n][:len(dst)]
	}
	bigger := make([]byte, len(dst), len(dst)+n)
	copy(bigger, dst)
	return bigger
}
