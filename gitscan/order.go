package gitscan

import (
	"context"

	"rummage/gitscan/internal/pack"
)

// parentsFirst gives all wanted commits in the order of their dates, parents first, whatever the dates say.
func (r *Repo) parentsFirst(ctx context.Context) ([]int32, error) {
	nodes := r.graph.nodes
	pending := make([]int32, len(nodes)) // parents not yet walked
	q := commitQueue{repo: r}
	children := r.childrenOf(func(n int32) { pending[n]++ })
	wanted := 0
	for n := range nodes {
		if nodes[n].wanted {
			wanted++
			if pending[n] == 0 {
				q.push(int32(n))
			}
		}
	}
	order := make([]int32, 0, wanted)
	steps := 0
	for len(q.nodes) > 0 {
		if err := check(ctx, &steps); err != nil {
			return nil, err
		}
		n := q.pop()
		order = append(order, n)
		for _, c := range children.of(n) {
			if pending[c]--; pending[c] == 0 {
				q.push(c)
			}
		}
	}
	return order, nil
}

// children are the wanted commits with a parent, for every wanted parent, in one list.
type children struct {
	ends []int32 // by parent
	list []int32
}

func (c *children) of(n int32) []int32 {
	if n == 0 {
		return c.list[:c.ends[0]]
	}
	return c.list[c.ends[n-1]:c.ends[n]]
}

// childrenOf lists children, and calls each for the child of every pair.
func (r *Repo) childrenOf(each func(child int32)) children {
	nodes := r.graph.nodes
	c := children{ends: make([]int32, len(nodes))}
	pairs := func(f func(p, n int32)) {
		for n := range nodes {
			if nodes[n].wanted {
				for _, p := range r.graph.parents(int32(n)) {
					if nodes[p].wanted {
						f(p, int32(n))
					}
				}
			}
		}
	}
	total := int32(0)
	pairs(func(p, n int32) {
		c.ends[p]++
		total++
		each(n)
	})
	start := int32(0)
	for i, count := range c.ends { // of each the beginning, which filling moves to the end
		c.ends[i] = start
		start += count
	}
	c.list = make([]int32, total)
	pairs(func(p, n int32) {
		c.list[c.ends[p]] = n
		c.ends[p]++
	})
	return c
}

// commitQueue is a heap of commits by date, then id, so that the walk does not depend on how objects are stored.
type commitQueue struct {
	repo  *Repo
	nodes []int32
}

func (q *commitQueue) before(n, m int32) bool {
	a, b := &q.repo.graph.nodes[n], &q.repo.graph.nodes[m]
	if a.time != b.time {
		return a.time < b.time
	}
	return q.repo.store.ID(a.ord).Compare(q.repo.store.ID(b.ord)) < 0
}

func (q *commitQueue) push(n int32) {
	q.nodes = append(q.nodes, n)
	i := len(q.nodes) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !q.before(n, q.nodes[up]) {
			break
		}
		q.nodes[i], i = q.nodes[up], up
	}
	q.nodes[i] = n
}

func (q *commitQueue) pop() int32 {
	top, last := q.nodes[0], q.nodes[len(q.nodes)-1]
	q.nodes = q.nodes[:len(q.nodes)-1]
	if len(q.nodes) == 0 {
		return top
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(q.nodes) {
			break
		}
		if down+1 < len(q.nodes) && q.before(q.nodes[down+1], q.nodes[down]) {
			down++
		}
		if !q.before(q.nodes[down], last) {
			break
		}
		q.nodes[i], i = q.nodes[down], down
	}
	q.nodes[i] = last
	return top
}

// trees are the tree of a commit's first parent, zero when it has none, and its own.
func (r *Repo) trees(n int32) (first, own pack.ID) {
	if parents := r.graph.parents(n); len(parents) > 0 {
		first = r.graph.tree(parents[0])
	}
	return first, r.graph.tree(n)
}
