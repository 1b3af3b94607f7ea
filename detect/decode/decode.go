// Package decode undoes the encodings that credentials hide in.
package decode

// Bounds of decoding.
const (
	// MaxDepth is how many encodings inside one another are undone.
	MaxDepth = 5
	// Context is how many bytes on each side of decoded text are in its window.
	Context = 256
)

// Encoding is a set of encodings.
type Encoding uint8

// The encodings that are undone.
const (
	Percent Encoding = 1 << iota // %41
	Unicode                      // \u0041, U+0041
	Hex                          // 32 hexadecimal digits or more
	Base64                       // 16 characters or more, either alphabet
)

// Names returns the names of the encodings in e: "percent", "unicode", "hex",
// "base64", in this order.
func (e Encoding) Names() []string {
	var names []string
	for i, n := range []string{"percent", "unicode", "hex", "base64"} {
		if e&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// Window is a piece of a blob in which encoded segments have been replaced by
// what they stand for. It and its Text are valid until the visit function that
// received it returns.
type Window struct {
	// Text is the decoded segments with up to Context bytes of what is around
	// them.
	Text []byte
	// Depth is how many passes of decoding made this text, from 1.
	Depth int
	// From and To delimit, in the blob, what Text was made of.
	From, To int
}

// Origin returns where in the blob the text [start, end) of the window came
// from, and the encodings undone on the way. Text that was decoded as part of a
// segment maps to the whole encoded segment. ok is false when the range
// neither overlaps nor touches a segment that was decoded in this pass:
// whatever stands there was seen in an earlier pass.
func (w *Window) Origin(start, end int) (from, to int, encodings Encoding, ok bool) {
	return 0, 0, 0, false
}

// Decoder decodes blobs, reusing its memory from one to the next. It is for
// one goroutine at a time. The zero value is ready.
type Decoder struct{}

// Decode finds the encoded segments of data, decodes them, and calls visit
// with each window of decoded text; then the same in the decoded text, up to
// MaxDepth times. It stops when visit returns false. complete is false when
// not all could be decoded within the bounds.
func (d *Decoder) Decode(data []byte, visit func(w *Window) bool) (complete bool) { return true }
