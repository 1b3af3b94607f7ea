package inflate

import (
	"bytes"
	"fmt"
	stdadler "hash/adler32"
	"testing"
)

// samples are contents that together make every kind of block.
func samples() map[string][]byte {
	m := map[string][]byte{
		"empty": nil, "one": []byte("x"), "run": bytes.Repeat([]byte{7}, 1000), "text": text(5000, 1),
		"noise": noise(3000, 1), "far": append(append(noise(32768, 2), noise(32768, 2)...), noise(100, 2)...),
		"long run": bytes.Repeat([]byte("a"), 100000), "long text": text(200000, 2), "stored": noise(150000, 3),
	}
	for period := 2; period < 20; period++ {
		m[fmt.Sprintf("period %d", period)] = bytes.Repeat(noise(period, 4), 700/period)
	}
	skewed := []byte{}
	for i := range 20 { // Fibonacci-like counts make the longest codes
		skewed = append(skewed, bytes.Repeat([]byte{byte(i * 11)}, 1<<i/8+1)...)
	}
	shuffled := make([]byte, len(skewed))
	for i, b := range skewed {
		shuffled[i*4051%len(skewed)] = b // some bytes are overwritten, which does not matter
	}
	m["skewed"] = shuffled
	return m
}

// TestRoundTrip inflates what every level makes of the samples, also with wrong sizes and with bytes behind the stream.
func TestRoundTrip(t *testing.T) {
	var c dirty
	for name, data := range samples() {
		t.Run(name, func(t *testing.T) {
			for _, level := range levels {
				src := deflated(t, data, level)
				for _, tail := range []int{0, 1, 8, 15, 16, 100} {
					c.check(t, append(bytes.Clone(src), noise(tail, 5)...), len(data))
				}
				for _, size := range []int{len(data) - 300, len(data) - 1, len(data) + 1, len(data) + 40} {
					if size >= 0 {
						c.check(t, src, size)
					}
				}
				got, used, err := c.d.inflate(nil, append(bytes.Clone(src), "more"...), len(data))
				if err != nil || !bytes.Equal(got, data) || used != len(src) {
					t.Fatalf("level %d: %v, stream of %d bytes, want %d", level, err, used, len(src))
				}
			}
		})
	}
}

// TestDamage cuts small streams at every byte and flips each of their bits.
func TestDamage(t *testing.T) {
	var c dirty
	for name, data := range map[string][]byte{
		"delta": []byte("\x90\x4e\x91\x4e\x30hunter2 hunter2\xb3\x40\x01"), "text": text(300, 3), "run": bytes.Repeat([]byte("ab"), 200),
		"skewed": samples()["skewed"][:400], "noise": noise(60, 6), "letters": bytes.Repeat([]byte("aaaabbcaaaad"), 9),
	} {
		t.Run(name, func(t *testing.T) {
			for _, level := range []int{-2, 0, 1, 9} {
				src := deflated(t, data, level)
				for i := range src {
					c.check(t, src[:i], len(data))
					for bit := range 8 {
						bad := bytes.Clone(src)
						bad[i] ^= 1 << bit
						c.check(t, bad, len(data))
						c.check(t, append(bad, make([]byte, 40)...), len(data))
					}
				}
			}
		})
	}
}

func TestAdler(t *testing.T) {
	full := bytes.Repeat([]byte{255}, 10000)
	random := noise(10000, 7)
	for n := 0; n <= len(full); n += 1 + n/50 {
		for _, p := range [][]byte{full[:n], random[:n], random[len(random)-n:]} {
			if got, want := adler32(p), stdadler.Checksum(p); got != want {
				t.Fatalf("%d bytes: %08x, want %08x", n, got, want)
			}
		}
	}
}

// TestNoAllocation: a Decoder and a buffer that are kept allocate nothing more.
func TestNoAllocation(t *testing.T) {
	var d Decoder
	buf := make([]byte, 0, 6000)
	for _, level := range []int{-2, 0, 1, 9} {
		data := text(5000, 1)
		src := deflated(t, data, level)
		n := testing.AllocsPerRun(20, func() {
			var err error
			if buf, err = d.Inflate(buf[:0], src, len(data)); err != nil {
				t.Fatal(err)
			}
			if buf, err = d.Prefix(buf[:0], src, 32); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("level %d: %v allocations", level, n)
		}
	}
	if got, err := d.Inflate(nil, deflated(t, text(100, 1), 6), 100); err != nil || cap(got) > 100+Slack {
		t.Errorf("a new buffer of %d bytes for 100, %v", cap(got), err)
	}
}
