package shell

import "bytes"

// IsShell says whether the program, a name or a path, is a POSIX shell.
func IsShell(program []byte) bool {
	switch string(program[bytes.LastIndexByte(program, '/')+1:]) {
	case "sh", "bash", "ash", "dash", "ksh", "zsh":
		return true
	}
	return false
}

// Interpreted says whether a shell runs the text: it begins with no #!, or with that of a shell.
func Interpreted(text []byte) bool {
	line, ok := bytes.CutPrefix(text, []byte("#!"))
	if !ok {
		return true
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	words := bytes.Fields(line)
	if len(words) > 1 && bytes.HasSuffix(words[0], []byte("/env")) {
		words = words[1:]
	}
	return len(words) > 0 && IsShell(words[0])
}
