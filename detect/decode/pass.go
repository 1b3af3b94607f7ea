package decode

// pass decodes one text once. Its segments come in order and are gathered into
// windows.
type pass struct {
	d      *Decoder
	text   []byte
	parent *Window // whose text it is; nil for the blob itself

	window Window
	open   bool
	copied int // text before it is in the window
	until  int // text before it is to be in the window
	part   int // of Decoder.parts: the first that has not been passed
	found  int // segments

	// What the next escapes stand for, while the text before them is looked at;
	// what the segment at hand stands for.
	escaped, scratch []byte
}

func (p *pass) begin(d *Decoder, text []byte, parent *Window) {
	p.d, p.text, p.parent, p.open = d, text, parent, false
	p.part, p.found = 0, 0
	p.window.Depth = 1
	if parent != nil {
		p.window.Depth = parent.Depth + 1
	}
}

// trim lets go of the blob, and of memory that an ordinary one does not need.
func (p *pass) trim() {
	p.d, p.text, p.parent = nil, nil, nil
	if cap(p.window.Text) > maxKept {
		p.window.Text = nil
	}
	if cap(p.window.pieces) > maxKept/64 {
		p.window.pieces = nil
	}
	if cap(p.escaped) > maxKept {
		p.escaped = nil
	}
	if cap(p.scratch) > maxKept {
		p.scratch = nil
	}
}

// cutLeft and cutRight tell whether the text goes on beyond its ends: what
// stands there is incomplete.
func (p *pass) cutLeft() bool  { return p.parent != nil && p.parent.cutLeft }
func (p *pass) cutRight() bool { return p.parent != nil && p.parent.cutRight }

// segment puts text[start:end] into a window as decoded. left is where the
// window is to begin at the latest: what stands from there to start has to be
// seen whole in the next pass.
func (p *pass) segment(start, end, left int, decoded []byte, kind Encoding) {
	if p.d.state != running {
		return
	}
	p.found++
	left = max(min(left, start-Context), 0)
	if p.open && left > p.until {
		p.extend(p.behind(p.copied))
		if left = min(left, p.before(start)); left > p.until {
			p.closeWindow()
		}
	}
	if p.d.state != running {
		return
	}
	if !p.open {
		p.openWindow(min(left, p.before(start)))
	}
	if p.d.output+len(p.window.Text)+start-p.copied+len(decoded)+MaxContext > MaxOutput {
		p.d.state = full
		return
	}
	p.copyTo(start)
	from, to := start, end
	if p.parent != nil {
		var before Encoding
		from, to, before = p.parent.origin(start, end)
		kind |= before
	}
	w := &p.window
	w.pieces = append(w.pieces, piece{len(w.Text), from, to, kind, true})
	w.Text = append(w.Text, decoded...)
	p.copied = end
	p.extend(end + Context)
}

// before is where the window of a segment at start begins. It does not look
// further than where an open window would take it in.
func (p *pass) before(start int) int {
	low := max(start-MaxContext, 0)
	if p.open {
		low = max(low, p.until)
	}
	token := func(i int) int {
		for i > low && p.text[i-1] > ' ' {
			i--
		}
		return i
	}
	return token(max(token(start)-Context, low))
}

// behind is where the window of a segment that ends at end ends.
func (p *pass) behind(end int) int {
	high := min(end+MaxContext, len(p.text))
	token := func(i int) int {
		for i < high && p.text[i] > ' ' {
			i++
		}
		return i
	}
	return token(min(token(end)+Context, high))
}

// extend makes the window go on to end, if one is open.
func (p *pass) extend(end int) {
	p.until = min(max(p.until, end), len(p.text))
}

func (p *pass) openWindow(start int) {
	w := &p.window
	w.Text, w.pieces = w.Text[:0], w.pieces[:0]
	w.cutLeft = start > 0 || p.cutLeft()
	w.From = start
	if p.parent != nil {
		w.From, _, _ = p.parent.origin(start, start+1)
	}
	p.open, p.copied, p.until = true, start, start
}

// closeWindow completes the window, if one is open, and has it searched and
// decoded again.
func (p *pass) closeWindow() {
	if !p.open {
		return
	}
	p.open = false
	w := &p.window
	p.extend(p.behind(p.copied))
	p.copyTo(p.until)
	w.cutRight = p.until < len(p.text) || p.cutRight()
	w.To = p.until
	if p.parent != nil {
		_, w.To, _ = p.parent.origin(p.until-1, p.until)
	}
	p.d.output += len(w.Text)
	if p.d.state == stopped {
		return
	}
	if !p.d.visit(w) {
		p.d.state = stopped
		return
	}
	if p.d.state == running {
		p.d.pass(w.Text, w)
	}
}

// copyTo adds the text up to end as it is.
func (p *pass) copyTo(end int) {
	w := &p.window
	start := p.copied
	if start >= end {
		return
	}
	p.copied = end
	base := len(w.Text) - start // from offsets in text to offsets in the window
	w.Text = append(w.Text, p.text[start:end]...)
	if p.parent == nil {
		w.pieces = append(w.pieces, piece{start: base + start, from: start, to: end})
		return
	}
	of := p.parent.pieces
	for i := p.parent.at(start); i < len(of) && of[i].start < end; i++ {
		c := of[i]
		c.fresh = false
		if c.decoded == 0 {
			stop := end
			if i+1 < len(of) {
				stop = min(end, of[i+1].start)
			}
			c.to = c.from + stop - c.start
			c.from += max(start-c.start, 0)
		}
		c.start = base + max(start, c.start)
		w.pieces = append(w.pieces, c)
	}
}
