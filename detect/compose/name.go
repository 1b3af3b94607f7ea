package compose

import (
	"bytes"
	"strings"

	"rummage/detect/literal"
)

// copies are endings of copies and templates of a compose file: docker-compose.yml.example.
var copies = map[string]bool{
	"example": true, "sample": true, "template": true, "tpl": true, "tmpl": true, "dist": true, "default": true, "j2": true, "erb": true,
	"in": true, "bak": true, "old": true, "orig": true, "save": true, "local": true, "disabled": true,
}

// IsCompose says whether a file of this name, without its folders, is taken for a compose file: compose.yaml,
// docker-compose.prod.yml, docker-compose-dev.yml, app.compose.yml, test-compose.yaml, stack.yml, in any case.
func IsCompose(base string) bool {
	if len(base) < len("x.yml") || len(base) > 255 {
		return false
	}
	name := strings.ToLower(base)
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && copies[name[dot+1:]] {
		name = name[:dot]
	}
	stem, ok := strings.CutSuffix(name, ".yml")
	if !ok {
		if stem, ok = strings.CutSuffix(name, ".yaml"); !ok {
			return false
		}
	}
	for _, word := range strings.FieldsFunc(stem, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
		if word == "compose" || word == "dockercompose" {
			return true
		}
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(stem, "docker-"), "stack")
	return ok && (rest == "" || strings.IndexByte(".-_", rest[0]) >= 0)
}

// LooksLikeCompose says whether the bytes look like a compose file whatever its name: a key services at the left that
// holds keys, and a key image or build somewhere.
func LooksLikeCompose(data []byte) bool {
	for p := 0; ; {
		i := literal.Index(data[p:], "services:", len("ser"))
		if i < 0 {
			return false
		}
		i += p
		start := i == 0 || data[i-1] == '\n' || i == 3 && bytes.HasPrefix(data, []byte("\xef\xbb\xbf"))
		p = i + len("services:")
		if start && holdsKeys(data[p:]) {
			return hasKey(data, "image:") || hasKey(data, "build:") || hasKey(data, "extends:")
		}
	}
}

// holdsKeys reports whether the first line behind a key that says anything is indented, and no item of a list.
func holdsKeys(data []byte) bool {
	if len(data) == 0 || data[0] != '\n' && data[0] != '\r' && data[0] != ' ' && data[0] != '\t' {
		return false
	}
	eol := bytes.IndexByte(data, '\n')
	if eol < 0 {
		return false
	}
	if line := bytes.TrimSpace(data[:eol]); len(line) > 0 && line[0] != '#' && line[0] != '{' && line[0] != '&' {
		return false
	}
	for data = data[eol+1:]; len(data) > 0; {
		line := data
		if eol = bytes.IndexByte(data, '\n'); eol >= 0 {
			line, data = data[:eol], data[eol+1:]
		} else {
			data = nil
		}
		text := bytes.TrimSpace(line)
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		return (line[0] == ' ' || line[0] == '\t') && text[0] != '-'
	}
	return false
}

// hasKey reports whether the key, with its colon, stands at the beginning of a line or in a flow mapping.
func hasKey(data []byte, key string) bool {
	for {
		i := bytes.Index(data, []byte(key))
		if i < 0 {
			return false
		}
		if i > 0 && bytes.IndexByte([]byte(" \t\"'{,"), data[i-1]) >= 0 {
			return true
		}
		data = data[i+len(key):]
	}
}
