package gitscan

import (
	"bytes"
	"fmt"
	"strings"
)

// configEntry is a variable of a configuration file: "core.bare", "remote.origin.url". Section and variable are in lower
// case, what is between them is as it stands. A variable without a value is true.
type configEntry struct{ name, value string }

// parseConfig reads a git configuration file as git does (git-config(1), "Syntax"), in whatever encoding it is. It
// follows no include: the repository's own file decides how the repository is read.
func parseConfig(data []byte) (entries []configEntry, err error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	p := configParser{rest: bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), line: 1}
	section := ""
	for {
		c, ok := p.next()
		switch {
		case !ok:
			return entries, nil
		case isSpace(c):
		case c == '#' || c == ';':
			p.skipLine()
		case c == '[':
			if section, err = p.section(); err != nil {
				return nil, err
			}
		case isKeyChar(c) && c != '-' && (c < '0' || c > '9'):
			e, err := p.variable(section, c)
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		default:
			return nil, p.errorf("neither a section nor a variable")
		}
	}
}

type configParser struct {
	rest []byte
	line int
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\n\r\v\f", c) >= 0 }

func isKeyChar(c byte) bool {
	return c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *configParser) errorf(text string) error { return fmt.Errorf("line %d: %s", p.line, text) }

func (p *configParser) next() (c byte, ok bool) {
	if len(p.rest) == 0 {
		return 0, false
	}
	c, p.rest = p.rest[0], p.rest[1:]
	if c == '\n' {
		p.line++
	}
	return c, true
}

func (p *configParser) skipLine() {
	for c, ok := p.next(); ok && c != '\n'; c, ok = p.next() {
	}
}

// section reads what is behind a bracket: `name]`, `name "sub"]` or, as in old times, `name.sub]`.
func (p *configParser) section() (string, error) {
	var name strings.Builder
	for {
		c, ok := p.next()
		switch {
		case ok && c == ']' && name.Len() > 0:
			return strings.ToLower(name.String()), nil
		case ok && isSpace(c) && c != '\n':
			sub, err := p.subsection()
			return strings.ToLower(name.String()) + "." + sub, err
		case !ok || !isKeyChar(c) && c != '.':
			return "", p.errorf("a section's name is malformed")
		}
		name.WriteByte(c)
	}
}

func (p *configParser) subsection() (string, error) {
	p.rest = bytes.TrimLeft(p.rest, " \t\r\v\f")
	quoted, ok := bytes.CutPrefix(p.rest, []byte{'"'})
	if !ok {
		return "", p.errorf("a section's name is malformed")
	}
	p.rest = quoted
	var sub strings.Builder
	for {
		c, ok := p.next()
		if ok && c == '"' {
			break
		}
		if ok && c == '\\' {
			c, ok = p.next()
		}
		if !ok || c == '\n' {
			return "", p.errorf("a section's name does not end")
		}
		sub.WriteByte(c)
	}
	if c, ok := p.next(); !ok || c != ']' {
		return "", p.errorf("a section's name does not end")
	}
	return sub.String(), nil
}

// variable reads "name = value" or "name", of which the first byte was read.
func (p *configParser) variable(section string, first byte) (e configEntry, err error) {
	name := []byte{first}
	for len(p.rest) > 0 && isKeyChar(p.rest[0]) {
		name, p.rest = append(name, p.rest[0]), p.rest[1:]
	}
	e.name = strings.ToLower(string(name))
	if section != "" {
		e.name = section + "." + e.name
	}
	p.rest = bytes.TrimLeft(p.rest, " \t")
	switch c, ok := p.next(); {
	case !ok || c == '\n':
		e.value = "true"
		return e, nil
	case c != '=':
		return e, p.errorf("a variable without =")
	}
	e.value, err = p.value()
	return e, err
}

// configEscapes are what may stand behind a backslash in a value, beside the end of a line.
var configEscapes = map[byte]byte{'t': '\t', 'b': '\b', 'n': '\n', '\\': '\\', '"': '"'}

func (p *configParser) value() (string, error) {
	var value, spaces []byte
	quoted := false
	for {
		c, ok := p.next()
		switch {
		case !ok || c == '\n':
			if quoted {
				return "", p.errorf("a quote does not end")
			}
			return string(value), nil
		case !quoted && (c == '#' || c == ';'):
			p.skipLine()
			return string(value), nil
		case !quoted && isSpace(c):
			if len(value) > 0 {
				spaces = append(spaces, c)
			}
			continue
		}
		value, spaces = append(value, spaces...), spaces[:0]
		switch c {
		case '"':
			quoted = !quoted
		case '\\':
			c, ok := p.next()
			if escape, known := configEscapes[c]; ok && known {
				value = append(value, escape)
			} else if ok && c != '\n' {
				return "", p.errorf("an escape that is not known")
			}
		default:
			value = append(value, c)
		}
	}
}
