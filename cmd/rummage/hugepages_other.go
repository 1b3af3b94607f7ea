//go:build !linux

package main

// useHugePages does nothing where the system decides on its own.
func useHugePages() {}
