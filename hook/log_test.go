package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func bigEvent(what string, refs, findings int) Event {
	e := newEvent(what)
	e.Repository, e.RefCount, e.Count = "/srv/git/a.git", refs, findings
	for i := range refs {
		e.Refs = append(e.Refs, Ref{fmt.Sprintf("refs/heads/%d%s", i, strings.Repeat("<", i%maxLoggedName)), zero, one})
	}
	for range findings {
		e.Findings = append(e.Findings, Record{Fingerprint: strings.Repeat("f", 32), Rule: "rule", Path: strings.Repeat("p", maxLoggedText)})
	}
	return e
}

// TestEventLines: no line is longer than it may be, what does not fit is counted all the same, and the refs of what was let
// through are all there when it is read back.
func TestEventLines(t *testing.T) {
	for _, limit := range []int{maxMessage, maxEventLine} {
		for _, what := range []string{eventBlock, eventFailOpen, eventExempt} {
			e := bigEvent(what, 1234, 99)
			lines, err := e.lines(limit)
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range lines {
				var got Event
				if err := json.Unmarshal(l, &got); err != nil || len(l) > limit || got.ID != e.ID || got.RefCount != 1234 {
					t.Errorf("%s: %d bytes, %v: %.200s", what, len(l), err, l)
				}
				if i == 0 && (got.Count != 99 || len(got.Findings) == 0 || len(got.Refs) == 0) {
					t.Errorf("%s: %d findings of %d, %d refs", what, len(got.Findings), got.Count, len(got.Refs))
				}
			}
			log, err := ReadLog(bytes.NewReader(append(bytes.Join(lines, []byte("\n")), '\n')), false)
			if err != nil || log.ProblemCount > 0 {
				t.Fatal(err, log.Problems)
			}
			switch {
			case what == eventBlock:
				if len(lines) != 1 || len(log.Passed) != 0 {
					t.Errorf("%d lines, %v", len(lines), log.Passed)
				}
			case len(log.Passed) != 1 || len(log.Passed[0].Updates) != 1234:
				t.Errorf("%s: read back as %d", what, len(log.Passed))
			}
		}
	}
	e := bigEvent(eventFailOpen, 10, 0)
	e.Repository = strings.Repeat("<", maxMessage)
	if _, err := e.lines(maxMessage); err == nil {
		t.Error("refs were lost")
	}
}

// TestReadLogMissing: an event of which a line is gone, or came twice, is told of.
func TestReadLogMissing(t *testing.T) {
	lines, err := bigEvent(eventFailOpen, 500, 0).lines(maxMessage)
	if err != nil {
		t.Fatal(err)
	}
	for _, some := range [][][]byte{lines[1:], lines[:len(lines)-1], append(slices.Clone(lines), lines[0])} {
		log, err := ReadLog(bytes.NewReader(append(bytes.Join(some, []byte("\n")), '\n')), false)
		if err != nil || log.ProblemCount == 0 {
			t.Errorf("%d of %d lines: %v", len(some), len(lines), err)
		}
	}
}

func FuzzReadLog(f *testing.F) {
	lines, err := bigEvent(eventFailOpen, 60, 3).lines(maxMessage)
	if err != nil {
		f.Fatal(err)
	}
	for _, l := range lines {
		f.Add(append(l, '\n'))
	}
	f.Add([]byte(`{"id":"0123456789abcdef","event":"recheck","settles":"0123456789abcdef"}` + "\n"))
	f.Add([]byte("Nov 28 03:00:00 host rummage[12]: {}\n\nhalf"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, daemon := range []bool{false, true} {
			log, err := ReadLog(bytes.NewReader(data), daemon)
			if err != nil {
				t.Fatal(err)
			}
			for i := range log.Passed {
				p := &log.Passed[i]
				if !isEventID(p.ID) || p.Repository == "" || p.parts != 0 && log.ProblemCount == 0 {
					t.Errorf("%+v", p)
				}
				for _, u := range p.Updates {
					if !isID(u.Old) || !isID(u.New) {
						t.Errorf("%+v", u)
					}
				}
			}
			if n := int64(bytes.Count(data, []byte{'\n'})); log.ProblemCount > 2*n+2 || len(log.Problems) > maxToldLines {
				t.Errorf("%d problems", log.ProblemCount)
			}
			for _, p := range log.Problems {
				if strings.Contains(p.Why, "\n") {
					t.Errorf("%q", p.Why)
				}
			}
		}
	})
}

