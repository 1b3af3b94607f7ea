package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are of a Mirror.
type Options struct {
	// MinFree is what a fetch leaves free of the disk, in bytes. 0: it fills it up.
	MinFree int64
	// Threads is how many git may use for packs. 0: as many as there are processors.
	Threads int
	// SSH is the command for ssh URLs. Empty: ssh that asks nothing.
	SSH string
	// Git is the path of git. Empty: the one on PATH, and without one go-git.
	Git string
	// Objects opens a store's objects for reading. With it small fetches are done without git.
	Objects func(dir string) (Objects, error)
}

// Objects are those of a store, by their ids. An object that cannot be read, or is larger than limit, is an error. The kinds are git's.
type Objects interface {
	Has(id []byte) bool
	Get(id []byte, limit int) (kind string, data []byte, err error)
	Close() error
}

// Mirror is a directory of clones.
type Mirror struct {
	root    string
	git     string // empty: go-git
	options Options

	mu      sync.Mutex
	clients map[string]*http.Client // by their file of certificates
}

// New makes root, if it is not there, a place that this user alone can enter.
func New(root string, o Options) (*Mirror, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"", "locks", "trash"} {
		if err := os.MkdirAll(filepath.Join(root, sub), 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(root, 0o700); err != nil {
		return nil, err
	}
	if o.SSH == "" {
		o.SSH = "ssh -oBatchMode=yes -oConnectTimeout=30"
	}
	m := &Mirror{root: root, git: o.Git, options: o}
	if m.git == "" {
		if m.git, err = exec.LookPath("git"); err != nil {
			m.git = ""
		}
	}
	return m, nil
}

// Request says what to fetch.
type Request struct {
	// Network is the id of the fork network, whose repositories share a store. Empty: the repository is alone.
	Network string
	// Repo is an id that stays the repository's when it is renamed.
	Repo string
	URL  string
	// Protocols are what may be spoken. Empty: https and ssh.
	Protocols []string
	// Credential gives what http servers ask for. It is called whenever git needs one, again when a server refused the last
	// one, and must be quick when it has one that lasts for a while yet.
	Credential func(ctx context.Context) (user, password string, err error)
	// Extra are ids of tips that the repository no longer has and that are to be there nevertheless. Those that cannot be
	// had are in Fetched.Unfetchable, and asked for each time that they are named.
	Extra []string
	// CAFile has the certificates that https servers are trusted by, in place of the system's.
	CAFile string
	// MaxBlob leaves larger blobs at the server, where it lets us. 0: none.
	MaxBlob int64
	// MaxBytes bounds what one fetch may bring; it is looked at a few times a second. 0: nothing does.
	MaxBytes int64
	// Expect is how large the forge says that the repository is, for the check of the disk before.
	Expect int64
	// Timeout bounds it all. 0: ctx alone does.
	Timeout time.Duration
}

func (r *Request) network() string {
	if r.Network == "" {
		return "alone\x00" + r.Repo
	}
	return r.Network
}

func (r *Request) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, r.Timeout, &Error{Kind: TooSlow, Detail: "took more than " + r.Timeout.String()})
}

// Fetched is what a store has of a repository now. Release it when its files are no longer read.
type Fetched struct {
	// Dir is the bare repository; empty when the repository has nothing and never had.
	Dir string
	// Prefix and Seen are where the repository's refs are, without "refs/", and those that keep former tips.
	Prefix, Seen string
	// Tips are the remote's refs by its own names, some of which may be no names for git: then Seen has their objects.
	Tips map[string]string
	// Odd are those of the Tips that are below Seen alone, since their names are none for git.
	Odd map[string]string
	// Kept are the ids below Seen.
	Kept []string
	// Head is the name of the default branch, if the server says it. Detached is the commit that HEAD points to when that is no
	// ref's; it is below Seen.
	Head, Detached string
	// New: nothing was there of this repository before. Changed: a ref or kept tip is not what it was.
	New, Changed bool
	// Empty: the remote has no refs.
	Empty bool
	// Partial: large blobs may be missing.
	Partial bool
	// Recloned says why a store was thrown away and made anew, with what it kept for other repositories.
	Recloned string
	// Bytes is by how much the packs have grown.
	Bytes int64
	// Unfetchable are those of the ids asked for, and of the tips with impossible names, that could not be had.
	Unfetchable []string

	once sync.Once
	held io.Closer
}

