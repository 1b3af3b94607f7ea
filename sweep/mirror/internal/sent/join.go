package sent

import (
	"crypto/sha1"
	"encoding/binary"
)

// Joined is several packs in one: a file, and its index, cost as much as what is in most of them. The zero value has none.
type Joined struct {
	pack Pack
	has  map[ID]bool
}

// Add adds a pack, unless it is empty or has an object that is there already. The bases of its deltas are as far before them as ever.
func (j *Joined) Add(p *Pack) bool {
	if p.Len() == 0 {
		return false
	}
	for i := range p.objects {
		if j.has[p.objects[i].id] {
			return false
		}
	}
	if j.has == nil {
		j.has = map[ID]bool{}
		j.pack.raw = append(j.pack.raw, p.raw[:packHeader]...)
	}
	moved := len(j.pack.raw) - packHeader
	j.pack.raw = append(j.pack.raw, p.raw[packHeader:len(p.raw)-packTrailer]...)
	for i := range p.objects {
		o := &p.objects[i]
		j.has[o.id] = true
		j.pack.objects = append(j.pack.objects, object{id: o.id, kind: o.kind, offset: o.offset + moved, crc: o.crc})
	}
	return true
}

// Size is what the packs take together.
func (j *Joined) Size() int { return len(j.pack.raw) }

// Write is Write of a pack. Nothing is to be added after it.
func (j *Joined) Write(dir string) error {
	if len(j.pack.objects) == 0 {
		return nil
	}
	binary.BigEndian.PutUint32(j.pack.raw[8:], uint32(len(j.pack.objects)))
	sum := sha1.Sum(j.pack.raw)
	j.pack.raw = append(j.pack.raw, sum[:]...)
	return j.pack.Write(dir)
}
