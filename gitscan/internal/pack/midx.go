package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// multiIndex is a multi-pack-index (gitformat-pack(5)): the ids of the objects of many packs, each with the pack that it
// is to be read from. It is a header, a table of chunks and these: PNAM, the packs' names, OIDF, 256 fan-out counts, OIDL,
// the sorted ids, OOFF, a pack's number and an offset for each.
//
// Here it is a hint and no more: it spares asking the index of each pack in turn, and what it says is looked up in the
// index of the pack that it names. So one that is old, damaged or made to mislead costs time, and no object.
type multiIndex struct {
	format Format
	n      int
	fanout []byte
	ids    []byte
	where  []byte
	packs  []int32 // its number of a pack → ours, -1 for one that could not be opened
	unmap  func() error
}

const (
	midxHeader = 12
	midxEntry  = 12 // of the table of chunks
)

var errMidx = errors.New("multi-pack-index is malformed")

// parseMidx checks the layout: the lengths fit, and the fan-out never falls. names are the packs'.
func parseMidx(data []byte, f Format) (x *multiIndex, names []string, err error) {
	if len(data) < midxHeader+midxEntry+f.Size() || !bytes.HasPrefix(data, []byte("MIDX")) {
		return nil, nil, errMidx
	}
	if v := data[4]; v != 1 && v != 2 {
		return nil, nil, fmt.Errorf("multi-pack-index version %d is not known", v)
	}
	if int(data[5]) != int(f)+1 {
		return nil, nil, errors.New("multi-pack-index is for another hash")
	}
	chunks, packs := int(data[6]), binary.BigEndian.Uint32(data[8:])
	if len(data) < midxHeader+midxEntry*(chunks+1)+f.Size() {
		return nil, nil, errMidx
	}
	chunk := func(name string) []byte {
		for i := range chunks {
			e := data[midxHeader+midxEntry*i:]
			if string(e[:4]) != name {
				continue
			}
			from, to := binary.BigEndian.Uint64(e[4:]), binary.BigEndian.Uint64(e[midxEntry+4:])
			if from <= to && to <= uint64(len(data)-f.Size()) {
				return data[from:to]
			}
		}
		return nil
	}
	x = &multiIndex{format: f, fanout: chunk("OIDF"), ids: chunk("OIDL"), where: chunk("OOFF")}
	if len(x.fanout) != fanoutLen || !slices.IsSortedFunc(fanouts(x.fanout), func(a, b uint32) int { return int(int64(a) - int64(b)) }) {
		return nil, nil, errMidx
	}
	n := int64(binary.BigEndian.Uint32(x.fanout[fanoutLen-4:]))
	if int64(len(x.ids)) != n*int64(f.Size()) || int64(len(x.where)) != 8*n {
		return nil, nil, errMidx
	}
	x.n = int(n)
	for _, name := range bytes.Split(chunk("PNAM"), []byte{0}) {
		if len(name) > 0 {
			names = append(names, string(name))
		}
	}
	if uint64(len(names)) != uint64(packs) {
		return nil, nil, errMidx
	}
	return x, names, nil
}

func fanouts(table []byte) []uint32 {
	counts := make([]uint32, 256)
	for i := range counts {
		counts[i] = binary.BigEndian.Uint32(table[4*i:])
	}
	return counts
}

// pack is our number of the pack that an object is said to be in.
func (x *multiIndex) pack(id ID) (int, bool) {
	lo, hi := 0, int(binary.BigEndian.Uint32(x.fanout[4*int(id[0]):]))
	if id[0] > 0 {
		lo = int(binary.BigEndian.Uint32(x.fanout[4*(int(id[0])-1):]))
	}
	hs := x.format.Size()
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch c := bytes.Compare(x.ids[mid*hs:][:hs], id[:hs]); {
		case c == 0:
			p := binary.BigEndian.Uint32(x.where[8*mid:])
			if uint64(p) >= uint64(len(x.packs)) || x.packs[p] < 0 {
				return 0, false
			}
			return int(x.packs[p]), true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0, false
}

// openMidx opens the multi-pack-index of an object directory, nil when there is none. The packs must be open.
func (s *Store) openMidx(dir string) (*multiIndex, error) {
	path := filepath.Join(dir, "pack", "multi-pack-index")
	data, unmap, err := s.files.Map(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	x, names, err := parseMidx(data, s.format)
	if err != nil {
		if unmap != nil {
			_ = unmap()
		}
		return nil, err
	}
	x.unmap = unmap
	ours := map[string]int32{}
	for i, p := range s.packs {
		ours[p.path] = int32(i)
	}
	for _, name := range names {
		number, ok := ours[filepath.Join(dir, "pack", stem(name)+".pack")]
		if !ok {
			number = -1
		}
		x.packs = append(x.packs, number)
	}
	return x, nil
}

// stem is a file's name without the extension.
func stem(name string) string { return name[:len(name)-len(filepath.Ext(name))] }

// fewPacks is up to how many packs asking each is as quick as asking a multi-pack-index first.
const fewPacks = 2

// openMidxs opens what multi-pack-indexes there are. A bad one is of no importance.
func (s *Store) openMidxs() {
	if len(s.packs) <= fewPacks {
		return
	}
	for _, dir := range s.dirs {
		if x, err := s.openMidx(dir); err == nil && x != nil {
			s.midxs = append(s.midxs, x)
		}
	}
}

// packOf is the pack, by number, that an object is read from, and its position in the pack's index: the one that a
// multi-pack-index names, otherwise the first that has it.
func (s *Store) packOf(id ID) (number, pos int, ok bool) {
	for _, x := range s.midxs {
		if number, ok = x.pack(id); ok {
			if pos, ok = s.packs[number].idx.find(id); ok {
				return number, pos, true
			}
		}
	}
	for number, p := range s.packs {
		if pos, ok = p.idx.find(id); ok {
			return number, pos, true
		}
	}
	return 0, 0, false
}
