package report

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"rummage/scan"
)

// StoredInImage is where in a container image a place is, as our JSON reports have it among the place's members.
type StoredInImage struct {
	Image       string          `json:"image"`
	Digest      string          `json:"digest"`
	Platform    string          `json:"platform"`
	Layer       int             `json:"layer,omitempty"` // 1 is the lowest; absent for what is in no layer
	Layers      int             `json:"layers"`
	DiffID      string          `json:"diff_id,omitempty"`
	Instruction string          `json:"instruction,omitempty"`
	State       scan.ImageState `json:"state"`
	GoneIn      int             `json:"gone_in,omitempty"` // the layer that deletes or overwrites it
	Scanners    []string        `json:"scanners"`
}

// InLayer is "layer 3 of 7", empty for what is in no layer.
func (i *StoredInImage) InLayer() string {
	return layerText([]place{{Place: scan.Place{Image: &scan.InImage{Layer: i.Layer, Layers: i.Layers}}}})
}

// Gone says what became of a file of which a container sees nothing; empty for one that it sees.
func (i *StoredInImage) Gone() string {
	return goneText(&scan.InImage{Layer: i.Layer, State: i.State, GoneIn: i.GoneIn})
}

// toJSONInImage is nil for a place in no image.
func toJSONInImage(i *scan.InImage) *StoredInImage {
	if i == nil {
		return nil
	}
	return &StoredInImage{i.Image, i.Digest, i.Platform, i.Layer, i.Layers, i.DiffID, i.Instruction, i.State, i.GoneIn, i.SeenBy()}
}

// image is where in an image a place is, as reports show it.
func (b *viewBuilder) image(in *scan.InImage) *scan.InImage {
	if in == nil {
		return nil
	}
	if i, ok := b.images[in]; ok {
		return i
	}
	i := *in
	i.Image = imageWithoutCredentials(b.s.path(in.Image))
	i.Digest, i.DiffID, i.Platform = b.s.path(in.Digest), b.s.path(in.DiffID), b.s.text(in.Platform)
	i.Instruction = urlCredentials().ReplaceAllString(b.s.text(in.Instruction), "$1****@")
	i.State = cmp.Or(in.State, scan.ImageLive)
	i.Scanners = make([]string, len(in.Scanners))
	for n, name := range in.Scanners {
		i.Scanners[n] = b.s.path(name)
	}
	b.images[in] = &i
	return &i
}

