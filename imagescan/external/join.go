package external

import (
	"path"
	"slices"
	"strings"

	"rummage/scan"
)

// minShared is how long a value has to be, in bytes, so that one that holds another is taken for the same credential.
const minShared = 8

// Join puts together what the built-in scanner and others found in the same images. A place of another scanner is one of
// the built-in's when it is in the same layer (or, where one of them knows no layer, in the same image), at the same path,
// and lies on lines that the built-in's covers, or has its value: that place then says who saw it, "builtin" among them. What
// nobody else saw stays a finding of its own.
//
// Two credentials on one line, each seen by one scanner alone, become one place; whoever looks at the line sees both. In a
// configuration there are no lines to compare, so only values join there.
//
// The findings come back sorted. The arguments must not be used afterwards.
func Join(builtin, other []scan.Finding) []scan.Finding {
	at := map[string][]*joined{}
	for i := range builtin {
		f := &builtin[i]
		if f.Kind == scan.KindExposure {
			continue // what others see are values
		}
		for j := range f.Places {
			if p := &f.Places[j]; p.Image != nil {
				key := path.Clean(p.Path)
				at[key] = append(at[key], &joined{f, p})
			}
		}
	}
	var rest []scan.Finding
	for _, f := range other {
		f.Places = slices.DeleteFunc(slices.Clone(f.Places), func(p scan.Place) bool { return seen(at[path.Clean(p.Path)], &f, &p) })
		if len(f.Places) > 0 {
			rest = append(rest, f)
		}
	}
	all := scan.Result{Findings: builtin}
	all.Merge(&scan.Result{Findings: rest})
	return all.Findings
}

// joined is a place of the built-in scanner, with its finding.
type joined struct {
	finding *scan.Finding
	place   *scan.Place
}

// seen adds the scanners of a place to every one that it is the same as, and says whether there is one.
func seen(candidates []*joined, f *scan.Finding, p *scan.Place) bool {
	if p.Image == nil {
		return false
	}
	found := false
	for _, c := range candidates {
		if !sameImage(c.place.Image, p.Image) || !overlap(c.place, p) && !sameValue(c.finding.Secret, f.Secret) {
			continue
		}
		in := *c.place.Image // others may share it
		if len(in.Scanners) == 0 {
			in.Scanners = []string{BuiltinName}
		}
		in.Scanners = slices.Compact(slices.Sorted(slices.Values(slices.Concat(in.Scanners, p.Image.Scanners))))
		c.place.Image = &in
		found = true
	}
	return found
}

// sameImage says whether two places are in the same layer, or in the same image.
func sameImage(a, b *scan.InImage) bool {
	switch {
	case a.DiffID != "" && b.DiffID != "":
		return a.DiffID == b.DiffID
	case a.Digest != "" && a.Digest == b.Digest:
		return true
	case a.Platform != "" && b.Platform != "" && a.Platform != b.Platform:
		return false
	}
	// One may know the digest of an index, the other that of a manifest in it; or one of them knows none.
	return a.Image == b.Image
}

// overlap says whether two places of a file share a line.
func overlap(a, b *scan.Place) bool {
	if a.Line == 0 || b.Line == 0 || strings.HasPrefix(a.Path, "<") {
		return false
	}
	return a.Line <= max(b.EndLine, b.Line) && b.Line <= max(a.EndLine, a.Line)
}

// sameValue says whether two values are one, or one is a part of the other: a key with its name before it, say.
func sameValue(a, b scan.Secret) bool {
	x, y := a.Reveal(), b.Reveal()
	if len(x) > len(y) {
		x, y = y, x
	}
	return x == y && x != "" || len(x) >= minShared && strings.Contains(y, x)
}
