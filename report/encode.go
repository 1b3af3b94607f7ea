package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// encodeJSON writes x and a line break. JSON escapes control characters by itself, but only the ASCII ones; what else
// could act on a terminal (see visible) is written as \u escapes too, which no reader of JSON can tell apart.
func encodeJSON(w io.Writer, x any, indent string, escapeHTML bool) error {
	data, err := marshal(x, "", indent, escapeHTML)
	if err != nil {
		return err
	}
	return writeSafeJSON(w, append(data, '\n'))
}

// marshal is json.MarshalIndent with a choice about HTML.
func marshal(x any, prefix, indent string, escapeHTML bool) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	e.SetIndent(prefix, indent)
	if err := e.Encode(x); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// jsonList is a list that is written member by member, so that a report of any length takes little memory.
type jsonList struct {
	key     string // under which it stands
	members iter.Seq[any]
}

// encodeJSONLists writes x, in which each of the lists stands empty, in order and at the depth, with the lists' members
// in their places.
func encodeJSONLists(w io.Writer, x any, indent string, depth int, lists ...jsonList) error {
	data, err := marshal(x, "", indent, false)
	if err != nil {
		return err
	}
	margin := strings.Repeat(indent, depth)
	for _, list := range lists {
		// No text in the document can look like this: in a string the line break would be escaped.
		empty := []byte("\n" + margin + `"` + list.key + `": []`)
		i := bytes.Index(data, empty)
		if i < 0 {
			panic("report: internal error: no empty list " + list.key)
		}
		end := i + len(empty) - 1 // before the bracket
		if err := writeSafeJSON(w, data[:end]); err != nil {
			return err
		}
		if err := writeJSONMembers(w, list.members, margin, indent, false); err != nil {
			return err
		}
		data = data[end:]
	}
	return writeSafeJSON(w, append(data, '\n'))
}

// writeJSONMembers writes what stands between a list's brackets, which stand at the margin.
func writeJSONMembers(w io.Writer, members iter.Seq[any], margin, indent string, escapeHTML bool) error {
	comma := ""
	for m := range members {
		data, err := marshal(m, margin+indent, indent, escapeHTML)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, comma+"\n"+margin+indent); err != nil {
			return err
		}
		if err := writeSafeJSON(w, data); err != nil {
			return err
		}
		comma = ","
	}
	if comma == "" {
		return nil
	}
	_, err := io.WriteString(w, "\n"+margin)
	return err
}

// writeSafeJSON writes encoded JSON with the characters that are not visible as \u escapes. Outside of strings JSON is
// ASCII, so whatever is found stands in one.
func writeSafeJSON(w io.Writer, data []byte) error {
	done := 0
	for i := 0; i < len(data); {
		if data[i] < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if !visible(r) {
			if _, err := w.Write(data[done:i]); err != nil {
				return err
			}
			if err := writeUTF16Escape(w, r); err != nil {
				return err
			}
			done = i + size
		}
		i += size
	}
	_, err := w.Write(data[done:])
	return err
}

func writeUTF16Escape(w io.Writer, r rune) error {
	if r < 0x10000 {
		_, err := fmt.Fprintf(w, `\u%04x`, r)
		return err
	}
	r -= 0x10000
	_, err := fmt.Fprintf(w, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	return err
}
