package placed

import (
	"bytes"
	"testing"

	"rummage/detect/assignment"
)

func span(i, j int) assignment.Span { return assignment.Span{Start: i, End: j} }

func TestBuilder(t *testing.T) {
	file := []byte(`pass: "ab\"cd\n` + "\n   ef\"")
	var b Builder
	b.Copy(file, span(7, 9))
	b.Stand([]byte{'"'}, span(9, 11))
	b.Copy(file, span(11, 13))
	b.Stand([]byte(" "), span(15, 19))
	b.Copy(file, span(19, 21))
	text := b.Text(0)
	if got := string(text.Bytes); got != `ab"cd ef` {
		t.Fatalf("text %q", got)
	}
	for _, c := range []struct {
		i, j       int
		start, end int
		verbatim   bool
	}{
		{0, 8, 7, 21, false}, {0, 2, 7, 9, true}, {1, 2, 8, 9, true}, {1, 3, 8, 11, false}, {2, 3, 9, 11, false},
		{3, 5, 11, 13, true}, {4, 6, 12, 19, false}, {6, 8, 19, 21, true}, {8, 8, 21, 21, true}, {2, 2, 9, 9, true},
		{0, 0, 7, 7, true},
	} {
		s := text.Slice(c.i, c.j)
		if got := text.Span(c.i, c.j); got != span(c.start, c.end) {
			t.Errorf("Span(%d, %d) = %v, want [%d %d)", c.i, c.j, got, c.start, c.end)
		}
		if s.Verbatim() != c.verbatim || s.Place() != span(c.start, c.end) || (s.Decoded() == nil) != c.verbatim {
			t.Errorf("Slice(%d, %d): verbatim %v at %v", c.i, c.j, s.Verbatim(), s.Place())
		}
	}
}

func TestEmpty(t *testing.T) {
	var b Builder
	if got := b.Text(5); got.Place() != span(5, 5) || !got.Verbatim() || got.Len() != 0 {
		t.Errorf("empty text %+v", got)
	}
	b.Copy([]byte("abcdef"), span(1, 3))
	b.Copy([]byte("abcdef"), span(3, 5))
	if got := b.Text(0); !got.Verbatim() || string(got.Bytes) != "bcde" || got.Place() != span(1, 5) {
		t.Errorf("neighbours do not join: %+v", got)
	}
}

func TestDecode(t *testing.T) {
	text := Decode([]byte("hunter2"), span(10, 22))
	if got := text.Slice(2, 4); got.Place() != span(10, 22) || string(got.Bytes) != "nt" || got.Verbatim() {
		t.Errorf("slice of decoded: %+v", got)
	}
	// A part with as many bytes as it stands for is still not the same bytes.
	same := Decode([]byte("xyz"), span(4, 7))
	if got := same.Span(1, 2); got != span(4, 7) {
		t.Errorf("span %v of an equally long part", got)
	}
}

// FuzzText builds a text from a recipe and checks that every slice says the truth about the file.
func FuzzText(f *testing.F) {
	f.Add([]byte("abcdefgh"), []byte{0, 3, 1, 2, 0, 3}, 2, 5)
	f.Fuzz(func(t *testing.T, file, recipe []byte, i, j int) {
		var b Builder
		pos := 0
		for k := 0; k+1 < len(recipe); k += 2 {
			end := min(len(file), pos+int(recipe[k+1]%16))
			if recipe[k]%2 == 0 {
				b.Copy(file, span(pos, end))
			} else {
				b.Stand([]byte("::"), span(pos, end))
			}
			pos = end
		}
		text := b.Text(0)
		if n := text.Len(); i < 0 || j < i || j > n {
			return
		}
		s := text.Slice(i, j)
		if s.Place() != text.Span(i, j) || !bytes.Equal(s.Bytes, text.Bytes[i:j]) {
			t.Fatalf("slice at %v, span %v", s.Place(), text.Span(i, j))
		}
		if p := s.Place(); p.Start < 0 || p.Start > p.End || p.End > len(file) {
			t.Fatalf("place %v outside the file", p)
		} else if s.Verbatim() && !bytes.Equal(p.Of(file), s.Bytes) {
			t.Fatalf("verbatim, but the file has other bytes")
		}
		var again Builder
		again.Add(text.Slice(0, i))
		again.Add(s)
		again.Add(text.Slice(j, text.Len()))
		whole := again.Text(0)
		if !bytes.Equal(whole.Bytes, text.Bytes) || whole.Span(i, j) != text.Span(i, j) && i < j {
			t.Fatalf("put together again: %q at %v, was %q at %v", whole.Bytes, whole.Span(i, j), text.Bytes, text.Span(i, j))
		}
	})
}

// TestShift: a text of a file is the same text in a larger one, at another place.
func TestShift(t *testing.T) {
	file := []byte(`ab\"cd`)
	var b Builder
	b.Copy(file, span(0, 2))
	b.Stand([]byte{'"'}, span(2, 4))
	b.Copy(file, span(4, 6))
	joined := b.Text(0)
	for _, text := range []Text{joined, joined.Slice(1, 4), joined.Slice(3, 5), Of(file, span(1, 3)), Decode([]byte("x"), span(2, 6)), {}} {
		moved := text.Shift(10)
		if !bytes.Equal(moved.Bytes, text.Bytes) || moved.Verbatim() != text.Verbatim() {
			t.Errorf("%+v became %+v", text, moved)
		}
		for i := 0; i <= text.Len(); i++ {
			for j := i; j <= text.Len(); j++ {
				was, is := text.Span(i, j), moved.Span(i, j)
				if is != span(was.Start+10, was.End+10) {
					t.Errorf("bytes %d to %d of %q were at %v and are at %v", i, j, text.Bytes, was, is)
				}
			}
		}
		if text.Shift(10).Shift(-10).Place() != text.Place() {
			t.Errorf("%+v does not come back", text)
		}
	}
}
