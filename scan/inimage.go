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
	// Scanners are who saw it, ascending; empty: this program.
	Scanners []string
}

// ImageState is what became of a file in the layers above.
type ImageState string

// The states. Whatever they say, whoever pulls the image gets the bytes.
const (
	ImageLive        ImageState = "live"        // a container sees it; also of what is in no layer
	ImageDeleted     ImageState = "deleted"     // a later layer deletes it
	ImageOverwritten ImageState = "overwritten" // a later layer, or entry of the same layer, has another file at its path
)

// compareInImage orders places in images; those in none come first.
func compareInImage(a, b *InImage) int {
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
		strings.Compare(string(a.State), string(b.State)), cmp.Compare(a.GoneIn, b.GoneIn), slices.Compare(a.Scanners, b.Scanners))
}
