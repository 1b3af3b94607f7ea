package sent

import "crypto/sha1"

// summed adds the sum that packs end with.
func summed(body []byte) []byte {
	sum := sha1.Sum(body)
	return append(append([]byte{}, body...), sum[:]...)
}
