package checksum

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

var keySchemes = []*Scheme{
	{name: "age", strength: Sum, prefixes: []string{"AGE-SECRET-KEY-1", "AGE-SECRET-KEY-PQ-1"}, valid: validAge, make: makeAge},
	{name: "nkey", strength: Sum, prefixes: []string{"SU", "SA", "SO", "SN", "SC", "SX"}, valid: validNKey, make: makeNKey},
}

// An age identity is the Bech32 of its bytes in upper case, without Bech32's limit of 90 characters.
// https://age-encryption.org/v1 and https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki
const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

func validAge(token []byte) bool {
	// Bech32 forbids mixed case; age writes secret keys in capitals.
	if !bytes.Equal(token, bytes.ToUpper(token)) {
		return false
	}
	text := strings.ToLower(string(token))
	one := strings.LastIndexByte(text, '1')
	if one < 0 || len(text)-one-1 < 6+8 {
		return false
	}
	hrp := text[:one+1]
	if hrp != "age-secret-key-1" && hrp != "age-secret-key-pq-1" && !strings.HasPrefix(hrp, "age-plugin-") {
		return false
	}
	return bech32Valid(text)
}

// bech32Valid checks the checksum of a lower-case Bech32 string.
func bech32Valid(text string) bool {
	one := strings.LastIndexByte(text, '1')
	if one < 1 || len(text)-one-1 < 6 {
		return false
	}
	values := bech32Expand(text[:one])
	for i := one + 1; i < len(text); i++ {
		v := strings.IndexByte(bech32Alphabet, text[i])
		if v < 0 {
			return false
		}
		values = append(values, byte(v))
	}
	return bech32Polymod(values) == 1
}

// bech32Expand is the human-readable part as the checksum sees it.
func bech32Expand(hrp string) []byte {
	v := make([]byte, 0, 2*len(hrp)+1)
	for i := range len(hrp) {
		v = append(v, hrp[i]>>5)
	}
	v = append(v, 0)
	for i := range len(hrp) {
		v = append(v, hrp[i]&31)
	}
	return v
}

func bech32Polymod(values []byte) uint32 {
	generator := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range generator {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}

func makeAge(prefix string, r Rand) string {
	hrp := strings.ToLower(prefix[:len(prefix)-1])
	// 32 bytes are 51 groups of five bits and one bit more, which leaves four zero bits.
	data := []byte(draw(bech32Alphabet, 51, r) + string(bech32Alphabet[r(2)*16]))
	values := bech32Expand(hrp)
	for _, c := range data {
		values = append(values, byte(strings.IndexByte(bech32Alphabet, c)))
	}
	sum := bech32Polymod(append(values, 0, 0, 0, 0, 0, 0)) ^ 1
	for i := range 6 {
		data = append(data, bech32Alphabet[sum>>(5*(5-i))&31])
	}
	return strings.ToUpper(hrp + "1" + string(data))
}

// A NATS seed is the base32 of two bytes that say "seed" and whose, 32 random bytes, and their CRC-16, least
// significant byte first. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth
// and https://github.com/nats-io/nkeys
const (
	nkeySeed  = 18 << 3 // gives the letter S
	nkeyBytes = 2 + 32 + 2
)

// nkeyOwners are the kinds of key pair, each a letter of the base32 alphabet in the upper five bits.
const nkeyOwners = "UAONCX"

var base32Raw = base32.StdEncoding.WithPadding(base32.NoPadding)

func validNKey(token []byte) bool {
	if len(token) != base32Raw.EncodedLen(nkeyBytes) || token[0] != 'S' || strings.IndexByte(nkeyOwners, token[1]) < 0 {
		return false
	}
	raw, err := base32Raw.DecodeString(string(token))
	// The decoder ignores the unused bits of the last character; a seed has them zero.
	if err != nil || base32Raw.EncodeToString(raw) != string(token) {
		return false
	}
	n := len(raw) - 2
	return crc16(raw[:n]) == binary.LittleEndian.Uint16(raw[n:])
}

func makeNKey(prefix string, r Rand) string {
	owner := byte(strings.IndexByte(upper+"234567", prefix[1])) << 3
	raw := append([]byte{nkeySeed | owner>>5, owner << 3}, drawBytes(32, r)...)
	return base32Raw.EncodeToString(binary.LittleEndian.AppendUint16(raw, crc16(raw)))
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, nothing reflected, start 0.
func crc16(data []byte) uint16 {
	var sum uint16
	for _, b := range data {
		sum ^= uint16(b) << 8
		for range 8 {
			carry := sum&0x8000 != 0
			sum <<= 1
			if carry {
				sum ^= 0x1021
			}
		}
	}
	return sum
}
