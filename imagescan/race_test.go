//go:build race

package imagescan_test

// racing: under the race detector, which makes all some ten times as slow, tests of mere size are left to those without it.
const racing = true
