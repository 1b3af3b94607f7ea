package literal

import "golang.org/x/sys/cpu"

// hasVector says that scanVector may be called.
var hasVector = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

// scanVector is scan and narrow in one, for data of whole vectorBytes: it puts
// the numbers of the pairs in which a candidate's second half is into at, and
// returns how many. It writes up to 8 numbers more than that.
func (f *filter) scanVector(data []byte, last uint64, at *[placesRoom]uint16) (n int, _ uint64) {
	if len(data) == 0 {
		return 0, last
	}
	return scanAVX2(f, &data[0], len(data)/vectorBytes, last, &at[0], &spread)
}

// spread has for each 8 bits the numbers of those that are set.
var spread = func() (list [256][8]uint8) {
	for mask := range list {
		n := 0
		for i := range 8 {
			if mask>>i&1 != 0 {
				list[mask][n] = uint8(i)
				n++
			}
		}
	}
	return list
}()

//go:noescape
func scanAVX2(f *filter, data *byte, blocks int, last uint64, at *uint16, spread *[256][8]uint8) (n int, first uint64)
