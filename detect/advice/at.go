package advice

import "strings"

// Marks stand in a remedy for the path of the file, which is known only where a blob has its place. A mark is openMark,
// a verb, a path relative to the folder of the file (empty: the file itself), closeMark. Texts of files cannot have
// them, since plain takes controls out.
const (
	openMark  = "\x01"
	closeMark = "\x02"
	verbShell = 's' // as a word of a shell
	verbGit   = 'g' // as a line of the .gitignore at the top
	verbBase  = 'b' // its last part
)

func shellPath(rel string) string { return openMark + string(rune(verbShell)) + rel + closeMark }
func gitLine(rel string) string   { return openMark + string(rune(verbGit)) + rel + closeMark }
func base(rel string) string      { return openMark + string(rune(verbBase)) + rel + closeMark }

// At is a remedy for the file at a path, with slashes and relative to the top of what was searched. Empty means that
// the path is not known.
func At(remedy, path string) string {
	if !strings.Contains(remedy, openMark) {
		return remedy
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(remedy, openMark)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		mark, after, ok := strings.Cut(rest, closeMark)
		if !ok || mark == "" {
			return b.String()
		}
		remedy = after
		full := path
		if rel := mark[1:]; rel != "" {
			full = join(path, rel)
		}
		switch {
		case full == "":
			b.WriteString("FILE")
		case mark[0] == verbShell:
			b.WriteString(shellWord(full))
		case mark[0] == verbGit:
			b.WriteString(ignoreLine(full))
		default:
			b.WriteString(oneLine(baseName(full)))
		}
	}
}

// join is the path of a file that the file at path names, cleaned.
func join(path, rel string) string {
	rooted := strings.HasPrefix(path, "/")
	parts := strings.Split(path, "/")
	parts = append(parts[:len(parts)-1:len(parts)-1], strings.Split(rel, "/")...)
	out := parts[:0:0]
	for _, p := range parts {
		switch {
		case p == "" || p == ".":
		case p == ".." && len(out) > 0 && out[len(out)-1] != "..":
			out = out[:len(out)-1]
		default:
			out = append(out, p)
		}
	}
	s := strings.Join(out, "/")
	if rooted {
		s = "/" + s
	}
	return s
}

// shellWord quotes a word for a POSIX shell where that is needed.
func shellWord(s string) string {
	s = oneLine(s)
	if strings.HasPrefix(s, "-") {
		s = "./" + s
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/._-+:@%,=", c) >= 0 || c >= 0x80) {
			return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
	}
	return s
}

// ignoreLine is a path as an ignore file of git has it (gitignore(5)).
func ignoreLine(path string) string {
	path = oneLine(strings.TrimPrefix(path, "./"))
	var b strings.Builder
	if !strings.HasPrefix(path, "/") {
		b.WriteByte('/')
	}
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '*', '?', '[', '\\', ' ':
			b.WriteByte('\\')
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func oneLine(s string) string { return plain(s, 4<<10) }
