package inflate

// lengthOrder is the order in which the code lengths of the code lengths' code come: section 3.2.7.
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes that a block begins with.
func (d *Decoder) dynamic(s *stream) (codes, error) {
	if err := s.need(14); err != nil {
		return codes{}, err
	}
	nlit, ndist, nlen := int(s.buf&31)+257, int(s.buf>>5&31)+1, int(s.buf>>10&15)+4
	s.buf >>= 14
	s.n -= 14
	if nlit > 286 || ndist > 30 {
		return codes{}, ErrCorrupt
	}
	var pre preTable
	if err := pre.read(s, nlen); err != nil {
		return codes{}, err
	}
	l := &d.lens
	l.n, l.count = 0, [maxLength + 1]uint16{}
	if err := l.read(s, &pre, nlit+ndist); err != nil {
		return codes{}, err
	}
	return d.tables(nlit)
}

// tables makes both tables from the lengths read, of which the distances' follow the literals'.
func (d *Decoder) tables(nlit int) (c codes, err error) {
	l := &d.lens
	split := l.n
	var count [maxLength + 1]uint16
	for split > 0 && int(l.used[split-1]>>4) >= nlit {
		split--
		n := l.used[split] & 15
		count[n]++
		l.count[n]--
		l.used[split] -= uint16(nlit << 4)
	}
	var ok bool
	if c.lit, c.litMask, ok = build(d.lit[:], l.used[:split], &l.count, &d.sorted, &litPrototype, litBits); !ok || split == 0 {
		return c, ErrCorrupt
	}
	if c.dist, c.distMask, ok = build(d.dist[:], l.used[split:l.n], &count, &d.sorted, &distPrototype, distBits); !ok {
		return c, ErrCorrupt
	}
	return c, nil
}

// preTable decodes code lengths. Entries: symbol<<3 | bits, 0 is no code.
type preTable struct {
	e    [128]uint8
	mask uint64
}

// read reads the three-bit lengths and makes the table.
func (p *preTable) read(s *stream, nlen int) error {
	var length [19]uint8
	var count [8]uint8
	for i := range nlen {
		if s.n < 3 {
			if err := s.need(3); err != nil {
				return err
			}
		}
		n := uint8(s.buf & 7)
		length[lengthOrder[i]] = n
		count[n]++
		s.buf >>= 3
		s.n -= 3
	}
	var next [8]uint
	var code, longest uint
	for n := uint(1); n < 8; n++ {
		code <<= 1
		next[n] = code
		code += uint(count[n])
		if count[n] != 0 {
			longest = n
		}
	}
	code >>= 7 - longest
	if longest == 0 || code != 1<<longest && (code != 1 || longest != 1) {
		return ErrCorrupt
	}
	p.mask = 1<<longest - 1
	for symbol, n := range length {
		if n == 0 {
			continue
		}
		for i := uint(reverse7[next[n]&127] >> (7 - n)); i < 1<<longest; i += 1 << n {
			p.e[i&127] = uint8(symbol)<<3 | n
		}
		next[n]++
	}
	return nil
}

// reverse7 is seven bits in the other order.
var reverse7 = func() (r [128]uint8) {
	for i := range r {
		for b := range 7 {
			r[i] |= uint8(i>>b&1) << (6 - b)
		}
	}
	return r
}()

// read reads total code lengths.
func (l *codeLengths) read(s *stream, pre *preTable, total int) error {
	src, buf, n, in := s.src, s.buf, s.n, s.in
	var used int
	length := -1 // the last one, for "repeat"
	for i := 0; i < total; {
		if n < 14 {
			buf, n, in = refill(src, buf, n, in)
		}
		e := pre.e[buf&pre.mask&127]
		k := uint(e & 7)
		if k > n {
			return ErrEarly
		}
		if k == 0 {
			return ErrCorrupt
		}
		buf >>= k
		n -= k
		symbol := int(e >> 3)
		if symbol < 16 {
			if symbol != 0 {
				l.used[used] = uint16(i<<4 | symbol)
				l.count[symbol]++
				used++
			}
			length = symbol
			i++
			continue
		}
		extra := uint(7)
		repeat := 11
		switch symbol {
		case 16:
			extra, repeat = 2, 3
			if length < 0 {
				return ErrCorrupt
			}
		case 17:
			extra, repeat = 3, 3
			length = 0
		default:
			length = 0
		}
		if extra > n {
			return ErrEarly
		}
		repeat += int(buf & (1<<extra - 1))
		buf >>= extra
		n -= extra
		if i+repeat > total {
			return ErrCorrupt
		}
		if length != 0 {
			l.count[length] += uint16(repeat)
			for j := range repeat {
				l.used[used+j] = uint16((i+j)<<4 | length)
			}
			used += repeat
		}
		i += repeat
	}
	l.n = used
	s.buf, s.n, s.in = buf, n, in
	return nil
}
