package external

import (
	"strings"

	"rummage/scan"
)

// gitleaksFinding is what is read of an entry of gitleaks' JSON (8.30).
type gitleaksFinding struct {
	RuleID, Description, File, Secret          string
	StartLine, EndLine, StartColumn, EndColumn int // of the match; the end is the last byte
}

func (o *origin) gitleaks(data []byte) (reading, error) {
	var read reading
	var list []gitleaksFinding
	err := decode(data, &list)
	for i := range list {
		g := &list[i]
		file := inImage(g.File)
		value := secretOf(g.Secret)
		if value == "REDACTED" || strings.HasSuffix(value, "...") || strings.Contains(value, hidden) {
			value = ""
		}
		f := o.finding(g.RuleID, value, o.image, file, decimal(g.StartLine), decimal(g.StartColumn))
		f.Description = describe(g.Description)
		p := o.place(file, g.StartLine)
		p.Match = f.Secret
		columnsOf(&p, 0, g.EndLine, 0) // its columns are those of the match, and sometimes one too high
		f.Places = []scan.Place{p}
		if e := read.add(f); e != nil {
			return read, e
		}
	}
	return read, err
}