// lazily is an expression that is compiled when it is asked for: most runs of the program never ask.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// urlCredentials is the user part of an address in a text, with a password.
var urlCredentials = lazily(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s:@]*:[^/\s@]+@`)

// imageDigest is what stands behind the @ of a reference by digest.
var imageDigest = lazily(`^[A-Za-z0-9+._-]+:[0-9A-Fa-f]{32,}`)

// imageWithoutCredentials is the name of an image without the user and password that somebody wrote before its registry.
// No reference has them, but people write them, and then the name is told with the error.
func imageWithoutCredentials(name string) string {
	name = withoutCredentials(name)
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, ".") {
		return name // a path
	}
	for at := len(name); ; {
		at = strings.LastIndexByte(name[:at], '@')
		if at < 0 {
			return name
		}
		user, rest := name[:at], name[at+1:]
		if imageDigest().MatchString(rest) {
			continue
		}
		host, _, _ := strings.Cut(rest, "/")
		if strings.Contains(user, ":") || !strings.Contains(user, "/") || strings.ContainsAny(host, ".:") {
			return rest
		}
	}
}

// imageWithoutTag is the name of an image without its tag and digest.
func imageWithoutTag(name string) string {
	if i := strings.IndexByte(name, '@'); i > 0 && imageDigest().MatchString(name[i+1:]) {
		name = name[:i]
	}
	if i := strings.LastIndexByte(name, ':'); i > 0 && !strings.Contains(name[i:], "/") {
		name = name[:i]
	}
	return name
}

// imageFile is a path in an image as a relative path of which the image is the first folders, for formats that know files
// alone. A path by itself would be taken for a file of the repository: /app/.env for app/.env.
func imageFile(image, path string) string {
	return cmp.Or(strings.Trim(image, "/"), "image") + "/" + strings.TrimPrefix(path, "/")
}

// gitleaksFile is the path of a place in gitleaks' reports, where a member of an archive stands behind an exclamation
// mark.
func gitleaksFile(p *scan.Place) string {
	if p.Image == nil {
		return p.Path
	}
	return imageWithoutCredentials(p.Image.Image) + "!" + p.Path
}

// layerKey is what places have in common that are one place of a layer which several images share.
type layerKey struct {
	path, blob, note, context               string
	line, column, endLine, endColumn, layer int
	diffID, instruction, state, scanners    string
	goneIn                                  int
}

// layerOf tells the layer's place of a place; false where it is of none.
func layerOf(p *place) (layerKey, bool) {
	i := p.Image
	if i == nil || i.DiffID == "" || p.Introduced != nil {
		return layerKey{}, false
	}
	return layerKey{p.Path, p.Blob, p.Note, p.Context, p.Line, p.Column, p.EndLine, p.EndColumn, i.Layer,
		i.DiffID, i.Instruction, string(i.State), strings.Join(i.SeenBy(), "\x00"), i.GoneIn}, true
}

// imagesOf is the images in which a finding has a place of the status, each once.
func (f *finding) imagesOf(status Status) []string {
	var names []string
	for i := range f.places {
		if p := &f.places[i]; p.Image != nil && p.status == status {
			names = append(names, p.Image.Image)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// beside says whether the finding has a place of the status outside of images.
func (f *finding) beside(status Status) bool {
	return slices.ContainsFunc(f.places, func(p place) bool { return p.Image == nil && p.status == status })
}

// inImages says whether it has a place in an image.
func (f *finding) inImages() bool {
	return slices.ContainsFunc(f.places, func(p place) bool { return p.Image != nil })
}

// mainSite is where a format with room for one place sends people: to the first, but to the repository rather than to an
// image, whose path comes before by its slash.
func (f *finding) mainSite() site {
	if f.inImages() {
		for _, s := range f.sites {
			if s[0].Image == nil && s[0].status == f.status {
				return s
			}
		}
	}
	return f.sites[0]
}

// imagesText names one image, and counts several.
func imagesText(names []string) string {
	if len(names) == 1 {
		return Escape(names[0])
	}
	return count(int64(len(names)), "image")
}

// stillIn tells the images that have the finding, behind what is said of its other places.
func (f *finding) stillIn() string {
	if live := f.imagesOf(StatusPresent); len(live) > 0 {
		return ", and in " + imagesText(live)
	}
	if gone := f.imagesOf(StatusRemoved); len(gone) > 0 {
		return ", and still in a layer of " + imagesText(gone)
	}
	return ""
}

// layerText is "layer 3 of 7", empty for what is in no layer. Images that share a layer may differ in how many they have.
func layerText(s site) string {
	i := s[0].Image
	if i.Layer == 0 {
		return ""
	}
	text := "layer " + thousands(int64(i.Layer))
	if i.Layers > 0 && !slices.ContainsFunc(s, func(p place) bool { return p.Image.Layers != i.Layers }) {
		text += " of " + thousands(int64(i.Layers))
	}
	return text
}

// goneText says what became of a file of which a container sees nothing; empty for one that it sees.
func goneText(i *scan.InImage) string {
	layer := thousands(int64(i.Layer))
	switch {
	case i.State != scan.ImageDeleted && i.State != scan.ImageOverwritten:
		return ""
	case i.GoneIn == 0:
		return string(i.State) + ", still in layer " + layer
	case i.GoneIn == i.Layer:
		return string(i.State) + " by a later entry of layer " + layer + ", still in it"
	}
	return string(i.State) + " in layer " + thousands(int64(i.GoneIn)) + ", still in layer " + layer
}

// imageStory is siteStory of a place in an image.
func imageStory(s site) string {
	if gone := goneText(s[0].Image); gone != "" {
		return gone
	}
	if layer := layerText(s); layer != "" {
		return "in " + layer
	}
	return "present"
}

// shortDigest is as much of a digest as identifies it, with its algorithm.
func shortDigest(d string) string {
	algorithm, hex, ok := strings.Cut(d, ":")
	if !ok {
		return abbreviate(d)
	}
	return algorithm + ":" + abbreviate(hex)
}
