//go:build !race

package gitscan_test

const racing = false
