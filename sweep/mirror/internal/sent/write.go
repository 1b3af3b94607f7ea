package sent

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
)

// Write puts the pack with its index into a directory of packs. Both are on the disk, and the pack is there before its index, without
// which git does not look at it.
func (p *Pack) Write(dir string) error {
	name := filepath.Join(dir, "pack-"+hex.EncodeToString(p.raw[len(p.raw)-packTrailer:]))
	if err := place(dir, name+".pack", p.raw); err != nil {
		return err
	}
	return place(dir, name+".idx", p.index())
}

// Len is how many objects there are.
func (p *Pack) Len() int { return len(p.objects) }

// Size is what the pack takes.
func (p *Pack) Size() int { return len(p.raw) }

// Held is what the pack takes with what its objects are unfolded.
func (p *Pack) Held() int {
	n := len(p.raw)
	for i := range p.objects {
		n += len(p.objects[i].data)
	}
	return n
}

// Fold lets go of the objects' contents, which are many times what the pack takes. It can be written, and no more be proven by.
func (p *Pack) Fold() {
	p.byID = nil
	for i := range p.objects {
		p.objects[i].data = nil
	}
}

// place writes a file under a name that git removes when it is left behind, and renames it.
func place(dir, name string, data []byte) (err error) {
	f, err := os.CreateTemp(dir, "tmp_sent_")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Chmod(0o400)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return err
}

// index is of version 2 (gitformat-pack(5)); a pack is small enough for its offsets to have 31 bits.
func (p *Pack) index() []byte {
	sorted := make([]*object, len(p.objects))
	for i := range p.objects {
		sorted[i] = &p.objects[i]
	}
	slices.SortFunc(sorted, func(a, b *object) int { return bytes.Compare(a.id[:], b.id[:]) })
	out := []byte("\xfftOc\x00\x00\x00\x02")
	var upTo [256]uint32
	for _, o := range sorted {
		upTo[o.id[0]]++
	}
	for i, sum := 0, uint32(0); i < len(upTo); i++ {
		sum += upTo[i]
		out = binary.BigEndian.AppendUint32(out, sum)
	}
	for _, o := range sorted {
		out = append(out, o.id[:]...)
	}
	for _, o := range sorted {
		out = binary.BigEndian.AppendUint32(out, o.crc)
	}
	for _, o := range sorted {
		out = binary.BigEndian.AppendUint32(out, uint32(o.offset))
	}
	out = append(out, p.raw[len(p.raw)-packTrailer:]...)
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}
