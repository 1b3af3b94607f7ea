// Command timed runs commands in turn, A B C A B C …, as git runs a hook, and prints a row for each run. A shell's own
// clock is too coarse for programs that take a few milliseconds.
//
//	timed [-n RUNS] [-w WARM] [-anon] [-keep] [-each COMMAND] CASE NAME=COMMAND...
//
// CASE is a folder that hook.sh keeps of a push: cwd, the working directory; env, the environment that git sets, a line
// each; lines, what git writes to the hook. A COMMAND is split at spaces, no shell is asked. -each runs a command before
// every run, untimed. A row is "case name wall-ms cpu-ms peak-KB anon-KB exit-code": processor time and peak with those
// of children; anon is the most memory without pages of files that was seen, asked for every millisecond with -anon, which
// itself takes time, and 0 without. Runs that are to warm up leave no row. The program knows nothing else of rummage.
//
// Concurrency: one command at a time, and one goroutine that asks for its memory.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	t := timer{out: os.Stdout}
	flag.IntVar(&t.runs, "n", 50, "runs of each command")
	flag.IntVar(&t.warm, "w", 2, "runs of each command before")
	flag.BoolVar(&t.anon, "anon", false, "ask for the memory that is no file's")
	flag.BoolVar(&t.keep, "keep", false, "what the commands say goes to standard error")
	flag.StringVar(&t.each, "each", "", "command before each run")
	flag.Parse()
	if err := t.run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "timed:", err)
		os.Exit(1)
	}
}

type timer struct {
	runs, warm int
	anon, keep bool
	each       string
	out        io.Writer
}

func (t *timer) run(args []string) error {
	if len(args) < 2 {
		return errors.New("want a case and commands")
	}
	c, err := readCase(args[0])
	if err != nil {
		return err
	}
	for i := range t.warm + t.runs {
		for _, arg := range args[1:] {
			name, command, ok := strings.Cut(arg, "=")
			if !ok {
				return fmt.Errorf("%q: want NAME=COMMAND", arg)
			}
			m, err := t.measure(c, strings.Fields(command))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if i >= t.warm {
				_, err = fmt.Fprintf(t.out, "%s %s %.3f %.3f %d %d %d\n", c.name, name, ms(m.wall), ms(m.cpu), m.peak, m.anon, m.code)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// hookCase is a push that was kept.
type hookCase struct {
	name, cwd string
	env       []string
	lines     []byte
}

func readCase(dir string) (c hookCase, err error) {
	c.name = filepath.Base(dir)
	cwd, err := os.ReadFile(filepath.Join(dir, "cwd"))
	if err != nil {
		return c, err
	}
	c.cwd = strings.TrimSpace(string(cwd))
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		return c, err
	}
	c.env = os.Environ()
	for line := range strings.Lines(string(env)) {
		c.env = append(c.env, strings.TrimSuffix(line, "\n"))
	}
	c.lines, err = os.ReadFile(filepath.Join(dir, "lines"))
	return c, err
}

type measured struct {
	wall, cpu  time.Duration
	peak, anon int64 // KB
	code       int
}

// measure runs a command. A command that ends with a code is no error.
func (t *timer) measure(c hookCase, args []string) (m measured, err error) {
	if t.each != "" {
		each := strings.Fields(t.each)
		if err := exec.Command(each[0], each[1:]...).Run(); err != nil {
			return m, fmt.Errorf("-each: %w", err)
		}
	}
	if len(args) == 0 {
		return m, errors.New("empty command")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.cwd, c.env, bytes.NewReader(c.lines)
	if t.keep {
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return m, err
	}
	stop, asked := make(chan struct{}), make(chan int64)
	if t.anon {
		go func() { asked <- watch(cmd.Process.Pid, stop) }()
	}
	err = cmd.Wait()
	m.wall = time.Since(start)
	if t.anon {
		close(stop)
		m.anon = <-asked
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = nil
	}
	m.code = cmd.ProcessState.ExitCode()
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peak = usage.Maxrss
	}
	return m, err
}

// watch is the most anonymous memory of a process, in KB, until it is told to stop.
func watch(pid int, stop <-chan struct{}) (most int64) {
	file := fmt.Sprintf("/proc/%d/status", pid)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return most
		case <-tick.C:
		}
		status, _ := os.ReadFile(file)
		if _, rest, ok := bytes.Cut(status, []byte("RssAnon:")); ok {
			if fields := strings.Fields(string(rest)); len(fields) > 0 {
				n, _ := strconv.ParseInt(fields[0], 10, 64)
				most = max(most, n)
			}
		}
	}
}