// Release lets Evict take the store. It may be called more than once.
func (f *Fetched) Release() {
	f.once.Do(func() {
		if f.held != nil {
			f.held.Close()
		}
	})
}

// Fetch brings what the repository has that its store does not have. When nothing has changed, the refs are asked for and
// that is all.
func (m *Mirror) Fetch(ctx context.Context, r Request) (*Fetched, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	to, err := parseTarget(r.URL, r.Protocols)
	if err != nil {
		return nil, err
	}
	w := &work{m: m, r: &r, to: &to}
	if w.remote, err = w.tips(ctx); err != nil {
		return nil, err
	}
	w.s = m.storeFor(&r, w.isSHA256())
	if m.git == "" && w.isSHA256() {
		return nil, w.fail(Unsupported, errors.New("SHA-256 repositories need git"))
	}
	if len(w.remote.Tips) == 0 && len(r.Extra) == 0 && !w.s.exists() {
		return &Fetched{Empty: true, Tips: map[string]string{}, Head: w.remote.Head}, nil
	}
	f, err := w.update(ctx)
	if err != nil {
		return nil, w.url(err)
	}
	return f, nil
}

// work is one fetch.
type work struct {
	m        *Mirror
	r        *Request
	to       *target
	s        *store
	remote   *Remote
	lock     *os.File
	secrets  []string
	passed   map[string]bool // what the tips lead to, as far as a quick fetch has seen it
	again    []string        // former tips, to be asked for after the store was thrown away
	recloned string
}

// isSHA256 tells the format by ids. Nothing else tells it of an empty repository: then it is SHA-1, unless that has one.
func (w *work) isSHA256() bool {
	for _, id := range w.remote.Tips {
		return len(id) == 64
	}
	for _, id := range w.r.Extra {
		return len(id) == 64
	}
	return !w.m.storeFor(w.r, false).exists() && w.m.storeFor(w.r, true).exists()
}

func (w *work) fail(k Kind, err error) error {
	return &Error{Kind: k, URL: w.to.url, Detail: clean(err.Error(), w.secrets), Err: err}
}

// url makes every error but that of an ended context one about the repository.
func (w *work) url(err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		if e.URL != w.to.url {
			return &Error{Kind: e.Kind, URL: w.to.url, Detail: e.Detail, Err: e.Err}
		}
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case classify(err.Error()) == DiskFull, strings.Contains(err.Error(), "no space left on device"):
		return w.fail(DiskFull, err)
	}
	return w.fail(Failed, err)
}

// name is the repository's name in refs.
func (w *work) name() string { return nameOf("repo", w.r.Repo) }

// update compares and, if need be, fetches under the lock.
func (w *work) update(ctx context.Context) (*Fetched, error) {
	held, err := w.m.lock(ctx, w.s.key+".use", false)
	if err != nil {
		return nil, err
	}
	f, err := w.held(ctx)
	if err != nil {
		held.Close()
		return nil, err
	}
	f.held = held
	now := time.Now()
	_ = os.Chtimes(held.Name(), now, now) // when it was used last
	return f, nil
}

func (w *work) held(ctx context.Context) (*Fetched, error) {
	if w.s.exists() {
		before, err := w.s.read(w.name())
		if err == nil && w.same(before) {
			return w.result(before, before, 0, nil), nil
		}
	}
	var err error
	if w.lock, err = w.m.lock(ctx, w.s.key+".write", true); err != nil {
		return nil, err
	}
	defer w.lock.Close()
	f, err := w.locked(ctx)
	// Whatever broke the store, it can be had anew, and once is enough to tell it from a broken remote.
	if kindOf(err) == Corrupt && w.s.exists() && w.recloned == "" && ctx.Err() == nil {
		w.recloned = err.Error()
		if before, err := w.s.read(w.name()); err == nil {
			w.again = before.ids()
		}
		if err := w.m.discard(w.s); err != nil {
			return nil, err
		}
		f, err = w.locked(ctx)
	}
	if err == nil {
		f.Recloned = w.recloned
	}
	return f, err
}

