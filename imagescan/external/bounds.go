package external

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a report. They are far beyond what a scanner says of one image: trivy writes ten objects for a finding.
const (
	maxDepth    = 64
	maxObjects  = 1 << 20
	maxValues   = 4 << 20
	maxFindings = 100_000
	// maxPath and maxText bound what is kept of strings, in bytes: of paths what file systems allow, of others what a
	// person reads. maxSecret is longer than any key.
	maxPath   = 4096
	maxText   = 300
	maxSecret = 64 << 10
)

var errTooMany = fmt.Errorf("more than %d findings", maxFindings)

// bounded says why a JSON text is not to be decoded: a few bytes of it can stand for hundreds of memory.
func bounded(data []byte) error {
	depth, objects, values := 0, 0, 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			if data[i] == '{' {
				objects++
			}
			depth++
			values++
		case '}', ']':
			depth--
		case ',':
			values++
		}
		if depth > maxDepth || objects > maxObjects || values > maxValues {
			return errors.New("a report beyond all bounds")
		}
	}
	return nil
}

// decode decodes a report. Its error says nothing of what the report holds, which may be a secret.
func decode(data []byte, into any) error {
	if err := bounded(data); err != nil {
		return err
	}
	err := json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(data)), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("its report is cut off")
	case errors.As(err, &syntax):
		return fmt.Errorf("its report is no JSON at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("its report has another form at byte %d", kind.Offset)
	}
	return errors.New("its report has another form")
}

// clip bounds a text, which it cuts between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
