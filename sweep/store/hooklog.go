package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxLine is the longest line that is read, in bytes.
const maxLine = 16 << 20

// hookEvent is a line of the log that hooks write, as far as it is read here.
type hookEvent struct {
	Time       time.Time        `json:"time"`
	Event      string           `json:"event"`
	Repository string           `json:"repository"`
	User       string           `json:"user"`
	Refs       json.RawMessage  `json:"refs,omitempty"`
	RefCount   int              `json:"ref_count"`
	Findings   []map[string]any `json:"findings"`
	Count      int              `json:"finding_count"`
	Reason     string           `json:"reason,omitempty"`
	Seconds    float64          `json:"seconds"`
}

// ImportHookEvents takes over the lines of a hook's log, and says how many were new. Fingerprints are replaced by what
// findings are called here. A line that was taken over before is left out, so that a growing log may be read from its
// beginning each time. A line that cannot be read ends the import with its number; the last line may be incomplete, as
// a hook may be writing it.
func (s *Store) ImportHookEvents(ctx context.Context, r io.Reader) (added int, err error) {
	var batch []Event
	flush := func() error {
		n := 0
		err := s.tx(ctx, false, func(c conn) error {
			n = 0
			for _, e := range batch {
				ok, err := s.addEvent(ctx, c, e)
				if err != nil {
					return err
				}
				n += int(flag(ok))
			}
			return nil
		})
		if err == nil {
			added += n
		}
		batch = batch[:0]
		return err
	}
	err = lines(r, true, func(number int, line []byte) error {
		e, err := s.hookEvent(line)
		if err != nil {
			return fmt.Errorf("line %d of the hook's log: %w", number, err)
		}
		if batch = append(batch, *e); len(batch) >= 200 {
			return flush()
		}
		return nil
	})
	return added, errors.Join(err, flush())
}

func (s *Store) hookEvent(line []byte) (*Event, error) {
	var h hookEvent
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, errors.New("not an event as JSON")
	}
	if h.Event == "" || h.Time.IsZero() || !storable(h.Time) {
		return nil, errors.New("an event without kind or time")
	}
	first := ""
	for _, f := range h.Findings {
		if fingerprint, ok := f["fingerprint"].(string); ok && fingerprint != "" {
			f["finding"] = s.Identity(fingerprint)
			if first == "" {
				first = s.Identity(fingerprint)
			}
		}
		delete(f, "fingerprint")
	}
	if len(h.Findings) > 1 {
		first = ""
	}
	d, err := json.Marshal(map[string]any{"refs": h.Refs, "ref_count": h.RefCount, "findings": h.Findings,
		"finding_count": h.Count, "reason": h.Reason, "seconds": h.Seconds})
	if err != nil {
		return nil, err
	}
	// The line holds fingerprints: what it is known by is keyed.
	return &Event{UID: s.mac("hook\x00" + string(line)), At: h.Time, Kind: EventHook + h.Event, Who: h.User, Finding: first,
		Repository: h.Repository, Detail: d}, nil
}

// storable: the time fits microseconds in 64 bits, with room.
func storable(t time.Time) bool { return t.IsZero() || t.Year() > 1 && t.Year() < 9999 }

// lines calls each for the lines that are not empty. With growing a last line without an end is left for the next time.
func lines(r io.Reader, growing bool, each func(number int, line []byte) error) error {
	br := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for number := 1; ; number++ {
		line = line[:0]
		for {
			part, err := br.ReadSlice('\n')
			if len(line)+len(part) > maxLine {
				return fmt.Errorf("line %d is longer than %d bytes", number, maxLine)
			}
			line = append(line, part...)
			if err == nil {
				break
			}
			if err == io.EOF {
				if len(line) == 0 || growing {
					return nil
				}
				return each(number, line)
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		if line = line[:len(line)-1]; len(line) == 0 {
			continue
		}
		if err := each(number, line); err != nil {
			return err
		}
	}
}
