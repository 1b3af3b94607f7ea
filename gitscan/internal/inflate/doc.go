// Package inflate decodes zlib streams (RFC 1950, RFC 1951) that lie whole in one slice, into a slice whose size is
// known before: the entries of git packs and loose objects. It gives the bytes that compress/zlib gives and an error
// where compress/zlib gives one, the Adler-32 sum included; fuzzers hold it to that.
//
// It is quick for what packs hold: bits are taken eight bytes at a time, symbols are looked up in tables that are as
// small as the block allows (most streams inflate to less than 500 bytes, so the making of tables matters as much as
// the decoding), matches are copied by sixteen bytes, and the sum is taken afterwards, eight bytes at a time.
//
// It does not know streams that come in pieces, preset dictionaries, gzip, or where a stream ends before decoding it.
//
// Bounds: src may be hostile. Nothing outside src[:len(src)] is read and nothing outside dst[:cap(dst)] is written;
// memory is the size that the caller asks for and a decoder of about 15 KB. Time is linear in len(src) and size.
//
// Concurrency: a Decoder is for one goroutine at a time.
package inflate
