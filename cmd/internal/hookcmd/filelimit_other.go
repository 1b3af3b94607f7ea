//go:build !unix

package hookcmd

func tellFileLimit() {}

func killAtFileLimit() {}