// ids are all tips and kept ones.
func (h *has) ids() []string {
	all := map[string]bool{}
	for id := range h.kept {
		all[id] = true
	}
	for _, id := range h.tips {
		all[id] = true
	}
	return sorted(all)
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for one := range set {
		list = append(list, one)
	}
	slices.Sort(list)
	return list
}

// locked brings the store up to date.
func (w *work) locked(ctx context.Context) (*Fetched, error) {
	if !w.s.exists() {
		if err := w.s.create(); err != nil {
			return nil, err
		}
	}
	if err := w.s.repair(); err != nil {
		return nil, err
	}
	before, err := w.s.read(w.name())
	if err != nil {
		return nil, &Error{Kind: Corrupt, URL: w.to.url, Detail: clean(err.Error(), nil), Err: err}
	}
	if w.same(before) { // another has been here
		return w.result(before, before, 0, nil), nil
	}
	if err := w.room(); err != nil {
		return nil, err
	}
	if err := w.s.begin(); err != nil {
		return nil, err
	}
	size, _ := packed(w.s.dir)
	unfetchable, err := w.fetch(ctx, before)
	if err != nil {
		_ = w.s.repair() // on a full disk what is left would be in the others' way
		return nil, err
	}
	after, err := w.s.read(w.name())
	if err != nil {
		return nil, &Error{Kind: Corrupt, URL: w.to.url, Detail: clean(err.Error(), nil), Err: err}
	}
	grown, packs := packed(w.s.dir)
	if err := w.tidy(ctx, len(after.tips), packs); err != nil {
		return nil, err
	}
	if err := w.s.end(); err != nil {
		return nil, err
	}
	return w.result(before, after, max(0, grown-size), unfetchable), nil
}

// same reports whether the store has all that the remote has and the request asks for.
func (w *work) same(h has) bool {
	if len(h.tips) != len(w.remote.Tips) {
		return false
	}
	for name, id := range w.remote.Tips {
		if h.tips[name] != id {
			return false
		}
	}
	return len(w.wanted(h)) == 0
}

// wanted are the ids to be had beside the refs.
func (w *work) wanted(h has) []string {
	tips, want := map[string]bool{}, map[string]bool{}
	for _, id := range h.tips {
		tips[id] = true
	}
	ids := slices.Concat(w.r.Extra, w.again)
	if w.remote.Detached != "" {
		ids = append(ids, w.remote.Detached)
	}
	for _, id := range ids {
		if !h.kept[id] && !tips[id] {
			want[id] = true
		}
	}
	return sorted(want)
}

func (w *work) result(before, after has, bytes int64, unfetchable []string) *Fetched {
	name := w.name()
	f := &Fetched{Dir: w.s.dir, Prefix: "refs/r/" + name + "/", Seen: "refs/seen/" + name + "/", Tips: after.tips, Odd: after.odd, Kept: sorted(after.kept),
		Head: w.remote.Head, Detached: w.remote.Detached, New: len(before.tips) == 0 && len(before.kept) == 0, Empty: len(after.tips) == 0, Partial: w.s.partial,
		Bytes: bytes, Unfetchable: unfetchable}
	f.Changed = !slices.Equal(f.Kept, sorted(before.kept)) || len(before.tips) != len(after.tips)
	for name, id := range after.tips {
		f.Changed = f.Changed || before.tips[name] != id
	}
	return f
}

// room checks the disk before something is fetched.
func (w *work) room() error {
	return w.m.enough(w.r.Expect, w.to.url)
}

func (m *Mirror) enough(expect int64, url string) error {
	if m.options.MinFree <= 0 && expect <= 0 {
		return nil
	}
	free, err := freeBytes(m.root)
	if err != nil {
		return err
	}
	if free-expect < m.options.MinFree {
		return &Error{Kind: DiskFull, URL: url, Detail: fmt.Sprintf("%d MiB are free, %d MiB are to stay free and %d MiB are expected",
			free>>20, m.options.MinFree>>20, expect>>20)}
	}
	return nil
}