// TestReadLogLong: a line without end costs one problem and no memory, and the lines after it count.
func TestReadLogLong(t *testing.T) {
	lines, err := bigEvent(eventFailOpen, 1, 0).lines(maxMessage)
	if err != nil {
		t.Fatal(err)
	}
	log, err := ReadLog(strings.NewReader(strings.Repeat("x", 3*maxLogLine)+"\n"+string(lines[0])+"\n"), false)
	if err != nil || log.ProblemCount != 1 || log.Problems[0].Where != "line 1" || len(log.Passed) != 1 {
		t.Errorf("%+v, %v", log, err)
	}
}

// brokenFile takes some bytes and no more.
type brokenFile struct {
	*os.File
	takes int
	cut   bool
}

var errFull = errors.New("disk full")

func (f *brokenFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p[:min(len(p), f.takes)])
	if err == nil && n < len(p) {
		err = errFull
	}
	return n, err
}

func (f *brokenFile) Truncate(size int64) error {
	if !f.cut {
		return errors.ErrUnsupported
	}
	return f.File.Truncate(size)
}

// TestAppendToFullDisk: half a line is taken back, or else the next one begins anew.
func TestAppendToFullDisk(t *testing.T) {
	for _, cut := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "log")
		if err := appendLog(path, []byte("{1}\n")); err != nil {
			t.Fatal(err)
		}
		file, readable, err := openLog(path)
		if err != nil || !readable {
			t.Fatal(err)
		}
		if err := appendLines(&brokenFile{file, 2, cut}, []byte("{2}\n"), true, true); !errors.Is(err, errFull) {
			t.Error(err)
		}
		file.Close()
		if err := appendLog(path, []byte("{3}\n")); err != nil {
			t.Fatal(err)
		}
		want := "{1}\n{3}\n"
		if !cut {
			want = "{1}\n{2\n{3}\n"
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// TestAppendTogether: many who append at once lose nothing and mix nothing.
func TestAppendTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 5 {
				if err := appendEvents(path, []Event{bigEvent(eventFailOpen, 20, 20)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	log, err := ReadLogFile(path, false)
	if err != nil || log.ProblemCount != 0 || len(log.Passed) != 100 {
		t.Errorf("%d, %v, %v", len(log.Passed), log.Problems, err)
	}
}

func TestSyslog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no syslog")
	}
	dir, err := os.MkdirTemp("", "s") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "log")
	audit := "syslog:local3:" + socket
	if err := appendEvents(audit, []Event{newEvent(eventWarn)}); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("nobody listens: %v", err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	event := bigEvent(eventExempt, 60, 99)
	done := make(chan error, 1)
	go func() { done <- appendEvents(audit, []Event{event, newEvent(eventWarn)}) }()
	var all strings.Builder
	buffer := make([]byte, 1<<16)
	for !strings.Contains(all.String(), `"event":"warn"`) {
		n, err := conn.Read(buffer)
		if err != nil || n > 8<<10 {
			t.Fatal(n, err)
		}
		if n < 5 || string(buffer[:5]) != "<156>" && string(buffer[:5]) != "<157>" { // local3, warning and notice
			t.Errorf("%.80q", buffer[:n])
		}
		fmt.Fprintf(&all, "%s\nNov 28 03:00:00 host other[1]: of another program\n", buffer[5:n])
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	log, err := ReadLog(strings.NewReader(all.String()), true)
	if err != nil || log.ProblemCount != 0 || len(log.Passed) != 1 || len(log.Passed[0].Updates) != 60 || log.Passed[0].ID != event.ID {
		t.Errorf("%+v, %v", log, err)
	}
	for audit, ok := range map[string]bool{"syslog": true, "syslog:": true, "syslog:local0": true, "syslog::/x": true, "syslog:none": false,
		"syslog:local0:x": false} {
		if _, is, err := parseSyslog(audit); !is || (err == nil) != ok {
			t.Errorf("%s: %v", audit, err)
		}
	}
	if _, is, _ := parseSyslog("syslogs"); is {
		t.Error("a file was taken for syslog")
	}
}
