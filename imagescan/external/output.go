package external

import "bytes"

// capped keeps what is written to it, and calls over instead when it is more than the limit. The buffer is not embedded:
// io.Copy would read into it past Write.
type capped struct {
	kept  bytes.Buffer
	limit int
	over  func()
}

func (c *capped) Write(p []byte) (int, error) {
	if c.kept.Len()+len(p) > c.limit {
		c.over()
		return 0, errOutput
	}
	return c.kept.Write(p)
}

const (
	// keptStderr is how much of the end of standard error is told, in bytes.
	keptStderr = 8 << 10
	// maxLogLine bounds a line of a log that is looked at: an error of trufflehog's has a few hundred bytes.
	maxLogLine = 64 << 10
)

// tail keeps the end of what is written to it, and hands each line to look, if that is not nil.
type tail struct {
	kept []byte
	cut  bool // something before kept is gone
	look func(line []byte)
	line []byte // begun, not ended
}

func (t *tail) Write(p []byte) (int, error) {
	if t.look != nil {
		t.lines(p)
	}
	t.kept = append(t.kept, p[max(0, len(p)-2*keptStderr):]...)
	t.cut = t.cut || len(p) > 2*keptStderr
	if over := len(t.kept) - 2*keptStderr; over > 0 {
		t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
	}
	return len(p), nil
}

func (t *tail) lines(p []byte) {
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			t.line = append(t.line, p[:min(len(p), maxLogLine-len(t.line))]...)
			return
		}
		t.line = append(t.line, p[:min(i, maxLogLine-len(t.line))]...)
		t.look(t.line)
		t.line, p = t.line[:0], p[i+1:]
	}
}

// end hands out the last line where no line feed ended it.
func (t *tail) end() {
	if t.look != nil && len(t.line) > 0 {
		t.look(t.line)
		t.line = t.line[:0]
	}
}

// text is the end of what was written, with credentials taken out. It is cut before a word: of half a credential nobody
// can tell that it is one.
func (t *tail) text(r *redactor) string {
	whole := t.kept
	if t.cut {
		i := bytes.IndexAny(whole, " \t\r\n")
		if i < 0 {
			return ""
		}
		whole = whole[i:]
	}
	s := r.text(string(whole))
	if len(s) > keptStderr { // redacted before it is cut, so that this cut is harmless
		s = s[len(s)-keptStderr:]
	}
	return string(bytes.TrimSpace(bytes.ToValidUTF8([]byte(s), []byte("?"))))
}
