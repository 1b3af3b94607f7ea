package imagescan

import (
	"context"
	"path"

	"rummage/scan"
)

// standing is a candidate of an image while its layers are laid over one another.
type standing struct {
	candidate
	layer  int // 1 is the lowest
	state  scan.ImageState
	goneIn int
	repo   *imageRepository // of the mark of a repository
}

// overlay lays the layers of an image over one another and keeps track of what becomes of the candidates.
type overlay struct {
	all []*standing
	// at are the live ones by their file, below those in each folder above them.
	at, below map[string][]*standing
	// left is how many more there may be in all images, lost how many there were beyond that.
	left *int
	lost int64
}

// maxPlaces bounds the places of one source: links, and images that have a layer a thousand times, multiply them.
const maxPlaces = 1 << 19

// lay puts a layer on top of those below. Its whiteouts are about those only, wherever they stand in it.
// The error is the context's.
func (o *overlay) lay(ctx context.Context, layer int, t *table, found []candidate, l scan.Lookup) error {
	if len(o.at) > 0 {
		for e := range t.all() {
			switch e.kind {
			case entryWhiteout:
				o.goneAt(e.path, layer, scan.ImageDeleted)
				o.goneBelow(e.path, layer, scan.ImageDeleted)
			case entryOpaque:
				o.goneBelow(e.path, layer, scan.ImageDeleted)
			}
		}
	}
	if err := ctx.Err(); err != nil || len(o.at) == 0 && len(found) == 0 {
		return err
	}
	n := -1
	for e := range t.all() {
		if n++; n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case e.kind == entryWhiteout || e.kind == entryOpaque:
		case e.more || e.outer > 0: // of a file that was there already
		case e.kind == entryHardlink && e.target == e.path: // nothing changes
		default:
			o.goneAt(e.path, layer, scan.ImageOverwritten)
			if e.kind != entryDir {
				o.goneBelow(e.path, layer, scan.ImageOverwritten)
			}
			if e.kind == entryHardlink {
				o.link(e, layer, l)
			}
		}
		if len(found) > 0 && found[0].n == n {
			o.add(&standing{candidate: found[0], layer: layer, state: scan.ImageLive})
			found = found[1:]
		}
	}
	return nil
}

// maxFolders bounds the folders above a file that are looked at. What a whiteout of one higher up takes away is then
// said to be live.
const maxFolders = 64

func (o *overlay) add(st *standing) {
	n := max(1, len(st.ids))
	if n > *o.left {
		o.lost += int64(n)
		return
	}
	*o.left -= n
	o.all = append(o.all, st)
	o.at[st.file] = append(o.at[st.file], st)
	dir := path.Dir(st.file)
	for range maxFolders {
		o.below[dir] = append(o.below[dir], st)
		if dir == "/" || dir == "." {
			return
		}
		dir = path.Dir(dir)
	}
}

// goneAt says that the layer has something else at the path.
func (o *overlay) goneAt(name string, layer int, state scan.ImageState) {
	if list, some := o.at[name]; some {
		mark(list, layer, state)
		delete(o.at, name)
	}
}

// goneBelow says that the layer has done away with what is below the folder.
func (o *overlay) goneBelow(dir string, layer int, state scan.ImageState) {
	if list, some := o.below[dir]; some {
		mark(list, layer, state)
		for _, st := range list {
			delete(o.at, st.file)
		}
		delete(o.below, dir)
	}
}

// mark marks what was live until then.
func mark(list []*standing, layer int, state scan.ImageState) {
	for _, st := range list {
		if st.state == scan.ImageLive {
			st.state, st.goneIn = state, layer
		}
	}
}

// link gives what a hard link means its other name.
func (o *overlay) link(e *entry, layer int, l scan.Lookup) {
	if list := o.at[e.target]; *o.left <= 0 {
		o.lost += int64(len(list)) // a hostile layer has many links to much
		return
	}
	for _, st := range o.at[e.target] {
		other := *st
		other.layer, other.state, other.goneIn = layer, scan.ImageLive, 0
		other.file = e.path
		other.path = e.path + st.path[len(st.file):]
		if other.repo == nil {
			other.identify(l)
		}
		if len(other.ids) > 0 {
			o.add(&other)
		}
	}
}
