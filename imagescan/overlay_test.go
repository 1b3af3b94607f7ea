package imagescan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"rummage/detect/assignment"
	"rummage/scan"
)

// everything is a lookup to which every blob holds the secret of its number.
type everything struct{ scan.Lookup }

func (everything) Holds(ref scan.BlobRef) bool                        { return true }
func (everything) Named(string) bool                                  { return false }
func (everything) Exposed(string, assignment.Context) []scan.SecretID { return nil }
func (everything) Refs() []scan.BlobRef                               { return nil }
func (everything) At(ref scan.BlobRef, _ string, _ scan.Tree) []scan.SecretID {
	return []scan.SecretID{scan.SecretID(ref)}
}

// modelNode is a file of a root file system as a container runtime makes it from layers; nil for a folder.
type modelNode struct{ fates []*fate }

// fate is what became of a content at a path.
type fate struct {
	path   string
	ref    scan.BlobRef
	layer  int
	state  scan.ImageState
	goneIn int
}

// model lays layers over one another one file at a time.
type model struct {
	tree  map[string]*modelNode
	fates []*fate
}

// remove takes away a path and what is below it.
func (m *model) remove(name string, itself bool, layer int, state scan.ImageState) {
	for p, node := range m.tree {
		if p == name && itself || strings.HasPrefix(p, strings.TrimSuffix(name, "/")+"/") {
			if node != nil {
				for _, f := range node.fates {
					f.state, f.goneIn = state, layer
				}
			}
			delete(m.tree, p)
		}
	}
}

func (m *model) put(name string, layer int, contents map[string]scan.BlobRef) {
	node := &modelNode{}
	for p, ref := range contents {
		f := &fate{path: p, ref: ref, layer: layer, state: scan.ImageLive}
		node.fates, m.fates = append(node.fates, f), append(m.fates, f)
	}
	m.tree[name] = node
}

// underFile says whether a folder above the path is none.
func (m *model) underFile(name string) bool {
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		if m.tree[dir] != nil {
			return true
		}
	}
	return false
}

// layer makes a random layer, applies it to the model and gives its table.
func (m *model) layer(r *rand.Rand, layer int, ref *scan.BlobRef) *table {
	t := &table{}
	name := func() string {
		p := ""
		for range 1 + r.IntN(3) {
			p += "/" + string(rune('a'+r.IntN(3)))
		}
		return p
	}
	var above, below []*entry // whiteouts are about the layers below wherever they stand
	for range r.IntN(3) {
		if p := name(); r.IntN(3) > 0 {
			m.remove(p, true, layer, scan.ImageDeleted)
			below = append(below, &entry{kind: entryWhiteout, path: p})
		} else {
			dir := path.Dir(p)
			m.remove(dir, false, layer, scan.ImageDeleted)
			below = append(below, &entry{kind: entryOpaque, path: dir})
		}
	}
	own := map[string]map[string]scan.BlobRef{}
	for range r.IntN(8) {
		p := name()
		if m.underFile(p) {
			continue
		}
		above = append(above, m.entry(r, p, layer, ref, own)...)
	}
	at := r.IntN(len(above) + 1)
	for at > 0 && at < len(above) && above[at].outer > 0 {
		at++ // not between an archive and what it holds
	}
	for _, e := range slices.Concat(above[:at], below, above[at:]) {
		t.add(e)
	}
	return t
}

// entry makes a random entry at the path. own are the files of the layer, with what they hold.
func (m *model) entry(r *rand.Rand, p string, layer int, ref *scan.BlobRef, own map[string]map[string]scan.BlobRef) []*entry {
	forget := func() {
		maps.DeleteFunc(own, func(q string, _ map[string]scan.BlobRef) bool { return q == p || strings.HasPrefix(q, p+"/") })
	}
	set := func(contents map[string]scan.BlobRef) {
		m.remove(p, true, layer, scan.ImageOverwritten)
		forget()
		m.put(p, layer, contents)
		own[p] = contents
	}
	switch r.IntN(6) {
	case 0:
		if node, is := m.tree[p]; is && node != nil {
			m.remove(p, true, layer, scan.ImageOverwritten)
			forget()
		}
		m.tree[p] = nil
		return []*entry{{kind: entryDir, path: p}}
	case 1:
		set(nil)
		return []*entry{{kind: entryOther, path: p}}
	case 2:
		inner := p + "!/x"
		set(map[string]scan.BlobRef{inner: *ref, p: noRef})
		*ref++
		return []*entry{{kind: entryArchive, path: p}, {kind: entryFile, path: inner, outer: len(p), ref: *ref - 1}}
	case 3:
		targets := slices.Sorted(maps.Keys(own))
		if len(targets) == 0 {
			return nil
		}
		target := targets[r.IntN(len(targets))]
		if target == p || strings.HasPrefix(target, p+"/") {
			return nil
		}
		contents := map[string]scan.BlobRef{}
		for q, ref := range own[target] {
			contents[p+q[len(target):]] = ref
		}
		set(contents)
		return []*entry{{kind: entryHardlink, path: p, target: target}}
	}
	set(map[string]scan.BlobRef{p: *ref})
	*ref++
	return []*entry{{kind: entryFile, path: p, ref: *ref - 1}}
}

// checkOverlay holds the overlay of random layers to what a runtime would see.
func checkOverlay(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	m := &model{tree: map[string]*modelNode{}}
	src := New(nil, Options{})
	img := &image{}
	var ref scan.BlobRef
	for n := range 1 + r.IntN(5) {
		img.layers = append(img.layers, &layer{table: *m.layer(r, n+1, &ref)})
		img.instructions = append(img.instructions, "")
	}
	src.feed = newFeed(1)
	var got []string
	err := src.placeLayers(t.Context(), img, archivesToo{}, func(p scan.Placement) {
		got = append(got, fmt.Sprint(p.Path, " ", p.Blob, " in ", p.Image.Layer, " ", p.Image.State, " ", p.Image.GoneIn))
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range m.fates {
		want = append(want, fmt.Sprint(f.path, " ", f.ref, " in ", f.layer, " ", f.state, " ", f.goneIn))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		for i, ly := range img.layers {
			for e := range ly.table.all() {
				t.Logf("layer %d: kind %d %s %s", i+1, e.kind, e.path, e.target)
			}
		}
		t.Errorf("seed %d: got\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// archivesToo is everything, with archives.
type archivesToo struct{ everything }

func (archivesToo) Named(string) bool { return true }

func TestOverlay(t *testing.T) {
	for seed := range uint64(3000) {
		if checkOverlay(t, seed); t.Failed() {
			return
		}
	}
}

func FuzzOverlay(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(checkOverlay)
}

// Links multiply places: what is beyond their bound is counted.
func TestTooManyPlaces(t *testing.T) {
	src := New(nil, Options{})
	src.feed, src.placesLeft = newFeed(1), 10
	ly := &layer{}
	ly.table.add(&entry{path: "/a", ref: 1})
	for i := range 100 {
		ly.table.add(&entry{kind: entryHardlink, path: fmt.Sprint("/b", i), target: "/a"})
	}
	n := 0
	img := &image{name: "i", docs: []document{{"<config>", 7}}, layers: []*layer{ly}, instructions: []string{""}}
	src.images = []*image{img, img}
	if err := src.Place(t.Context(), everything{}, func(scan.Placement) { n++ }); err != nil {
		t.Fatal(err)
	}
	if st := src.Stats(); n != 10 || st.Complete || st.Skipped[scan.SkipLimit] != 94 || st.ProblemCount != 94 || st.Objects != 94 {
		t.Errorf("%d places, stats %+v", n, st)
	}
}
