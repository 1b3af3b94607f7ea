package mirror

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"rummage/sweep/mirror/internal/sent"
)

// Most changes are small, or bring what a fork has already: starting git's programs for them takes several times as long as doing it.
// A quick fetch asks for one small pack, with one request, and writes it and the refs itself; nothing at all is asked for when the
// store has all that the tips lead to. It is for http servers whose refs were read here, of stores that are there already, without
// large blobs left out. Whatever is not as usual is left to git, which then does all of it.
const (
	quickBytes   = 4 << 20  // of a pack
	quickUnfold  = 64 << 20 // of its objects
	quickObjects = 5000
	quickRefs    = 1000 // to be written
	quickWants   = 200
	quickHaves   = 200
)

// errSlow: it is for git.
var errSlow = errors.New("not for a quick fetch")

// bringRefs makes the refs what they are at the remote, quickly or by git.
func (w *work) bringRefs(ctx context.Context, before has) error {
	if w.m.git != "" && w.remote.more != nil && !w.s.partial && !w.s.sha256 && len(before.odd) == 0 {
		err := w.quick(ctx, before)
		if err == nil || ctx.Err() != nil || kindOf(w.url(err)) == DiskFull {
			return err
		}
		w.passed = nil
	}
	return w.fetchRefs(ctx)
}

// quick is a quick fetch.
func (w *work) quick(ctx context.Context, before has) error {
	changes, err := refChanges(before.tips, w.remote.Tips)
	if err != nil {
		return err
	}
	roots, err := w.s.roots()
	if err != nil {
		return err
	}
	tips, err := w.tipsBeyond(roots, changes)
	if err != nil {
		return err
	}
	if len(tips) > 0 {
		if err := w.complete(ctx, before, roots, tips); err != nil {
			return err
		}
	}
	return w.s.change(refChange{w.name(), changes, w.remote.Tips})
}

// tipsBeyond are those of the refs that are to be written that no ref has yet, each once.
func (w *work) tipsBeyond(roots map[sent.ID]bool, c changes) (tips []sent.ID, err error) {
	for _, name := range c.write {
		id, ok := sent.Parse(w.remote.Tips[name])
		if !ok {
			return nil, errSlow
		}
		if !roots[id] {
			tips = append(tips, id)
		}
	}
	slices.SortFunc(tips, func(a, b sent.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(tips), nil
}

// complete has the store have all that tips lead to.
func (w *work) complete(ctx context.Context, before has, roots map[sent.ID]bool, tips []sent.ID) error {
	if w.m.options.Objects == nil {
		return errSlow
	}
	objects, err := w.m.options.Objects(w.s.dir)
	if err != nil {
		return err
	}
	defer objects.Close()
	pack, err := w.bringTips(ctx, objects, before, roots, tips)
	if err != nil || pack == nil {
		return err
	}
	return pack.Write(filepath.Join(w.s.dir, "objects", "pack"))
}

// bringTips gives what the store has to get to have all that tips lead to, if anything.
func (w *work) bringTips(ctx context.Context, objects Objects, before has, roots map[sent.ID]bool, tips []sent.ID) (*sent.Pack, error) {
	if len(roots) == 0 || len(tips) > quickWants {
		return nil, errSlow
	}
	if !slices.ContainsFunc(tips, func(id sent.ID) bool { return !objects.Has(id[:]) }) {
		passed, err := sent.Whole(ctx, nil, objects, roots, tips)
		if err == nil {
			w.pass(passed)
			return nil, nil
		}
	}
	raw, err := w.askPack(ctx, tips, w.haves(before, roots))
	if err != nil {
		return nil, err
	}
	pack, err := sent.Read(raw, sent.Limits{Objects: quickObjects, Bytes: quickUnfold})
	if err != nil {
		return nil, err
	}
	passed, err := sent.Whole(ctx, pack, objects, roots, tips)
	if err != nil {
		return nil, err
	}
	w.pass(passed)
	if pack.Len() == 0 {
		return nil, nil
	}
	return pack, nil
}

func (w *work) pass(ids map[sent.ID]bool) {
	w.passed = map[string]bool{}
	for id := range ids {
		w.passed[id.String()] = true
	}
}

// haves are what the server may know of what the store has: what the repository was before, what it is otherwise, and its forks.
func (w *work) haves(before has, roots map[sent.ID]bool) (ids []string) {
	seen := map[string]bool{}
	add := func(id string) {
		if at, ok := sent.Parse(id); ok && roots[at] && !seen[id] && len(ids) < quickHaves {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, of := range []map[string]string{before.tips, w.remote.Tips} {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			add(of[name])
		}
	}
	for id := range roots {
		add(id.String())
	}
	return ids
}

// askPack asks for what wants lead to and haves do not, by version 0 of git's protocol: what it says first is one request.
func (w *work) askPack(ctx context.Context, wants []sent.ID, haves []string) ([]byte, error) {
	s := w.remote.more
	for _, word := range []string{"side-band-64k", "ofs-delta"} {
		if !slices.Contains(s.capabilities, word) {
			return nil, errSlow
		}
	}
	var body bytes.Buffer
	capabilities := " side-band-64k ofs-delta agent=" + agent
	for _, id := range wants {
		writePacket(&body, "want "+id.String()+capabilities+"\n")
		capabilities = ""
	}
	body.WriteString("0000")
	for _, id := range haves {
		writePacket(&body, "have "+id+"\n")
	}
	writePacket(&body, "done\n")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/git-upload-pack", &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	req.Header.Set("Accept", "application/x-git-upload-pack-result")
	s.sign(req)
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-git-upload-pack-result" {
		return nil, errSlow
	}
	most := int64(quickBytes)
	if w.r.MaxBytes > 0 {
		most = min(most, w.r.MaxBytes)
	}
	return parsePack(&stalling{r: res.Body, cancel: cancel}, int(most))
}

func writePacket(b *bytes.Buffer, line string) { fmt.Fprintf(b, "%04x%s", len(line)+4, line) }

// parsePack reads the answer: that there is something in common, and a pack.
func parsePack(r io.Reader, most int) ([]byte, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	line, err := packet(in)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(line, "ACK ") { // all of its history would come: git asks for what is in common in many steps
		return nil, errSlow
	}
	var pack []byte
	for said := 0; ; said++ {
		line, err := packet(in)
		switch {
		case err != nil:
			return nil, err
		case line == "":
			return pack, nil
		case pack == nil && strings.HasPrefix(line, "ACK "): // what is in common is told again while it is nothing more
		case line[0] == 1:
			pack = append(pack, line[1:]...)
		case line[0] != 2:
			return nil, errSlow
		}
		if len(pack) > most || said > most/16 {
			return nil, errSlow
		}
	}
}
