//go:build race

package detect

// racing: under the race detector sync.Pool forgets at random, so allocations say nothing.
const racing = true
