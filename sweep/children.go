package sweep

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
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
	terms   string           // see Sweeper.terms

	starting sync.WaitGroup // see Ready

	mu   sync.Mutex
	idle []*child
}

// childSearches is after how many searches a process is replaced, so that what leaks does not add up.
const childSearches = 500

// NewChildren has processes started by command, which sets neither input nor outputs and has Serve run with what s was opened
// with.
func NewChildren(s *Sweeper, command func() *exec.Cmd) *Children {
	return &Children{command: command, terms: s.terms()}
}

// terms are the same for processes that search with the same rules for the same database.
func (s *Sweeper) terms() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", s.rules.Hash(), s.config.Database, s.config.MaxBlob))
	return hex.EncodeToString(sum[:])
}

// child is a process.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	told *lastWords
	done int    // searches
	dir  string // of the last one
}

// reply is what a child says about a task: an answer, or why there is none.
type reply struct {
	Terms  string  `json:",omitempty"` // the first line: it is ready to search, see Sweeper.terms
	Answer *Answer `json:",omitempty"`
	Broken string  `json:",omitempty"`
	Fenced bool    `json:",omitempty"` // another worker has the repository now
	// Unwritable: what is broken is the database, see store.ErrUnwritable
	Unwritable bool `json:",omitempty"`
}

// unwritableError is store.ErrUnwritable as a child told it.
type unwritableError string

func (e unwritableError) Error() string { return string(e) }

// Is implements errors.Is.
func (e unwritableError) Is(target error) bool { return target == store.ErrUnwritable }

// maxReply bounds a line that a child says. What it searches may have taken it over.
const maxReply = 64 << 10

// Search has a child do a task. When the context ends, the child is told so, and killed if it goes on.
func (c *Children) Search(ctx context.Context, t *Task) (*Answer, error) {
	one, err := c.take(ctx, t)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, one.end)
	r, err := one.hear()
	if !stop() {
		<-ctx.Done()
		return &Answer{}, errors.Join(ctx.Err(), one.bury())
	}
	if err != nil {
		text := one.epitaph()
		if !errors.Is(err, io.EOF) {
			text = "the search answered with what cannot be read"
		}
		return &Answer{Error: text}, nil
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
	case r.Unwritable:
		return nil, unwritableError(report.Escape(r.Broken))
	case r.Answer == nil:
		return nil, errors.New(report.Escape(r.Broken))
	}
	return r.Answer, err
}

// take has a child told a task, a new one where no other is idle. One that died while it was idle did not die of the task.
func (c *Children) take(ctx context.Context, t *Task) (*child, error) {
	c.starting.Wait()
	for {
		c.mu.Lock()
		n := len(c.idle)
		if n == 0 {
			c.mu.Unlock()
			break
		}
		at := slices.IndexFunc(c.idle, func(one *child) bool { return one.dir == t.Dir }) // it has what forks share in memory
		if at < 0 {
			at = n - 1
		}
		one := c.idle[at]
		c.idle = slices.Delete(c.idle, at, at+1)
		c.mu.Unlock()
		if one.ask(t) == nil {
			return one, nil
		}
		one.epitaph()
	}
	one, err := c.start(ctx)
	if err != nil {
		return nil, err
	}
	if err := one.ask(t); err != nil {
		return nil, fmt.Errorf("the process that searches: %s", one.epitaph())
	}
	return one, nil
}

// Ready starts so many children, which Search then finds started. What keeps them from it Search will tell. It is to be called
// before Search.
func (c *Children) Ready(ctx context.Context, n int) {
	for range n {
		c.starting.Go(func() {
			if one, err := c.start(ctx); err == nil {
				c.mu.Lock()
				c.idle = append(c.idle, one)
				c.mu.Unlock()
			}
		})
	}
}

