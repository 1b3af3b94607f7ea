package hook

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"

	"rummage/detect"
	"rummage/scan"
)

// fault is why a push was not searched whole.
type fault struct {
	what    string // the event that it makes: timeout, memory, size or error
	why     string
	running bool // the search did not end when it was told to, and goes on: nothing of it may be freed
}

// How often a search is looked after, how long one that was ended may take to tell what it found, and beyond which share of
// the memory it is left alone at once.
const (
	guardTick = 5 * time.Millisecond
	guardWait = time.Second
	farBeyond = 5 // quarters of the memory
)

// usedMemory is what Go's part of the program takes of the system. Mapped files, which the system takes back when it needs
// to, do not count.
func usedMemory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 || s[1].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// bounded runs a search within the bounds of the policy and until a deadline. The result is nil when there is none, which is
// a fault; of a search that was ended for a fault there may be one.
func (p *push) bounded(ctx context.Context, deadline time.Time, src scan.Source, det *detect.Detector) (*scan.Result, *fault) {
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	type ended struct {
		res *scan.Result
		err error
	}
	done := make(chan ended, 1)
	go func() {
		e := ended{err: errors.New("internal error")} // should it panic, whose text may quote what was searched
		defer func() {
			_ = recover()
			done <- e
		}()
		e.res, e.err = scan.Run(limited, src, det, p.Workers)
	}()
	tick := time.NewTicker(guardTick)
	defer tick.Stop()
	var f *fault
	end := limited.Done()
	var giveUp <-chan time.Time
	for {
		if over := p.over(src); over != nil && f == nil {
			f = over
			cancel()
		}
		if f != nil && p.used() > uint64(p.Policy.MaxMemory)/4*farBeyond {
			f.running = true
			return nil, f
		}
		select {
		case e := <-done:
			return p.ended(e.res, e.err, src, f, limited.Err())
		case <-tick.C:
		case <-end:
			end = nil
			giveUp = time.After(guardWait)
			if f == nil {
				f = p.late()
			}
		case <-giveUp:
			f.running = true
			return nil, f
		}
	}
}

// ended is what bounded gives of a search that has ended.
func (p *push) ended(res *scan.Result, err error, src scan.Source, f *fault, ctxErr error) (*scan.Result, *fault) {
	switch over := p.over(src); {
	case err != nil && f == nil && ctxErr == nil:
		return nil, &fault{what: eventError, why: err.Error()}
	case err != nil:
		res = nil
	case over != nil && f == nil:
		f = over
	case f == nil && res.Stats.Interrupted:
		f = p.late()
	}
	if f == nil && ctxErr != nil {
		f = p.late()
	}
	return res, f
}

func (p *push) late() *fault {
	return &fault{what: eventTimeout, why: fmt.Sprintf("not searched within %s", p.Policy.Time)}
}

// over is the bound that a search has gone beyond.
func (p *push) over(src scan.Source) *fault {
	switch most := p.Policy.MaxPush; {
	case p.used() > uint64(p.Policy.MaxMemory):
		return &fault{what: eventMemory, why: "the search needs more memory than " + scan.FormatSize(p.Policy.MaxMemory)}
	case most > 0 && src == scan.Source(p.src) && src.Progress().Bytes.Load() > most:
		return &fault{what: eventSize, why: "more is to be read than " + scan.FormatSize(most)}
	}
	return nil
}

func (p *push) used() uint64 {
	if p.memory != nil {
		return p.memory()
	}
	return usedMemory()
}
