package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rummage/sweep/notify"
	"rummage/sweep/store"
)

const (
	claimMost  = 20               // messages that are claimed at a time
	claimFor   = 30 * time.Minute // until others may send them
	sendTries  = 30               // then a message is given up, after some days
	sendFirst  = time.Minute      // until it is tried again at first
	sendLast   = 6 * time.Hour    // and at last
	idDigits   = 12               // of a finding's id that name it in a message
	deliverMax = 10_000           // messages that one run sends
	digestFew  = 5                // first searches with findings of which each has a message of its own
	digestMost = 20               // findings of a digest
	digestWait = 24 * time.Hour   // for the end of first searches
)

// introduce has new channels told of what is open.
func (w *Worker) introduce(ctx context.Context) error {
	for i := range w.config.Channels {
		c := &w.config.Channels[i]
		if err := w.store.Introduce(ctx, c.Name, c.First == firstDigest); err != nil {
			return err
		}
	}
	return nil
}

// gather makes digests of what first searches found. While such searches go on it waits for them with patience.
func (w *Worker) gather(ctx context.Context, patience time.Duration) error {
	for i := range w.config.Channels {
		if err := w.store.Digest(ctx, w.config.Channels[i].Name, digestFew, patience); err != nil {
			return err
		}
	}
	return nil
}

// deliverAll sends what is to be sent now. What cannot be sent is tried again later.
func (w *Worker) deliverAll(ctx context.Context) error {
	channels := map[string]*deliverer{}
	for range deliverMax / claimMost {
		claimed, err := w.store.Claim(ctx, claimMost, claimFor)
		if err != nil || len(claimed) == 0 {
			return err
		}
		began := time.Now()
		for _, d := range claimed {
			if time.Since(began) > claimFor/2 { // the others may be claimed by others before they are sent
				break
			}
			if channels[d.Channel] == nil {
				channels[d.Channel] = w.deliverer(d.Channel)
			}
			if err := w.deliver(ctx, channels[d.Channel], d); err != nil && !errors.Is(err, store.ErrFenced) {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// deliverer is a channel that is open, or why it is not.
type deliverer struct {
	config  *Channel
	channel notify.Channel
	err     error
	failed  int // sends in a row
	told    bool
}

// failsMost is after how many failures in a row a channel is left alone until the next time.
const failsMost = 3

func (w *Worker) deliverer(name string) *deliverer {
	for i := range w.config.Channels {
		c := &w.config.Channels[i]
		if c.Name != name {
			continue
		}
		d := &deliverer{config: c}
		d.channel, d.err = notify.New(c.Config, c.secrets(), notify.Options{SARIF: w.o.SARIF})
		return d
	}
	return &deliverer{err: &notify.Error{Channel: name, Reason: "the configuration has no such channel any more", Permanent: true}}
}

// deliver sends one message and writes down how that ended.
func (w *Worker) deliver(ctx context.Context, to *deliverer, d store.Delivery) error {
	err := to.err
	if err == nil {
		m, lost := w.message(ctx, to.config, d)
		if lost != nil {
			return lost
		}
		part, wants := m, m.Digest != nil && m.Digest.Findings > 0 // of a digest it has been asked
		if m.Digest == nil {
			part, wants = to.config.Wants(m)
		}
		if wants {
			if err = to.channel.Send(ctx, part); err == nil {
				to.failed = 0
			} else if to.failed++; to.failed >= failsMost && !permanent(err) {
				to.err = err
			}
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		w.metrics.Deliveries.Inc(d.Channel, "sent")
		return w.store.Delivered(ctx, d)
	case permanent(err) || d.Attempts >= sendTries:
		w.metrics.Deliveries.Inc(d.Channel, "failed")
		w.notSent(to, d, err)
		return w.store.GiveUp(ctx, d, err.Error())
	}
	w.metrics.Deliveries.Inc(d.Channel, "retried")
	w.notSent(to, d, err)
	after := min(sendFirst<<min(d.Attempts-1, 10), sendLast)
	if e := (*notify.Error)(nil); errors.As(err, &e) {
		after = max(after, e.After)
	}
	return w.store.Retry(ctx, d, err.Error(), after)
}

func permanent(err error) bool {
	var e *notify.Error
	return errors.As(err, &e) && e.Permanent
}

// notSent tells that a message was not sent, once of many for the same reason.
func (w *Worker) notSent(to *deliverer, d store.Delivery, err error) {
	if to.told && to.err != nil {
		return
	}
	to.told = to.err != nil
	w.o.Logger.Warn("message not sent", "channel", d.Channel, "attempt", d.Attempts, "reason", err.Error())
	w.count(func(s *Summary) { s.Errors = append(s.Errors, fmt.Errorf("a message was not sent: %w", err)) })
}

// message is what a delivery tells. What was decided about or is nowhere any more by now is left out.
func (w *Worker) message(ctx context.Context, to *Channel, d store.Delivery) (m notify.Message, err error) {
	var n store.Notice
	if err := json.Unmarshal(d.Payload, &n); err != nil {
		return m, fmt.Errorf("message %d: %w", d.ID, err)
	}
	if n.Digest != "" {
		return w.digest(ctx, to, d, n.Digest)
	}
	m = notify.Message{ID: d.Dedup, Repository: n.Name, Number: n.Repository, Scan: n.Scan, Time: d.Created}
	if r, err := w.store.Repository(ctx, n.Repository); err == nil {
		m.Repository, m.WebURL = r.Name, r.WebURL
	} else if !errors.Is(err, store.ErrNotFound) {
		return m, err
	}
	for _, list := range []struct {
		ids []string
		to  *[]notify.Finding
	}{{n.New, &m.New}, {n.Regressed, &m.Regressed}} {
		for _, id := range list.ids {
			f, err := w.store.Finding(ctx, id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return m, err
			}
			if f.State == store.StateOpen && f.GoneAt.IsZero() {
				*list.to = append(*list.to, w.told(f, &n, m.Repository))
			}
		}
	}
	return m, nil
}

// quoted is a word for a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// told is a finding in a message, with its first place in the repository.
func (w *Worker) told(f *store.Finding, n *store.Notice, repository string) notify.Finding {
	out := notify.Finding{ID: f.ID[:idDigits], Rule: f.Rule, Title: f.Rule, Severity: f.Severity, Mask: f.Mask, State: string(f.State),
		FindCommand: "rummage sweep findings --repo " + quoted(repository)}
	if r := w.rules.Rule(f.Rule); r != nil {
		out.Title = r.Description
	}
	for _, s := range f.Sightings {
		if s.GoneAt.IsZero() {
			out.Places += s.Places
		}
	}
	for i := range f.Occurrences {
		if o := &f.Occurrences[i]; o.Repository == n.Repository && o.GoneAt.IsZero() {
			out.Path, out.Line, out.Remedy = o.Path, o.Line, o.Remedy
			if o.Introduced != nil {
				out.Commit, out.Author = o.Introduced.ID, o.Introduced.Author
			}
			break
		}
	}
	return out
}
