package content

import (
	"fmt"
	"hash/crc32"
	"slices"
)

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// PlantToken puts a token in, as a comment, made here and now: of a form that providers have, with its checksum where the form
// has one.
func (f *File) PlantToken() {
	f.planted = len(f.head())
	f.lines = slices.Insert(f.lines, f.planted, "# "+f.token())
}

func (f *File) token() string {
	switch f.random.IntN(3) {
	case 0:
		text := f.draw(letters, 30)
		return fmt.Sprintf("api = %q", "gh"+"p_"+text+base62(crc32.ChecksumIEEE([]byte(text)), 6))
	case 1:
		return fmt.Sprintf("hook = %q", "https://hooks.sl"+"ack.com/services/T"+f.draw(letters[:36], 10)+"/B"+f.draw(letters[:36], 10)+"/"+f.draw(letters, 24))
	}
	return fmt.Sprintf("pay = %q", "sk_"+"live_"+f.draw(letters, 24))
}

func base62(n uint32, digits int) string {
	b := make([]byte, digits)
	for i := digits - 1; i >= 0; i-- {
		b[i] = letters[n%62]
		n /= 62
	}
	return string(b)
}
