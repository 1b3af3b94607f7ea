package hook

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"rummage/gitscan"
	"rummage/scan"
)

// Passed is a push that the log says was let through, and of which it does not say that it was searched since.
type Passed struct {
	ID         string
	Event      string // fail-open, bypass or exempt
	Time       time.Time
	Repository string // as the hook wrote it, see LoggedPath
	Head       string // commit that HEAD had before; may be empty
	Updates    []gitscan.Update

	line  int // of the log, the first
	parts int // to come
}

// Log is what a log tells of such pushes.
type Log struct {
	Passed []Passed // in the order of the log
	// Problems names lines that cannot be read, ten at most; ProblemCount counts them all.
	Problems     []scan.Problem
	ProblemCount int64

	at      map[string]int // of Passed, by id
	settled map[string]bool
	refs    int
}

// Bounds of a log that is read back: whoever wrote it, it does not take all memory.
const (
	maxLogLine   = 1 << 20
	maxPassed    = 100_000
	maxLogRefs   = 4_000_000
	maxToldLines = 10
)

var (
	errLogLine = fmt.Errorf("longer than %d bytes", maxLogLine)
	errLogEnd  = errors.New("does not end")
	errLogForm = errors.New("not an event of rummage hook")
)

// ReadLogFile reads a log, of events that are none while a hook writes to it.
func ReadLogFile(path string, daemon bool) (*Log, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	if _, err := waitForLock(file, false); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l, err := ReadLog(file, daemon)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// ReadLog reads a log. With daemon it is a file of a syslog daemon, in which events follow "rummage[PID]: " and what
// others wrote is passed over. The error is for a log that cannot be read any further; lines that make no sense are
// problems.
func ReadLog(r io.Reader, daemon bool) (*Log, error) {
	l := &Log{at: map[string]int{}, settled: map[string]bool{}}
	in := bufio.NewReaderSize(r, maxLogLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		ended := err == nil
		if errors.Is(err, bufio.ErrBufferFull) {
			line, ended = nil, true
			l.problem(n, errLogLine)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if line = bytes.TrimSpace(line); daemon {
			line = afterTag(line)
		}
		if len(line) > 0 {
			lineErr := errLogEnd
			if ended {
				lineErr = l.event(n, line)
			}
			if lineErr != nil {
				l.problem(n, lineErr)
			}
		}
		switch {
		case err != nil:
			l.settle()
			return l, nil
		case len(l.Passed) > maxPassed || l.refs > maxLogRefs:
			return nil, fmt.Errorf("more than %d pushes or %d refs that were let through", maxPassed, maxLogRefs)
		}
	}
}

// afterTag is the event in a line of a syslog daemon; empty where the line is another program's.
func afterTag(line []byte) []byte {
	tag := []byte(" rummage[")
	i := bytes.Index(line, tag)
	if i < 0 {
		return nil
	}
	digits := line[i+len(tag):]
	_, text, ok := bytes.Cut(digits, []byte("]: "))
	if !ok {
		return digits // which is no event
	}
	return text
}

func (l *Log) problem(line int, err error) {
	l.ProblemCount++
	if len(l.Problems) < maxToldLines {
		l.Problems = append(l.Problems, scan.Problem{Where: fmt.Sprintf("line %d", line), Why: err.Error()})
	}
}

// known are the events of a log.
var known = []string{eventBlock, eventWarn, eventBypass, eventExempt, eventTimeout, eventMemory, eventSize, eventError,
	eventInterrupted, eventFailOpen, eventRecheck, eventUncounted, eventUnasked}

func (l *Log) event(n int, line []byte) error {
	var e Event
	if err := json.Unmarshal(line, &e); err != nil || !isEventID(e.ID) || !slices.Contains(known, e.Event) {
		return errLogForm
	}
	if e.Event == eventRecheck {
		if !isEventID(e.Settles) {
			return errLogForm
		}
		l.settled[e.Settles] = true
		return nil
	}
	if !slices.Contains(letThrough, e.Event) {
		return nil
	}
	if e.Repository == "" || e.Head != "" && !isID(e.Head) || e.Parts < 0 || e.Part < 0 || e.Part > max(1, e.Parts) {
		return errLogForm
	}
	i, again := l.at[e.ID]
	if !again {
		i = len(l.Passed)
		l.at[e.ID] = i
		l.Passed = append(l.Passed, Passed{ID: e.ID, Event: e.Event, Time: e.Time, Repository: e.Repository, Head: e.Head,
			line: n, parts: max(1, e.Parts)})
	}
	p := &l.Passed[i]
	if p.parts--; p.Repository != e.Repository || p.Event != e.Event || p.parts < 0 {
		return errors.New("does not go with an earlier line of its id")
	}
	for _, r := range e.Refs {
		u := gitscan.Update{Ref: r.Name, Old: r.Old, New: r.New}
		if !isID(u.Old) || !isID(u.New) || len(u.Old) != len(u.New) || u.Ref == "" ||
			len(p.Updates) > 0 && len(u.New) != len(p.Updates[0].New) {
			return errLogForm
		}
		p.Updates = append(p.Updates, u)
		l.refs++
	}
	return nil
}

// settle takes out what has been searched since, and tells of events of which lines are missing.
func (l *Log) settle() {
	l.Passed = slices.DeleteFunc(l.Passed, func(p Passed) bool { return l.settled[p.ID] })
	for i := range l.Passed {
		if p := &l.Passed[i]; p.parts != 0 {
			l.problem(p.line, errors.New("lines that go on with it are missing"))
		}
	}
}
