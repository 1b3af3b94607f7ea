package yamltree

// enter makes sure that the collection at column c, a sequence or a mapping, is the one being read, and that it is
// ready for a further item or key. Behind the mark of an item (inline) it always is a new one.
func (r *reader) enter(c int, seq, inline bool) bool {
	n := len(r.levels)
	if !inline {
		for n > 0 && r.levels[n-1].indent > c {
			n--
		}
		if n > 1 && !seq && r.levels[n-1].indent == c && r.levels[n-1].seq && !r.levels[n-2].seq && r.levels[n-2].indent == c {
			n-- // a sequence may stand at the column of the key it belongs to
		}
		if n > 1 && seq && !r.levels[n-1].seq && !r.levels[n-1].waits && r.levels[n-2].seq && r.levels[n-2].indent == c {
			n-- // behind keys that were misplaced among items
		}
		if n > 0 && r.levels[n-1].indent == c && r.levels[n-1].seq == seq {
			r.unwind(n)
			r.complete()
			return true
		}
	}
	// A new collection.
	free := n == 0 && r.root == 0
	if n > 0 {
		l := &r.levels[n-1]
		free = l.waits && (l.indent < c || seq && !l.seq && l.indent == c)
	}
	if free && n < maxLevels {
		r.unwind(n)
		r.push(c, seq, Plain)
		return true
	}
	r.fail(r.pos, Line)
	if r.strict {
		return false
	}
	if n >= maxLevels {
		r.pos = r.nextBreak(r.pos)
		return false
	}
	r.misplaced(n, c, seq)
	return true
}

// complete gives the key or item that still waits for its node an empty one.
func (r *reader) complete() {
	if r.levels[len(r.levels)-1].waits {
		r.null()
	}
}

// misplaced finds a place for a key or item whose column fits no collection. There are n levels whose column is not
// behind c.
func (r *reader) misplaced(n, c int, seq bool) {
	// Between the columns of two levels: it belongs to the inner one if that is of its kind.
	if n < len(r.levels) && n > 0 && r.levels[n].seq == seq {
		r.unwind(n + 1)
		r.complete()
		return
	}
	if n == 0 {
		// Left of the root: the beginning of another document.
		r.finish()
		r.push(c, seq, Plain)
		return
	}
	r.unwind(n)
	l := &r.levels[n-1]
	switch {
	case l.seq == seq: // too far to the right
		r.complete()
		return
	case seq:
		// An item among keys: the value of a key that is missing.
		r.complete()
		r.levels[n-1].at = r.pos
		r.null()
	case !l.waits:
		l.waits = true // a key among items: an item of its own
	}
	r.push(c, seq, Plain)
}

// finish ends the document that is being read and begins another.
func (r *reader) finish() {
	r.unwind(0)
	if r.root != 0 {
		r.docs = append(r.docs, &Document{nodes: r.nodes, root: r.root})
	}
	r.nodes, r.root, r.anchors, r.anchor = make([]node, 1, 32), 0, nil, ""
}
