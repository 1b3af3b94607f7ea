package advice

import (
	"strings"
)

// hole stands in the text of an instruction for the secret that was found. No file's text has it: see newCommand.
const hole = "\x03"

// piece is a word of a command, with its quotation marks, or an operator between commands.
type piece struct {
	text     string
	operator bool
}

// command is the text of an instruction, or any other shell text, in which the secret is a hole and all else that may be
// a credential is gone.
type command struct {
	pieces []piece
}

// newCommand rewrites text. The secret, where it was found in the text, is marked by a hole already. Values are other
// secrets that are known to be in it.
func newCommand(text string, values []string) *command { return newCommandAt(text, values, 0) }

// newCommandAt is newCommand for what stands so deep in other commands.
func newCommandAt(text string, values []string, depth int) *command {
	c := &command{pieces: words(withoutValues(text, values))}
	feeds := strings.Contains(text, "passw") || strings.Contains(text, "passwd") || strings.Contains(text, "-stdin") ||
		strings.Contains(text, "auth") || strings.Contains(text, "<<<")
	for start := 0; start < len(c.pieces); {
		end := start
		for end < len(c.pieces) && !endsCommand(c.pieces[end]) {
			end++
		}
		hideCommand(c.pieces[start:end], feeds, depth)
		start = end + 1
	}
	return c
}

// simple are the simple commands.
func (c *command) simple() func(yield func(list []piece) bool) {
	return func(yield func(list []piece) bool) {
		for start := 0; start < len(c.pieces); {
			end := start
			for end < len(c.pieces) && !endsCommand(c.pieces[end]) {
				end++
			}
			if !yield(c.pieces[start:end]) {
				return
			}
			start = end + 1
		}
	}
}

func endsCommand(p piece) bool {
	return p.operator && p.text[0] != '<' && p.text[0] != '>'
}

// withoutValues takes known secrets out of text.
func withoutValues(text string, values []string) string {
	for _, v := range values {
		if len(v) >= minHidden && !strings.Contains(vocabulary, v) && strings.Contains(text, v) {
			text = strings.ReplaceAll(text, v, ellipsis)
		}
	}
	return text
}

// words splits shell text. A quoted part, and what stands in $(…) or ${…}, is one word with what touches it.
func words(s string) (list []piece) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\\' && i+1 < len(s) && (s[i+1] == '\n' || s[i+1] == '\r'):
			i++
		case c == '\n':
			list = append(list, piece{";", true})
			i++
		case strings.IndexByte(";&|()<>", c) >= 0:
			n := 1
			for n < 3 && i+n < len(s) && s[i+n] == c {
				n++
			}
			list = append(list, piece{s[i : i+n], true})
			i += n
		default:
			end := wordEnd(s, i)
			list = append(list, piece{s[i:end], false})
			i = end
		}
	}
	return list
}

// wordEnd is the end of the word at i.
func wordEnd(s string, i int) int {
	for i < len(s) {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n', ';', '&', '|', '(', ')', '<', '>':
			return i
		case '\\':
			i += 2
		case '\'', '"', '`':
			i = closing(s, i+1, c)
		case '$':
			switch {
			case i+1 < len(s) && s[i+1] == '(':
				i = closing(s, i+2, ')')
			case i+1 < len(s) && s[i+1] == '{':
				i = closing(s, i+2, '}')
			default:
				i++
			}
		default:
			i++
		}
	}
	return min(i, len(s))
}

// closing is the offset behind the mark that closes what begins at i; the end where nothing does.
func closing(s string, i int, mark byte) int {
	for depth := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && mark != '\'':
			i++
		case c == '(' && mark == ')' || c == '{' && mark == '}':
			depth++
		case c == mark && depth > 0:
			depth--
		case c == mark:
			return i + 1
		}
	}
	return min(i, len(s))
}

// bare is a word without the quotation marks around it.
func bare(w string) string {
	if n := len(w); n > 1 && (w[0] == '"' || w[0] == '\'') && w[n-1] == w[0] {
		return w[1 : n-1]
	}
	return w
}

// refers says that a word is a reference, the hole included, and holds nothing of its own that could be a secret.
func refers(w string) bool {
	w = bare(w)
	return w == hole || w == "" || strings.HasPrefix(w, "$") && (!strings.ContainsAny(w, ":-+=? ") || strings.HasPrefix(w, "$(cat /run/secrets/") && !strings.ContainsAny(w, ";|&"))
}

// hideCommand hides what may be a credential in one simple command.
func hideCommand(list []piece, feeds bool, depth int) {
	program, at := programOf(list)
	for i := range list {
		p := &list[i]
		if p.operator || refers(p.text) {
			continue
		}
		prev := ""
		if i > 0 {
			prev = bare(list[i-1].text)
		}
		switch {
		case i > at && hidesArgument(program, list[at+1:], prev, p.text, feeds):
			p.text = hideWhole(p.text, depth)
		case joinedPassword(program, p.text):
			p.text = p.text[:2] + hideWhole(p.text[2:], depth)
		default:
			p.text = hideWithin(p.text, depth)
		}
	}
}

