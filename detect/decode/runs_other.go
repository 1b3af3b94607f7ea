//go:build !amd64

package decode

const (
	hasVector   = false
	vectorBytes = 64
)

func vectorRun(text []byte, from, end int) (at int, found bool) {
	panic("decode: no vector code")
}
