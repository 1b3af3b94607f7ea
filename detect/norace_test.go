//go:build !race

package detect

const racing = false