// programOf is the program of a command without folders, and where it stands; -1 for none.
func programOf(list []piece) (string, int) {
	for i := range list {
		w := bare(list[i].text)
		if list[i].operator || w == "" || w == "sudo" || w == "exec" || w == "env" || w == "then" || w == "do" || w == "if" || w == "!" || w == "export" || assigns(w) > 0 {
			continue
		}
		return baseName(w), i
	}
	return "", -1
}

// assigns is where the equals sign is of a word NAME=value, else 0.
func assigns(w string) int {
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case c == '=':
			return i
		case c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9':
		default:
			return 0
		}
	}
	return 0
}

// hideWhole hides a word but for a hole in it.
func hideWhole(w string, depth int) string {
	if strings.Contains(w, hole) {
		return hideWithin(w, depth)
	}
	return ellipsis
}

// pathFlags are programs for which -p takes no password.
var pathFlags = map[string]bool{"mkdir": true, "cp": true, "install": true, "rm": true, "tar": true, "git": true, "patch": true, "touch": true,
	"ps": true, "ssh-keyscan": true, "useradd": false, "sed": true, "unzip": true, "python": true, "python3": true, "make": true, "npm": true,
	"yarn": true, "pnpm": true, "perl": true, "test": true, "read": true, "declare": true, "chown": true, "ls": true, "gzip": true}

// hidesArgument says whether a word is what a flag or a name before it makes a secret. args are all words behind the
// program.
func hidesArgument(program string, args []piece, prev, w string, feeds bool) bool {
	w = bare(w)
	switch prev {
	case "<<<":
		return true
	case ">", ">>", "<", "<<":
		return false
	}
	if strings.HasPrefix(w, "-") && !strings.Contains(w, hole) {
		return false
	}
	switch program {
	case "echo", "printf":
		return feeds
	case "htpasswd", "mkpasswd", "chpasswd":
		return prev != "-f" && prev != "-c"
	case "sshpass":
		return prev == "-p"
	case "openssl":
		return len(args) > 0 && bare(args[0].text) == "passwd" && w != "passwd"
	}
	if !strings.HasPrefix(prev, "-") {
		// aws configure set aws_secret_access_key VALUE
		return strings.ContainsAny(prev, "_:") && secretName(prev) && assigns(prev) == 0 && !strings.HasPrefix(prev, "$") && setsSomething(args)
	}
	if strings.Contains(prev, "=") {
		return false
	}
	flag := strings.TrimLeft(prev, "-")
	switch flag {
	case "u", "user", "proxy-user", "U", "creds":
		return strings.Contains(w, ":")
	case "p":
		return !pathFlags[program] && !strings.HasPrefix(w, "/") && !strings.HasPrefix(w, "./")
	case "a", "passin", "passout", "pass", "k":
		return program == "redis-cli" || program == "openssl" || flag == "pass"
	}
	return secretName(flag) && !strings.HasPrefix(w, "/") && !strings.HasPrefix(w, "./") && !strings.HasSuffix(flag, "-stdin")
}

func setsSomething(args []piece) bool {
	for i := 0; i < len(args) && i < 4; i++ {
		switch bare(args[i].text) {
		case "set", "config", "configure", "login", "auth", "add":
			return true
		}
	}
	return false
}

// joinedPassword says whether a word is -pPASSWORD.
func joinedPassword(program, w string) bool {
	if len(w) < 3 || w[0] != '-' || w[1] != 'p' && (w[1] != 'a' || program != "redis-cli") || pathFlags[program] {
		return false
	}
	switch program {
	case "mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin", "mysqlimport", "sshpass", "docker", "podman", "redis-cli", "7z", "zip":
		return true
	}
	return strings.ContainsAny(w, "0123456789!@#%") || strings.Contains(w, hole)
}

// text is the command on one line. shorten leaves out the simple commands that keep says are not needed.
func (c *command) text(replace string, keep func(list []piece) bool) string {
	var out []string
	dropped := false
	for start := 0; start < len(c.pieces); {
		end := start
		for end < len(c.pieces) && !endsCommand(c.pieces[end]) {
			end++
		}
		list := c.pieces[start:end]
		operator := ""
		if end < len(c.pieces) {
			operator = c.pieces[end].text
		}
		if keep != nil && len(list) > 0 && !keep(list) {
			if !dropped {
				out = append(out, ellipsis)
			}
			dropped = true
			if n := len(out); operator != "" && out[n-1] == ellipsis {
				out = append(out, operator)
			}
		} else {
			dropped = dropped && len(list) == 0
			for i := range list {
				out = append(out, list[i].text)
			}
			if operator != "" {
				out = append(out, operator)
			}
		}
		start = end + 1
	}
	s := strings.Join(out, " ")
	s = strings.ReplaceAll(s, " ;", ";")
	return strings.ReplaceAll(s, hole, replace)
}
