package imagescan

import (
	"context"

	"rummage/detect/structure"
	"rummage/scan"
)

// candidate is an entry of a layer that holds secrets or is an exposure.
type candidate struct {
	n      int // of the entry in the table
	path   string
	file   string // path without that in an archive
	ref    scan.BlobRef
	public bool
	// packaged says that the file is one that a package ships.
	packaged bool
	ids      []scan.SecretID
}

// Place implements scan.Source.
func (s *Source) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	s.progress.SetStage("placing")
	for _, img := range s.images {
		for _, d := range img.docs {
			at := &scan.InImage{Image: img.name, Digest: img.digest, Platform: img.platform, Layers: len(img.layers), State: scan.ImageLive}
			for _, id := range l.At(d.ref, d.path, nil) {
				emit(scan.Placement{Blob: d.ref, Path: d.path, Secret: id, Reachable: true, Image: at})
			}
		}
		if err := s.placeLayers(ctx, img, l, emit); err != nil {
			return err
		}
	}
	return nil
}

// candidates are those of a layer; they are worked out once.
func (s *Source) candidates(ctx context.Context, ly *layer, l scan.Lookup) ([]candidate, error) {
	if ly.asked {
		return ly.found, nil
	}
	ly.asked = true
	n := -1
	for e := range ly.table.all() {
		if n++; n&0xfff == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		if e.kind != entryFile {
			continue
		}
		var ids []scan.SecretID
		if l.Holds(e.ref) || l.Named(e.path) {
			ids = l.At(e.ref, e.path, nil)
		}
		if !e.more {
			ids = append(ids[:len(ids):len(ids)], exposed(l, e, e.empty)...)
		}
		if len(ids) > 0 {
			ly.found = append(ly.found, candidate{n: n, path: e.path, file: e.file(), ref: e.ref, public: e.public, ids: ids})
		}
	}
	ly.pkgs.mark(ly.found)
	return ly.found, nil
}

// exposed is the exposures that the path of a file makes in an image. Where everybody may read it is the worse, and only
// that is told. An empty file exposes nothing.
func exposed(l scan.Lookup, e *entry, empty bool) []scan.SecretID {
	if empty {
		return nil
	}
	if e.public {
		if ids := l.Exposed(e.path, structure.ImageWorldReadable); len(ids) > 0 {
			return ids
		}
	}
	return l.Exposed(e.path, structure.ImageFile)
}

// placeLayers emits what stands in the layers of an image.
func (s *Source) placeLayers(ctx context.Context, img *image, l scan.Lookup, emit func(scan.Placement)) error {
	o := overlay{at: map[string][]*standing{}, below: map[string][]*standing{}}
	for i, ly := range img.layers {
		found, err := s.candidates(ctx, ly, l)
		if err != nil {
			return err
		}
		o.lay(i+1, &ly.table, found, l)
		for j := range img.repos {
			if r := &img.repos[j]; r.layers[len(r.layers)-1] == ly {
				o.add(&standing{candidate: candidate{file: r.dir + "/."}, layer: i + 1, state: scan.ImageLive, repo: r})
			}
		}
	}
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
