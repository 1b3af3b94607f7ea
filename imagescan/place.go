package imagescan

import (
	"context"
	"fmt"

	"rummage/detect/structure"
	"rummage/scan"
)

// candidate is an entry of a layer that holds secrets or is an exposure.
type candidate struct {
	n      int // of the entry in the table
	path   string
	file   string       // path without that in an archive
	ref    scan.BlobRef // noRef: an archive
	public bool
	more   bool // a further piece of a file
	// empty says that the file has no content, packaged that a package ships it.
	empty, packaged bool
	// ids are none where only another name of the file, which a hard link gives it, makes it one.
	ids []scan.SecretID
}

// noRef is the content of an archive, which was not searched as a whole.
const noRef = ^scan.BlobRef(0)

// Place implements scan.Source.
func (s *Source) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	s.progress.SetStage("placing")
	s.mu.Lock()
	s.placing = ctx
	s.mu.Unlock()
	for _, img := range s.images {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.placeDocuments(img, l, emit)
		if err := s.placeLayers(ctx, img, l, emit); err != nil {
			return err
		}
	}
	return nil
}

// placeDocuments emits what stands in the documents of an image.
func (s *Source) placeDocuments(img *image, l scan.Lookup, emit func(scan.Placement)) {
	at := &scan.InImage{Image: img.name, Digest: img.digest, Platform: img.platform, Layers: len(img.layers), State: scan.ImageLive}
	var beyond int64
	for _, d := range img.docs {
		ids := l.At(d.ref, d.path, nil)
		if len(ids) > s.placesLeft {
			beyond += int64(len(ids))
			continue
		}
		s.placesLeft -= len(ids)
		for _, id := range ids {
			emit(scan.Placement{Blob: d.ref, Path: d.path, Secret: id, Reachable: true, Image: at})
		}
	}
	s.tooManyPlaces(img, beyond)
}

// tooManyPlaces counts the places of an image beyond the bound.
func (s *Source) tooManyPlaces(img *image, n int64) {
	if n == 0 {
		return
	}
	err := &limitError{fmt.Sprintf("more than %d places", maxPlaces)}
	s.trouble(img.name, err)
	s.lostAll(n, scan.SkipLimit, img.name, err)
}

// candidates are those of a layer; they are worked out once.
func (s *Source) candidates(ctx context.Context, ly *layer, l scan.Lookup) ([]candidate, error) {
	if ly.asked {
		return ly.found, nil
	}
	ly.asked = true
	linked := linkedTo(&ly.table, l)
	n := -1
	for e := range ly.table.all() {
		if n++; n&0xfff == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		if e.kind != entryFile && e.kind != entryArchive {
			continue
		}
		c := candidate{n: n, path: e.path, file: e.file(), ref: e.ref, public: e.public, more: e.more, empty: e.empty}
		if e.kind == entryArchive {
			c.ref = noRef
		}
		if c.identify(l); len(c.ids) > 0 || e.outer == 0 && linked[e.path] {
			ly.found = append(ly.found, c)
		}
	}
	ly.pkgs.mark(ly.found)
	return ly.found, nil
}

// identify finds what the entry holds, and which exposures it is.
func (c *candidate) identify(l scan.Lookup) {
	c.ids = nil
	if c.ref != noRef && l.Holds(c.ref) || l.Named(c.path) {
		c.ids = l.At(c.ref, c.path, nil)
	}
	if c.more {
		return
	}
	c.ids = append(c.ids[:len(c.ids):len(c.ids)], c.exposed(l)...)
}

// exposed is the exposures that the path of a file makes in an image. Where everybody may read it is the worse, and only
// that is told. An empty file exposes nothing.
func (c *candidate) exposed(l scan.Lookup) []scan.SecretID {
	if c.empty {
		return nil
	}
	if c.public {
		if ids := l.Exposed(c.path, structure.ImageWorldReadable); len(ids) > 0 {
			return ids
		}
	}
	return l.Exposed(c.path, structure.ImageFile)
}

// linkedTo are the files of a layer that have another name, by a hard link, which is of interest whatever they hold.
func linkedTo(t *table, l scan.Lookup) map[string]bool {
	if t.links == 0 {
		return nil
	}
	linked := map[string]bool{}
	for e := range t.all() {
		if e.kind != entryHardlink {
			continue
		}
		c := candidate{path: e.path, ref: noRef, public: e.public}
		if l.Named(c.path) {
			linked[e.target] = true
		} else if c.identify(l); len(c.ids) > 0 {
			linked[e.target] = true
		}
	}
	return linked
}

// placeLayers emits what stands in the layers of an image.
func (s *Source) placeLayers(ctx context.Context, img *image, l scan.Lookup, emit func(scan.Placement)) error {
	o := overlay{at: map[string][]*standing{}, below: map[string][]*standing{}, left: &s.placesLeft}
	for i, ly := range img.layers {
		found, err := s.candidates(ctx, ly, l)
		if err != nil {
			return err
		}
		if err := o.lay(ctx, i+1, &ly.table, found, l); err != nil {
			return err
		}
		for j := range img.repos {
			if r := &img.repos[j]; r.layers[len(r.layers)-1] == ly {
				o.add(&standing{candidate: candidate{file: r.dir + "/."}, layer: i + 1, state: scan.ImageLive, repo: r})
			}
		}
	}
	s.tooManyPlaces(img, o.lost)
	places := map[placeKey]*scan.InImage{}
	for _, st := range o.all {
		at := img.at(st, places)
		if st.repo != nil {
			if err := st.repo.place(ctx, at, l, emit); err != nil {
				return err
			}
			continue
		}
		for _, id := range st.ids {
			emit(scan.Placement{Blob: st.ref, Path: st.path, Secret: id, Reachable: true, Image: at, Piece: s.feed.pieces[st.ref], Packaged: st.packaged})
		}
	}
	return nil
}

// placeKey is what places in the layers of an image differ in.
type placeKey struct {
	layer  int
	state  scan.ImageState
	goneIn int
}

// at tells where something stands. Equal places are one.
func (img *image) at(st *standing, places map[placeKey]*scan.InImage) *scan.InImage {
	k := placeKey{st.layer, st.state, st.goneIn}
	if at := places[k]; at != nil {
		return at
	}
	at := &scan.InImage{Image: img.name, Digest: img.digest, Platform: img.platform, Layer: st.layer, Layers: len(img.layers),
		DiffID: img.layers[st.layer-1].diffID, Instruction: img.instructions[st.layer-1], State: st.state, GoneIn: st.goneIn}
	places[k] = at
	return at
}