// start starts a child and waits until it is ready: what keeps it from that says nothing about a repository.
func (c *Children) start(ctx context.Context) (*child, error) {
	one := &child{cmd: c.command(), told: &lastWords{}}
	var err error
	if one.in, err = one.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := one.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	one.cmd.Stderr, one.cmd.WaitDelay = one.told, interruptGrace
	one.out = bufio.NewReaderSize(out, maxReply)
	if err := one.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the process that searches: %w", err)
	}
	stop := context.AfterFunc(ctx, one.end)
	r, err := one.hear()
	switch {
	case !stop():
		return nil, errors.Join(ctx.Err(), one.bury())
	case err != nil:
		return nil, fmt.Errorf("the process that searches: %s", one.epitaph())
	case r.Terms != c.terms:
		return nil, errors.Join(errors.New("the configuration, the rules or the program have changed meanwhile: start again"), one.bury())
	}
	return one, nil
}

// Close ends the children that are idle.
func (c *Children) Close() error {
	c.starting.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, one := range c.idle { // all at once
		_ = one.in.Close()
	}
	for _, one := range c.idle {
		err = errors.Join(err, one.bury())
	}
	c.idle = nil
	return err
}

func (c *child) ask(t *Task) error {
	line, err := json.Marshal(t)
	if err != nil {
		return err
	}
	c.dir = t.Dir
	_, err = c.in.Write(append(line, '\n'))
	return err
}

func (c *child) hear() (r reply, err error) {
	line, err := c.out.ReadSlice('\n')
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(line, &r)
}

// interruptGrace is how long a child that is to end may take to write down what it did.
const interruptGrace = 5 * time.Second

// end has a child end: it reads that there are no more tasks.
func (c *child) end() {
	_ = c.in.Close()
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

// epitaph says what a child died of, which may have been killed just now: who said what no child says is not heard again.
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

// lastWords keep the beginning and the end of what is written to them.
type lastWords struct {
	mu         sync.Mutex
	begin, end []byte
}

const maxLastWords = 4 << 10

// Write implements io.Writer.
func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin = append(l.begin, p[:min(len(p), maxLastWords-len(l.begin))]...)
	l.end = append(l.end, p...)
	if n := len(l.end) - maxLastWords; n > 0 {
		l.end = append(l.end[:0], l.end[n:]...)
	}
	return len(p), nil
}

// text is the last line. Of a crash it is the runtime's reason: a panic's may quote what was read.
func (l *lastWords) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text := string(l.begin); strings.Contains(text, "\ngoroutine ") {
		if _, after, ok := strings.Cut("\n"+text, "\nfatal error: "); ok {
			reason, _, _ := strings.Cut(after, "\n")
			return "the search crashed: " + report.Escape(reason)
		}
		return "the search crashed"
	}
	lines := strings.Split(strings.TrimSpace(string(l.end)), "\n")
	return report.Escape(lines[len(lines)-1])
}

// Serve says that it is ready, does the tasks that come in, a line of JSON each, and answers with a line each. It ends when there
// are no more, and what it is at then: who asked is gone, or wants it to end.
func (s *Sweeper) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tasks := make(chan *Task)
	go func() {
		defer close(tasks)
		lines := json.NewDecoder(in)
		for {
			t := &Task{}
			if err := lines.Decode(t); err != nil {
				cancel(err)
				return
			}
			select {
			case tasks <- t:
			case <-ctx.Done():
				return
			}
		}
	}()
	say := func(r reply) error {
		line, err := json.Marshal(r)
		if err == nil {
			_, err = out.Write(append(line, '\n'))
		}
		return err
	}
	if err := say(reply{Terms: s.terms()}); err != nil {
		return err
	}
	for t := range tasks {
		if err := say(s.reply(ctx, t)); err != nil {
			return err
		}
	}
	if err := context.Cause(ctx); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// reply is the answer to a task.
func (s *Sweeper) reply(ctx context.Context, t *Task) reply {
	answer, err := s.Search(ctx, t)
	switch {
	case errors.Is(err, store.ErrFenced):
		return reply{Fenced: true}
	case err != nil:
		return reply{Broken: report.Escape(err.Error()), Unwritable: errors.Is(err, store.ErrUnwritable)}
	}
	return reply{Answer: answer}
}
