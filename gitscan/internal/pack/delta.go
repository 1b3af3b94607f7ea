package pack

import (
	"errors"
	"fmt"
	"slices"
)

// errVarint ends a varint that is too long for an int or runs off the end.
var errVarint = errors.New("bad length in delta")

// varint reads git's little-endian base-128 number.
func varint(b []byte) (v int, rest []byte, err error) {
	for i, shift := 0, uint(0); i < len(b) && shift < 56; i, shift = i+1, shift+7 {
		v |= int(b[i]&0x7f) << shift
		if b[i]&0x80 == 0 {
			if v < 0 {
				return 0, nil, errVarint
			}
			return v, b[i+1:], nil
		}
	}
	return 0, nil, errVarint
}

// deltaSizes reads a delta's header: the size that its base must have and the size of what it makes.
func deltaSizes(delta []byte) (base, target int, ops []byte, err error) {
	if base, ops, err = varint(delta); err != nil {
		return 0, 0, nil, err
	}
	target, ops, err = varint(ops)
	return base, target, ops, err
}

// Copy says that Len bytes of an object at To are those of its base at From.
type Copy struct{ To, From, Len int }

// applyDelta appends to dst what the delta makes of base. dst must have the capacity; it is not grown past the
// target size that the delta's header gives.
func applyDelta(dst, base, delta []byte) ([]byte, error) { return applyNoting(dst, base, delta, nil) }

// applyNoting is applyDelta that appends to copies, unless it is nil, what is copied: ascending in the target, with
// instructions that go on where the one before ended made one.
func applyNoting(dst, base, delta []byte, copies *[]Copy) ([]byte, error) {
	baseSize, target, ops, err := deltaSizes(delta)
	if err != nil {
		return dst, err
	}
	if baseSize != len(base) {
		return dst, fmt.Errorf("delta wants a base of %d bytes, has one of %d", baseSize, len(base))
	}
	start := len(dst)
	for len(ops) > 0 {
		op := ops[0]
		ops = ops[1:]
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n > len(ops) {
				return dst[:start], errors.New("bad insert in delta")
			}
			dst, ops = append(dst, ops[:n]...), ops[n:]
		} else {
			var off, size int
			if off, size, ops, err = copyOp(op, ops); err != nil {
				return dst[:start], err
			}
			if off > len(base) || size > len(base)-off {
				return dst[:start], fmt.Errorf("delta copies %d bytes at %d of a base of %d", size, off, len(base))
			}
			if copies != nil {
				note(copies, Copy{len(dst) - start, off, size})
			}
			dst = append(dst, base[off:off+size]...)
		}
		if len(dst)-start > target {
			return dst[:start], errors.New("delta makes more than it says")
		}
	}
	if len(dst)-start != target {
		return dst[:start], fmt.Errorf("delta makes %d bytes and says %d", len(dst)-start, target)
	}
	return dst, nil
}

// note appends a copy, or makes the last one longer. An instruction copies 16 MB at most, and git's own 64 KB.
func note(copies *[]Copy, c Copy) {
	if n := len(*copies); n > 0 {
		if last := &(*copies)[n-1]; last.To+last.Len == c.To && last.From+last.Len == c.From {
			last.Len += c.Len
			return
		}
	}
	if n := len(*copies); n == cap(*copies) {
		*copies = slices.Grow(*copies, max(n, 64)) // twice as many: append grows long lists by a quarter each time
	}
	*copies = append(*copies, c)
}

// copyOp decodes a copy instruction: bits 0 to 3 of op say which bytes of the offset follow, bits 4 to 6 which of the
// size; size 0 means 65,536.
func copyOp(op byte, ops []byte) (off, size int, rest []byte, err error) {
	for i := range 7 {
		if op&(1<<i) == 0 {
			continue
		}
		if len(ops) == 0 {
			return 0, 0, nil, errors.New("truncated copy in delta")
		}
		if i < 4 {
			off |= int(ops[0]) << (8 * i)
		} else {
			size |= int(ops[0]) << (8 * (i - 4))
		}
		ops = ops[1:]
	}
	if size == 0 {
		size = 1 << 16
	}
	return off, size, ops, nil
}
