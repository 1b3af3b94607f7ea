package report

import (
	"strings"
)

// maxTextImages is how many of the images that share a layer the text names.
const maxTextImages = 3

// inImages tells the images of a site and the layer, nothing for one in no image.
func (t *textWriter) inImages(s site) {
	first := s[0].Image
	if first == nil {
		return
	}
	for i := range s {
		if more := len(s) - i; i == maxTextImages && more > 1 && !t.v.o.Verbose {
			t.line(indentPlace + "image     and " + thousands(int64(more)) + " more that have the layer")
			break
		}
		t.line(indentPlace + "image     " + t.imageTitle(&s[i]))
	}
	if layer, ok := strings.CutPrefix(layerText(s), "layer "); ok {
		head := indentPlace + "layer     " + layer
		instruction := Escape(strings.Join(strings.Fields(first.Instruction), " "))
		if instruction != "" {
			head += "  "
		}
		if !t.v.o.Verbose {
			instruction = truncate(instruction, max(t.width-columns(head), 16))
		}
		t.line(head + instruction)
	}
	if gone := goneText(first); gone != "" {
		t.line(indentPlace + "went out  " + gone)
	}
	if len(first.Scanners) > 0 {
		t.line(indentPlace + "seen by   " + Escape(strings.Join(first.Scanners, ", ")))
	}
	if t.v.o.Verbose && first.DiffID != "" {
		t.line(indentPlace + "diff id   " + Escape(first.DiffID))
	}
}

// imageTitle is an image's name, platform and digest.
func (t *textWriter) imageTitle(p *place) string {
	digest := p.Image.Digest
	if !t.v.o.Verbose {
		digest = shortDigest(digest)
	}
	return joinNotEmpty("  ", Escape(p.Image.Image), Escape(p.Image.Platform), Escape(digest))
}

func joinNotEmpty(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
