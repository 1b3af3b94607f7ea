package script

import (
	"bytes"
	"strings"

	"rummage/detect/shell"
)

// Kind is a kind of file.
type Kind uint8

// The kinds.
const (
	Shell Kind = iota
	Makefile
	Justfile
	Procfile
	Jenkinsfile
)

// templates are endings of files that are made into a script, or are copies of one.
var templates = []string{".j2", ".tmpl", ".tpl", ".in", ".erb", ".example", ".sample", ".dist", ".bak", ".orig", ".old", ".txt"}

// shells are the names of files that shells read, and write.
var shells = map[string]bool{
	".profile": true, ".bashrc": true, ".bash_profile": true, ".bash_login": true, ".bash_logout": true, ".bash_aliases": true, ".zshrc": true,
	".zshenv": true, ".zprofile": true, ".zlogin": true, ".kshrc": true, ".bash_history": true, ".zsh_history": true, ".sh_history": true, ".ash_history": true,
}

// Recognize says what a file of this name, without its folders, is taken for; false if it is none of the kinds.
func Recognize(base string) (Kind, bool) {
	if len(base) > 255 {
		return 0, false
	}
	name := strings.ToLower(base)
	for _, t := range templates {
		if cut, ok := strings.CutSuffix(name, t); ok && cut != "" {
			name = cut
			break
		}
	}
	ending := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case shells[name]:
		return Shell, true
	case name == "makefile" || name == "gnumakefile" || name == "bsdmakefile":
		return Makefile, true
	case name == "justfile" || name == ".justfile":
		return Justfile, true
	case name == "procfile" || strings.HasPrefix(name, "procfile."):
		return Procfile, true
	case name == "jenkinsfile" || strings.HasPrefix(name, "jenkinsfile") && strings.IndexByte(".-_", name[len("jenkinsfile")]) >= 0:
		return Jenkinsfile, true
	case ending == name:
		return 0, false
	}
	switch ending {
	case "sh", "bash", "zsh", "ksh", "dash", "ash", "bats", "command":
		return Shell, true
	case "mk", "mak", "make", "makefile":
		return Makefile, true
	case "just", "justfile":
		return Justfile, true
	case "jenkinsfile", "jenkins":
		return Jenkinsfile, true
	}
	if strings.HasPrefix(name, "makefile.") && len(ending) <= 12 {
		return Makefile, true // Makefile.common
	}
	return 0, false
}

// LooksLikeShell says whether a file begins with the #! of a shell.
func LooksLikeShell(data []byte) bool {
	return bytes.HasPrefix(data, []byte("#!")) && shell.Interpreted(data[:min(len(data), 256)])
}
