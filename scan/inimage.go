package scan

import (
	"cmp"
	"slices"
	"strings"
)

// InImage is where in a container image a place is. Places of one layer may share it; it must not be changed.
type InImage struct {
	// Image is the image as the user named it: a reference, the path of an archive or layout with the name in it.
	Image string
	// Digest is that of its manifest ("sha256:…"), or of its configuration where there is no manifest (docker-archive).
	Digest string
	// Platform is "os/architecture[/variant]", empty where that is not known.
	Platform string
	// Layer is the number of the layer, 1 for the first (lowest); 0 for what is in no layer (the configuration,
	// attestations). Layers is how many there are.
	Layer, Layers int
	// DiffID is the digest of the layer's uncompressed bytes.
	DiffID string
	// Instruction is what made the layer, as the history has it, build arguments left out.
	Instruction string
	// State says whether a running container sees the file, and GoneIn is the layer that took it away where not.
	State  ImageState
	GoneIn int
	// Scanners are who saw it, ascending; empty: this program alone, which is otherwise called BuiltinScanner.
	Scanners []string
}

// BuiltinScanner is what this program's own scanner of layers is called.
const BuiltinScanner = "builtin"

// SeenBy is who saw the place, by name.
func (i *InImage) SeenBy() []string {
	if len(i.Scanners) == 0 {
		return []string{BuiltinScanner}
	}
	return i.Scanners
}

// seenAlsoBy is the same place with the other's scanners as well.
func (i *InImage) seenAlsoBy(other *InImage) *InImage {
	all := slices.Concat(i.SeenBy(), other.SeenBy())
	slices.Sort(all)
	both := *i
	both.Scanners = slices.Compact(all)
	if len(both.Scanners) == 1 && both.Scanners[0] == BuiltinScanner {
		both.Scanners = nil
	}
	return &both
}

// ImageState is what became of a file in the layers above.
type ImageState string

// The states. Whatever they say, whoever pulls the image gets the bytes.
const (
	ImageLive        ImageState = "live"        // a container sees it; also of what is in no layer
	ImageDeleted     ImageState = "deleted"     // a later layer deletes it
	ImageOverwritten ImageState = "overwritten" // a later layer, or entry of the same layer, has another file at its path
)

// CompareInImage orders places in images; those in none come first.
func CompareInImage(a, b *InImage) int {
	if c := compareSpots(a, b); c != 0 || a == b {
		return c
	}
	return slices.Compare(a.SeenBy(), b.SeenBy())
}

// compareSpots is CompareInImage whoever saw them.
func compareSpots(a, b *InImage) int {
	switch {
	case a == b:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Or(strings.Compare(a.Image, b.Image), strings.Compare(a.Platform, b.Platform), strings.Compare(a.Digest, b.Digest),
		cmp.Compare(a.Layer, b.Layer), strings.Compare(a.DiffID, b.DiffID), strings.Compare(a.Instruction, b.Instruction),
		strings.Compare(string(a.State), string(b.State)), cmp.Compare(a.GoneIn, b.GoneIn))
}

// compactPlaces is sorted places, each once. One in an image that several scanners saw is one that says so.
func compactPlaces(places []Place) []Place {
	out := places[:0]
	for i := range places {
		p := places[i]
		if n := len(out); n > 0 && sameSpot(&out[n-1], &p) {
			if p.Image != nil {
				out[n-1].Image = out[n-1].Image.seenAlsoBy(p.Image)
			}
			continue
		}
		out = append(out, p)
	}
	kept := out[:0]
	for i := range out {
		if !toldBetter(&out[i], out[i+1:]) {
			kept = append(kept, out[i])
		}
	}
	clear(places[len(kept):])
	return kept
}

// sameSpot says whether two places differ in who saw them at most.
func sameSpot(a, b *Place) bool {
	if a.Image != nil && b.Image != nil && compareSpots(a.Image, b.Image) == 0 {
		other := *b
		other.Image = a.Image
		b = &other
	}
	return comparePlaces(*a, *b) == 0
}

// toldBetter says whether a place of which another scanner knows the line alone is among those behind it, which are known
// exactly, and notes there who saw it.
func toldBetter(p *Place, behind []Place) bool {
	if p.Image == nil || p.Line == 0 || p.Column > 0 {
		return false
	}
	told := false
	for i := range behind {
		q := &behind[i]
		if q.Path != p.Path || q.Line != p.Line {
			break // columns come next in the order
		}
		if q.Image != nil && q.Column > 0 && p.Image.allows(q.Image) {
			q.Image = q.Image.seenAlsoBy(p.Image)
			told = true
		}
	}
	return told
}

// allows says whether all that is known of the place in an image is so of the other.
func (i *InImage) allows(other *InImage) bool {
	same := func(a, b string) bool { return a == "" || a == b }
	return i.Image == other.Image && same(i.Digest, other.Digest) && same(i.Platform, other.Platform) && same(i.DiffID, other.DiffID) &&
		(i.Layer == 0 || i.Layer == other.Layer)
}
