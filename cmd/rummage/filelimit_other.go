//go:build !unix

package main

func tellFileLimit() {}

func killAtFileLimit() {}
