package structure

import "bytes"

// glance bounds how much of a file is looked at where lines are looked at one by one, in bytes.
const glance = 4 << 10

// Sniff says what a file may be by its content. It costs one pass over the lines; it may name kinds that the file is
// not, and does not name all that it could be.
func Sniff(data []byte) Set { return Look(data).Sniff(data) }

// isDocument says whether a line begins with the marks of code in Markdown.
func isDocument(data []byte) bool {
	for p := 0; ; {
		i := bytes.Index(data[p:], fence)
		if i < 0 {
			return false
		}
		if p += i; p == 0 || data[p-1] == '\n' {
			return true
		}
		for p += len(fence); p < len(data) && data[p] == '`'; p++ {
		}
	}
}

var (
	fence = []byte("```")
	from  = []byte("FROM ")
)

// isDockerfile reports whether a line begins with FROM and an image behind it.
func isDockerfile(data []byte) bool {
	for rest := data; ; {
		i := bytes.Index(rest, from)
		if i < 0 {
			return false
		}
		at := len(data) - len(rest) + i
		rest = rest[i+len(from):]
		if at > 0 && data[at-1] != '\n' && at != 3 {
			continue
		}
		line := rest
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		fields := 0
		for range bytes.FieldsSeq(line) {
			if fields++; fields > 4 {
				break
			}
		}
		if fields > 0 && fields <= 4 && bytes.IndexByte(line, ';') < 0 && bytes.IndexByte(line, ',') < 0 {
			return true
		}
	}
}

// isDotenv reports whether nearly all lines are NAME=value, comments or empty.
func isDotenv(data []byte) bool {
	set, other := 0, 0
	for len(data) > 0 {
		line := data
		if n := bytes.IndexByte(data, '\n'); n >= 0 {
			line, data = data[:n], data[n+1:]
		} else {
			data = nil
		}
		line = bytes.TrimLeft(line, " \t")
		line = bytes.TrimPrefix(line, []byte("export "))
		switch {
		case len(line) == 0 || line[0] == '#' || line[0] == '\r':
		case isSetting(line):
			set++
		default:
			if other++; other > 2 && other > set/4 {
				return false
			}
		}
	}
	return set > 0 && other <= set/4
}

// isSetting reports whether a line begins with a name and an equals sign.
func isSetting(line []byte) bool {
	i := 0
	for i < len(line) && (line[i] == '_' || 'A' <= line[i] && line[i] <= 'Z' || 'a' <= line[i] && line[i] <= 'z' || i > 0 && '0' <= line[i] && line[i] <= '9') {
		i++
	}
	return i > 0 && i < len(line) && line[i] == '='
}
