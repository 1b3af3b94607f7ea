package gitscan

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// OpenBefore opens the repository of a hook as it is without the push: its refs, and its objects but for those in
// quarantine. Of what a search finds there, Place.Reachable tells what refs lead to.
func OpenBefore(dir string, getenv func(string) string, o Options) (*Repo, error) {
	d, f, stores, err := ofHook(dir, getenv)
	if err != nil {
		return nil, err
	}
	if stores.quarantine != "" {
		if len(stores.others) == 0 {
			return nil, errors.New("git does not tell where the objects are that came before the push")
		}
		stores.objects, stores.others = stores.others[0], stores.others[1:]
	}
	store, err := pack.Open(d.files, stores.objects, f.objects, stores.others...)
	if err != nil {
		return nil, err
	}
	if o.MaxBlob <= 0 {
		o.MaxBlob = DefaultMaxBlob
	}
	r := newRepo(d, f, o, store)
	if o.Search {
		r.beside.Go(store.Prepare)
	}
	r.addRefs()
	return r, nil
}

// addRefs reads the refs, and where history ends.
func (r *Repo) addRefs() {
	if r.o.Part != nil {
		r.addPart(r.o.Part)
	} else {
		var problems []scan.Problem
		r.refs, r.symbolic, problems = readRefs(r.dirs, r.format.objects)
		for _, p := range problems {
			r.problem(p.Where, p.Why)
		}
	}
	var err error
	if r.shallow, err = readShallow(r.dirs, r.format.objects); err != nil {
		r.problem("shallow", err.Error())
	}
}

// HeadOf is the commit that HEAD of a hook's repository leads to, in hexadecimal; empty when there is none.
func HeadOf(dir string, getenv func(string) string) string {
	d, err := pushedTo(dir, getenv)
	if err != nil {
		return ""
	}
	f, err := readFormat(d)
	if err != nil {
		return ""
	}
	r := &Repo{dirs: d, format: f}
	r.refs, r.symbolic, _ = readRefs(d, f.objects)
	names := r.fullNames("HEAD")
	for _, rf := range r.refs {
		if slices.Contains(names, rf.name) {
			return f.objects.Hex(rf.id)
		}
	}
	return ""
}

// Tips is the files of the trees that refs lead to, as a scan.Source: what people see of a repository. HEAD is among
// maxTips of them; the others are left out. Of a file that stands in several trees one is told.
type Tips struct {
	repo  *Repo
	files []fileAt // those whose blob is there, ascending
	at    map[fileAt]string
}

// maxTips is how many different trees are read.
const maxTips = 32

// Tips gives the files of the tips in place of the history.
func (r *Repo) Tips() *Tips { return &Tips{repo: r} }

// choose leaves the repository the refs of the first maxTips objects that they name, HEAD's before the others.
func (t *Tips) choose() {
	r := t.repo
	head := r.fullNames("HEAD")
	isHead := func(rf ref) int {
		if slices.Contains(head, rf.name) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(r.refs, func(a, b ref) int { return cmp.Compare(isHead(a), isHead(b)) })
	ids := map[pack.ID]bool{}
	r.refs = slices.DeleteFunc(r.refs, func(rf ref) bool {
		if ids[rf.id] || len(ids) >= maxTips {
			return true
		}
		ids[rf.id] = true
		return false
	})
}

// Search implements scan.Source.
func (t *Tips) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	r := t.repo
	t.choose()
	files, names, err := r.tipFiles(ctx, func(string) bool { return true })
	if err != nil {
		return err
	}
	t.at = make(map[fileAt]string, len(files))
	var todo []uint32
	chosen := newBitmap(r.store.Len())
	for file, tips := range files {
		ord, ok := r.store.Find(file.id)
		if !ok {
			r.lacks(file.id, "blob")
			continue
		}
		t.files = append(t.files, file)
		t.at[file] = names.refs[tips[0]][0]
		if !chosen.has(ord) {
			chosen.set(ord)
			todo = append(todo, ord)
		}
	}
	slices.SortFunc(t.files, func(a, b fileAt) int { return cmp.Or(strings.Compare(a.path, b.path), a.id.Compare(b.id)) })
	slices.Sort(todo)
	return r.searchOrds(ctx, workers, todo, open)
}

// Place implements scan.Source. The trees around files are not looked at: an exposure that depends on them is left out.
func (t *Tips) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	n := 0
	for _, file := range t.files {
		if err := check(ctx, &n); err != nil {
			return err
		}
		ord, ok := t.repo.store.Find(file.id)
		if !ok || !l.Holds(scan.BlobRef(ord)) && !l.Named(file.path) {
			continue
		}
		for _, secret := range l.At(scan.BlobRef(ord), file.path, nil) {
			emit(scan.Placement{Blob: scan.BlobRef(ord), Path: file.path, Secret: secret, AtTip: []string{t.at[file]}, Reachable: true})
		}
	}
	return nil
}

// Content implements scan.Source.
func (t *Tips) Content(ref scan.BlobRef) ([]byte, error) { return t.repo.Content(ref) }

// BlobID implements scan.Source.
func (t *Tips) BlobID(ref scan.BlobRef) string { return t.repo.BlobID(ref) }

// Stats implements scan.Source.
func (t *Tips) Stats() scan.Stats { return t.repo.Stats() }

// Progress implements scan.Source.
func (t *Tips) Progress() *scan.Progress { return &t.repo.progress }

var _ scan.Source = (*Tips)(nil)
