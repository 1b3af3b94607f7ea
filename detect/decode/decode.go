// Package decode undoes the encodings that credentials hide in, so that the
// decoded text can be searched like any other: percent escapes (%41), Unicode
// escapes (\u0041, U+0041), 32 or more hexadecimal digits, 16 or more characters
// of base64 in either alphabet, with or without padding; and these inside one
// another, MaxDepth deep.
//
// What is decoded is text: hexadecimal and base64 must come out as ASCII from
// tab to tilde, base64 may after six such bytes hold other UTF-8. So the thousands of
// long identifiers of a source file, all valid base64, cost little: nearly all
// fail in their first four characters.
//
// The shapes are those that gitleaks 8.30 decodes, and what it finds in them is
// found. It is wider here in some points: percent escapes are decoded one by
// one, not from the first to the last of a line, so one that is not text does
// not spoil the others (what stands between two of them still waits for the next
// pass, if they are no more than MaxContext apart); hexadecimal digits count wherever they stand, also after 0x;
// base64 may lack digits, and have padding in either alphabet; surrogate pairs
// are joined. It is narrower in these: Unicode escapes without a single character
// of ASCII among them, and percent escapes of control characters, are left
// alone; and a text in which only parts of \u escapes are percent-encoded comes
// out in another order.
//
// Not decoded: quoted-printable, octal and \x escapes, HTML entities, base32;
// UTF-16 or compressed data in base64; base64 that follows other text in the
// same run of characters. Base64 broken into lines is decoded line by line, and
// the line ends stay.
package decode

// Bounds of decoding.
const (
	// MaxDepth is how many encodings inside one another are undone.
	MaxDepth = 5
	// Context is how many bytes are in a window on each side of decoded text. It
	// does not end amid characters without white space, nor does it count those
	// around the decoded text, so that no long token is cut.
	Context = 256
	// MaxContext is how many bytes are in a window at most on each side of decoded
	// text.
	MaxContext = 4 << 10
	// MaxSegment is the length of encoded text beyond which a segment is decoded
	// in parts, each of which must be text.
	MaxSegment = 1 << 20
	// MaxOutput is how many bytes of windows are made of one blob. Decoding only
	// shortens a text, so no blob up to MaxOutput/MaxDepth comes near it.
	MaxOutput = 64 << 20
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

// Decoder decodes blobs, reusing its memory from one to the next. It is for
// one goroutine at a time. The zero value is ready.
type Decoder struct {
	// Shortest is the length below which a copied range is looked at like any other bytes; 0 stands for 128.
	Shortest int

	passes [MaxDepth]pass
	scalar bool // without vector code, for tests
	output int  // bytes of windows made of the blob at hand
	visit  func(w *Window) bool
	state  state

	// See carry.go.
	keep    *Trace
	partial bool // only parts of the blob are looked at
	parts   []part
}

// state is why decoding ended, or that it did not.
type state uint8

const (
	running state = iota
	stopped       // by visit
	full          // MaxOutput was reached
)

// maxKept is the size above which a buffer is not kept for the next blob.
const maxKept = 1 << 20

// Decode finds the encoded segments of data, decodes them, and calls visit
// with each window of decoded text, in order; after each, with the windows of
// what is encoded in it, and so on up to MaxDepth passes. It stops when visit
// returns false. complete is false when MaxOutput was reached and the rest of
// data was not decoded.
//
// The time is linear in len(data).
func (d *Decoder) Decode(data []byte, visit func(w *Window) bool) (complete bool) {
	return d.DecodeLike(data, nil, nil, nil, visit)
}

// DecodeLike is Decode of a text of which the copies, ascending and disjoint, are those of a base whose trace is given,
// and leaves the text's own trace in keep. Base and keep may be nil.
func (d *Decoder) DecodeLike(data []byte, base *Trace, copies []Copy, keep *Trace, visit func(w *Window) bool) (complete bool) {
	d.output, d.visit, d.state = 0, visit, running
	if d.partial = base != nil && base.valid && len(data) <= maxTraced; d.partial {
		d.partsOf(data, base, copies)
	}
	if d.keep = keep; keep != nil {
		keep.Reset()
	}
	d.pass(data, nil)
	if keep != nil && d.state == running && len(data) <= maxTraced {
		keep.valid = true
	}
	d.visit, d.keep = nil, nil
	for i := range d.passes {
		d.passes[i].trim()
	}
	return d.state != full
}

// pass decodes text, which is parent's or, in the first pass, the blob.
func (d *Decoder) pass(text []byte, parent *Window) {
	depth := 0
	if parent != nil {
		depth = parent.Depth
	}
	if depth == MaxDepth {
		return
	}
	p := &d.passes[depth]
	p.begin(d, text, parent)
	p.scan()
	p.closeWindow()
}
