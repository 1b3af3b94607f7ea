package sweep

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"rummage/report"
	"rummage/sweep/store"
)

// Children are processes that search, each one repository at a time and many one after the other. What a repository does to
// its process is that repository's failure, and the next one has a new process.
type Children struct {
	command func() *exec.Cmd // that runs Serve on its standard input and output

	mu   sync.Mutex
	idle []*child
}

// childSearches is after how many searches a process is replaced, so that what leaks does not add up.
const childSearches = 500

// NewChildren has processes started by command, which sets neither input nor outputs.
func NewChildren(command func() *exec.Cmd) *Children { return &Children{command: command} }

// child is a process.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	told *lastLine
	done int // searches
}

// reply is what a child says about a task: an answer, or why there is none.
type reply struct {
	Answer *Answer `json:",omitempty"`
	Broken string  `json:",omitempty"`
	Fenced bool    `json:",omitempty"` // another worker has the repository now
}

// maxReply bounds a line that a child says. What it searches may have taken it over.
const maxReply = 64 << 10

// Search has a child do a task. When the context ends, the child is interrupted, and killed if it goes on.
func (c *Children) Search(ctx context.Context, t *Task) (*Answer, error) {
	one, err := c.take()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, one.end)
	r, err := one.ask(t)
	if !stop() {
		<-ctx.Done()
		return &Answer{}, errors.Join(ctx.Err(), one.bury())
	}
	if err != nil {
		return &Answer{Error: one.epitaph()}, nil
	}
	if one.done++; one.done < childSearches {
		c.mu.Lock()
		c.idle = append(c.idle, one)
		c.mu.Unlock()
	} else {
		err = one.bury()
	}
	switch {
	case r.Fenced:
		return nil, store.ErrFenced
	case r.Answer == nil:
		return nil, errors.New(report.Escape(r.Broken))
	}
	return r.Answer, err
}

func (c *Children) take() (*child, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		one := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return one, nil
	}
	one := &child{cmd: c.command(), told: &lastLine{}}
	var err error
	if one.in, err = one.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := one.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	one.cmd.Stderr = one.told
	one.out = bufio.NewReaderSize(out, maxReply)
	return one, one.cmd.Start()
}

// Close ends the children that are idle.
func (c *Children) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, one := range c.idle {
		err = errors.Join(err, one.bury())
	}
	c.idle = nil
	return err
}

func (c *child) ask(t *Task) (r reply, err error) {
	line, err := json.Marshal(t)
	if err != nil {
		return r, err
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return r, err
	}
	line, err = c.out.ReadSlice('\n')
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(line, &r)
}

// interruptGrace is how long an interrupted child may take to write down what it did.
const interruptGrace = 5 * time.Second

func (c *child) end() {
	_ = c.cmd.Process.Signal(os.Interrupt)
	time.AfterFunc(interruptGrace, func() { _ = c.cmd.Process.Kill() })
}

// bury waits for the end of a child that is to end by itself.
func (c *child) bury() error {
	_ = c.in.Close()
	kill := time.AfterFunc(interruptGrace, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	_, _ = io.Copy(io.Discard, c.out)
	var exit *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// epitaph says what a child died of. A line that no child says is treated the same way: it is not heard again.
func (c *child) epitaph() string {
	_ = c.cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, c.out)
	err := c.cmd.Wait()
	text := strings.TrimPrefix(c.told.text(), "rummage: ")
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() < 0 || text == "") {
		return fmt.Sprintf("the search ended by itself: %s", exit)
	}
	if text == "" {
		text = "the search ended by itself"
	}
	return text
}

// lastLine keeps the end of what is written to it.
type lastLine struct {
	mu  sync.Mutex
	end []byte
}

const maxLastLine = 4 << 10

// Write implements io.Writer.
func (l *lastLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = append(l.end, p...)
	if n := len(l.end) - maxLastLine; n > 0 {
		l.end = append(l.end[:0], l.end[n:]...)
	}
	return len(p), nil
}

func (l *lastLine) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(l.end)), "\n")
	return report.Escape(lines[len(lines)-1])
}

// Serve does the tasks that come in, a line of JSON each, and answers with a line each, until there are no more.
func (s *Sweeper) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	tasks := json.NewDecoder(in)
	for ctx.Err() == nil {
		t := &Task{}
		if err := tasks.Decode(t); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var r reply
		answer, err := s.Search(ctx, t)
		switch {
		case errors.Is(err, store.ErrFenced):
			r.Fenced = true
		case err != nil:
			r.Broken = report.Escape(err.Error())
		default:
			r.Answer = answer
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return ctx.Err()
}
