package gitscan

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"rummage/gitscan/internal/pack"
)

// storedTips follows the refs that are to be, and gives the commits at their ends that the quarantine has not. What is left
// in the Repo's refs is what the push may lead to newly.
func (p *Push) storedTips() (commits []pack.ID) {
	for _, t := range p.tips {
		commit, fresh := p.leadsTo(t)
		if fresh {
			p.repo.refs = append(p.repo.refs, t)
		}
		if !commit.IsZero() {
			commits = append(commits, commit)
		}
	}
	return commits
}

// leadsTo follows a ref that is to be. It is not fresh when it names what another ref names, and that is no commit; commit is
// the stored commit at its end, which may be new or not.
func (p *Push) leadsTo(t ref) (commit pack.ID, fresh bool) {
	id := t.id
	for range maxPeel {
		kind, err := p.repo.store.Kind(id)
		if err != nil {
			return commit, true // Repo.link tells of it
		}
		if kind == pack.Commit {
			if p.added[id] {
				return commit, true
			}
			return id, true
		}
		if !p.added[id] && p.refIDs()[id] {
			return commit, fresh
		}
		fresh = true
		if kind != pack.Tag {
			return commit, true // trees and blobs are searched, whoever has them
		}
		p.add(id)
		data, err := p.repo.object(id, pack.Tag)
		if err != nil {
			return commit, true // told when it was added
		}
		if id, _, _, err = tagTarget(p.repo.format.objects, data); err != nil {
			return commit, true
		}
	}
	return commit, true
}

// stored adds those of the commits, which the repository has, and of their ancestors that no ref leads to: they are new all
// the same (of a branch that was deleted, of another fork in a shared store). Nearly always the commits are what the pushed
// refs were, or in the history of HEAD; only when that does not settle it, all refs are read.
func (p *Push) stored(ctx context.Context, commits []pack.ID) error {
	if len(commits) == 0 {
		return nil
	}
	before := p.before()
	were := make(map[pack.ID]bool, len(before))
	for _, id := range before {
		were[id] = true
	}
	commits = slices.DeleteFunc(commits, func(id pack.ID) bool { return were[id] })
	if len(commits) == 0 {
		return nil
	}
	known := slices.Concat(before, p.headIDs())
	if from := p.commitsOf(ctx, known); len(from) > 0 {
		if fresh, whole, err := p.newFrom(ctx, commits, from, fewCommits); err != nil || whole && len(fresh) == 0 {
			return err
		}
	}
	commits = slices.DeleteFunc(commits, func(id pack.ID) bool { return p.refIDs()[id] })
	for id := range p.refIDs() {
		known = append(known, id)
	}
	if len(commits) == 0 {
		return nil
	}
	fresh, whole, err := p.newFrom(ctx, commits, p.commitsOf(ctx, known), manyCommits)
	if err != nil {
		return err
	}
	if !whole {
		p.repo.problem("refs", fmt.Sprintf("which of the commits that the push leads to are new is not settled after %d commits", manyCommits))
	}
	for _, id := range fresh {
		p.add(id)
	}
	return nil
}

// before is what the pushed refs are. Of a push that comes in, the old ids of the lines are the client's word, which git checks
// after the hook only: the refs themselves are read. Of what goes out, they are git's own word of the remote.
func (p *Push) before() []pack.ID {
	if p.begin != "" {
		return p.olds
	}
	if !p.isRead {
		p.now, p.isRead = idsOfRefs(p.repo.dirs, p.repo.format.objects, p.lines), true
	}
	return p.now
}

// refIDs are the ids that refs have. One that cannot be read is left out: that makes more of the push new, not less.
func (p *Push) refIDs() map[pack.ID]bool {
	if p.named == nil {
		p.named = readRefIDs(p.repo.dirs, p.repo.format.objects, p.begin)
	}
	return p.named
}

