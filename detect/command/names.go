package command

import (
	"bytes"

	"rummage/detect/assignment"
)

// endings are what names of credentials end with.
var endings = [][]byte{[]byte("password"), []byte("passwd"), []byte("passphrase"), []byte("token"), []byte("secret"), []byte("apikey"), []byte("secretkey"),
	[]byte("accountkey"), []byte("privatekey"), []byte("userpass"), []byte("dbpass"), []byte("requirepass"), []byte("authkey")}

// words are such endings if they are words of their own.
var words = [][]byte{[]byte("pass"), []byte("pwd"), []byte("pw")}

// maxName is the length beyond which no name tells, in bytes.
const maxName = 128

// tells says whether what a name stands for is a credential: db_password, apiKey, MY_TOKEN, sonar.login.
func tells(name []byte) bool {
	if len(name) < 2 || len(name) > maxName {
		return false
	}
	var room [maxName]byte
	short := room[:0]
	last := 0 // where the last word begins in short
	for _, c := range name {
		switch {
		case c == '-' || c == '_' || c == '.':
			last = len(short)
		case 'A' <= c && c <= 'Z':
			short = append(short, c|0x20)
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			short = append(short, c)
		default:
			return false
		}
	}
	for _, e := range endings {
		if bytes.HasSuffix(short, e) {
			return true
		}
	}
	for _, w := range words {
		if bytes.Equal(short[last:], w) {
			return true
		}
	}
	return string(short) == "sonarlogin" || string(short) == "awssecretaccesskey"
}

// contextOf is the context of a value with a name.
func contextOf(name []byte) assignment.Context {
	lower := bytes.ToLower(name[:min(len(name), maxName)])
	if bytes.Contains(lower, []byte("pass")) || bytes.Contains(lower, []byte("pwd")) {
		return Password
	}
	return Token
}
