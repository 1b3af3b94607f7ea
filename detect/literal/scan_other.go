//go:build !amd64

package literal

const hasVector = false

func (f *filter) scanVector(data []byte, last uint64, at *[placesRoom]uint16) (int, uint64) {
	panic("literal: no vector code")
}
