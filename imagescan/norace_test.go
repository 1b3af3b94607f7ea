//go:build !race

package imagescan_test

const racing = false
