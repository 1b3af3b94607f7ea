package sweep

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"rummage/sweep/notify"
	"rummage/sweep/store"
)

// digested is a finding of a digest in a repository.
type digested struct {
	repository int64
	id         string
	severity   string
	back       bool
}

// digest is the message of a digest: what the channel wants of it, counted, and the worst findings.
func (w *Worker) digest(ctx context.Context, to *Channel, d store.Delivery, kind string) (notify.Message, error) {
	m := notify.Message{ID: d.Dedup, Time: d.Created, Digest: &notify.Digest{Severities: map[string]int{}}}
	list, err := w.store.Repositories(ctx)
	if err != nil {
		return m, err
	}
	names := make(map[int64]string, len(list))
	for i := range list {
		names[list[i].ID] = list[i].Name
	}
	in, counted := map[int64]bool{}, map[string]bool{}
	var all []digested
	err = w.store.Digested(ctx, d, kind, func(repository int64, f *store.Finding, back bool) error {
		name, there := names[repository]
		if _, wants := to.Wants(notify.Message{Repository: name, New: []notify.Finding{{Severity: f.Severity}}}); !there || !wants {
			return nil
		}
		in[repository] = true
		if !counted[f.ID] { // it may be in several
			counted[f.ID] = true
			m.Digest.Findings++
			m.Digest.Severities[f.Severity]++
			all = append(all, digested{repository, f.ID, f.Severity, back})
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	m.Digest.Repositories = len(in)
	slices.SortStableFunc(all, func(a, b digested) int {
		return cmp.Or(cmp.Compare(notify.Rank(a.severity), notify.Rank(b.severity)), strings.Compare(names[a.repository], names[b.repository]))
	})
	for _, one := range all[:min(len(all), digestMost)] {
		f, err := w.store.Finding(ctx, one.id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return m, err
		}
		told := w.told(f, &store.Notice{Repository: one.repository}, names[one.repository])
		told.Path = strings.Trim(names[one.repository]+"/"+told.Path, "/")
		if one.back {
			m.Regressed = append(m.Regressed, told)
		} else {
			m.New = append(m.New, told)
		}
	}
	return m, nil
}