// headIDs is what HEAD leads to.
func (p *Push) headIDs() []pack.ID {
	name := p.repo.headRef()
	if p.begin != "" || name == "" || name == "HEAD" || !filepath.IsLocal(name) {
		return nil
	}
	data, err := readSmall(p.repo.dirs.files, filepath.Join(p.repo.dirs.commonDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return p.packedID(name)
	}
	if err != nil {
		return nil
	}
	id, err := p.repo.format.objects.ParseBytes(bytes.TrimSpace(data))
	if err != nil {
		return nil
	}
	return []pack.ID{id}
}

// packedID is the id of one packed ref, without reading what stands of the others.
func (p *Push) packedID(name string) []pack.ID {
	path := filepath.Join(p.repo.dirs.commonDir, "packed-refs")
	if info, err := p.repo.dirs.files.Stat(path); err != nil || info.Size() > maxPackedRefs {
		return nil
	}
	data, err := p.repo.dirs.files.ReadFile(path)
	if err != nil {
		return nil
	}
	at := bytes.Index(data, []byte(" "+name+"\n"))
	if at < 0 {
		return nil
	}
	id, err := p.repo.format.objects.ParseBytes(data[bytes.LastIndexByte(data[:at], '\n')+1 : at])
	if err != nil {
		return nil
	}
	return []pack.ID{id}
}

// commitsOf are the commits that ids lead to, through tags.
func (p *Push) commitsOf(ctx context.Context, ids []pack.ID) (commits []pack.ID) {
	n := 0
	for _, id := range ids {
		if check(ctx, &n) != nil {
			return commits // newFrom tells
		}
		for range maxPeel {
			kind, data, err := p.repo.store.Get(id, maxText)
			if err == nil && kind == pack.Commit {
				commits = append(commits, id)
			}
			if err != nil || kind != pack.Tag {
				break
			}
			if id, _, _, err = tagTarget(p.repo.format.objects, data); err != nil {
				break
			}
		}
	}
	return commits
}

// How many commits newFrom reads at most: while it is only tried whether few refs settle it, and at all.
const (
	fewCommits  = 2_000
	manyCommits = 1 << 20
)

// paint is a commit that newFrom came by.
type paint struct {
	id            pack.ID
	time          int64
	parents       []pack.ID
	wanted, known bool
	queued        bool
}

// newFrom gives the commits that some commits reach and known ones do not, as git rev-list does: the latest first,
// until none is left that may be new. Dates that go backwards can make it say too much, never too little. whole is false
// when it gave up.
func (p *Push) newFrom(ctx context.Context, from, known []pack.ID, limit int) (fresh []pack.ID, whole bool, err error) {
	seen := map[pack.ID]*paint{}
	var q paintQueue
	open := 0 // queued, wanted and not known
	touch := func(id pack.ID, wanted, known bool) {
		c := seen[id]
		if c == nil {
			h, ok := p.readCommit(id)
			if !ok {
				return // told of where it is needed
			}
			c = &paint{id: id, time: h.time, parents: h.parents}
			seen[id] = c
		}
		if (c.wanted || !wanted) && (c.known || !known) {
			return
		}
		if c.queued && c.wanted && !c.known {
			open--
		}
		c.wanted, c.known = c.wanted || wanted, c.known || known
		if !c.queued {
			c.queued = true
			heap.Push(&q, c)
		}
		if c.wanted && !c.known {
			open++
		}
	}
	begin, n := 0, 0
	for i, id := range slices.Concat(from, known) {
		if err := check(ctx, &begin); err != nil {
			return nil, false, err
		}
		touch(id, i < len(from), i >= len(from))
	}
	for open > 0 {
		if err := check(ctx, &n); err != nil {
			return nil, false, err
		}
		if n > limit {
			return nil, false, nil
		}
		c := heap.Pop(&q).(*paint)
		c.queued = false
		if c.wanted && !c.known {
			open--
		}
		for _, parent := range c.parents {
			touch(parent, c.wanted, c.known)
		}
	}
	for id, c := range seen {
		if c.wanted && !c.known {
			fresh = append(fresh, id)
		}
	}
	slices.SortFunc(fresh, pack.ID.Compare)
	return fresh, true, nil
}

// paintQueue is a heap, the latest commit first.
type paintQueue []*paint

func (q paintQueue) Len() int           { return len(q) }
func (q paintQueue) Less(i, j int) bool { return q[i].time > q[j].time }
func (q paintQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *paintQueue) Push(c any)        { *q = append(*q, c.(*paint)) }
func (q *paintQueue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
