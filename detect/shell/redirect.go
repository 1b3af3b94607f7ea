package shell

import (
	"bytes"

	"rummage/detect/placed"
)

// redirAt says whether a redirection stands at i: digits and < or >, or &>.
func (s *Splitter) redirAt(i, limit int) bool {
	if s.b[i] == '&' {
		return i+1 < limit && s.b[i+1] == '>'
	}
	for i < limit && digit(s.b[i]) {
		i++
	}
	if i >= limit || s.b[i] != '<' && s.b[i] != '>' {
		return false
	}
	return i+1 >= limit || s.b[i+1] != '(' // <(…) is a word
}

// operators of redirections, longer ones first.
var operators = []string{"<<<", "<<-", "&>>", "<<", "<&", "<>", ">>", ">&", ">|", "&>", "<", ">"}

// redirect reads the redirection at i and adds it to the command.
func (s *Splitter) redirect(c *Command, i, limit int) int {
	start := i
	r := Redir{FD: -1}
	for ; i < limit && digit(s.b[i]); i++ {
		r.FD = min(max(r.FD, 0)*10+int(s.b[i]-'0'), 1<<20)
	}
	for _, op := range operators {
		if bytes.HasPrefix(s.b[i:limit], []byte(op)) {
			r.Op = op
			break
		}
	}
	i += len(r.Op)
	for i < limit && (s.b[i] == ' ' || s.b[i] == '\t') {
		i++
	}
	end := i
	if i < limit && Class[s.b[i]]&Break == 0 {
		end = s.word(i, limit)
	}
	if s.visit == nil {
		return end
	}
	r.Target.Read(s.t.Slice(i, end), s.escape, true, &s.scratch)
	r.Span = s.t.Span(start, end)
	if (r.Op == "<<" || r.Op == "<<-") && end > i {
		r.Body = s.document(end, limit, r.Target.Value.String(), r.Op == "<<-")
	}
	c.Redirs = append(c.Redirs, r)
	return end
}

// document reads the body of a heredoc named in the line that i is in. It begins behind that line, or behind the body
// before it, and the commands go on behind it. One without an end takes all that is left, as shells do.
func (s *Splitter) document(i, limit int, name string, strip bool) placed.Text {
	if s.docLine < i {
		s.docLine, s.docEnd = limit, limit
		if n := bytes.IndexByte(s.b[i:limit], '\n'); n >= 0 {
			s.docLine, s.docEnd = i+n, i+n+1
		}
	}
	start := s.docEnd
	if start >= limit {
		s.far = len(s.b) + 1
		return placed.Text{} // no line is left, or none that belongs to what stands in `…`
	}
	for s.docEnd < limit {
		at, end := s.docEnd, limit
		if n := bytes.IndexByte(s.b[at:limit], '\n'); n >= 0 {
			end = at + n
		}
		s.docEnd = min(end+1, limit)
		line := bytes.TrimRight(s.b[at:end], "\r")
		if strip {
			line = bytes.TrimLeft(line, "\t")
		}
		if string(line) == name {
			s.far = max(s.far, s.docEnd)
			return s.t.Slice(start, at)
		}
	}
	s.far = len(s.b) + 1
	return s.t.Slice(start, limit)
}
