//go:build race

package gitscan_test

// racing: under the race detector, which makes all some ten times as slow, what is done over and over is done less often: what it sees it
// sees in the first rounds, and the tests without it have all of them.
const racing = true
