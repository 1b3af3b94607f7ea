package external

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// process is a program to be run once.
type process struct {
	path  string // absolute
	args  []string
	dir   string
	env   []string
	limit time.Duration
	// memory bounds the address space, in bytes; 0: not at all.
	memory int64
	// asked says that it is to be asked to end, and killed only when it does not: ours reports what it has found.
	asked bool
	look  func(line []byte) // at each line of standard error, while it runs; may be nil
}

// ended is what came of it.
type ended struct {
	stdout []byte
	stderr *tail
	// code is the exit status; -1 when there is none.
	code int
	// why says, in one line, why it did not end by itself; empty when it did.
	why string
}

// pipeGrace is how long after its end the program's output may be held open by what it left behind.
const pipeGrace = 2 * time.Second

var (
	errOutput = fmt.Errorf("wrote more than %d MiB", maxOutput>>20)
	errTime   = errors.New("time limit")
)

// askedGrace is how long one that was asked to end may take for that.
const askedGrace = 5 * time.Second

// run runs it and returns when it and all of its process group are gone, which is at once when ctx ends, unless it is to
// be asked.
func (p *process) run(ctx context.Context) ended {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, p.limit, errTime)
	defer cancel()

	out := &capped{limit: maxOutput, over: func() { stop(errOutput) }}
	end := ended{stderr: &tail{look: p.look}, code: -1}
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, p.env, out, end.stderr
	cmd.Cancel, cmd.WaitDelay = func() error { return p.end(ctx, cmd) }, pipeGrace
	if p.asked {
		cmd.WaitDelay = askedGrace
	}
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		end.why = "could not be started: " + cause(err)
		if ctx.Err() != nil {
			end.why = whyStopped(ctx, p.limit)
		}
		return end
	}
	if p.memory > 0 {
		if err := limitMemory(cmd, p.memory); err != nil {
			stop(fmt.Errorf("its memory could not be limited: %w", err))
		}
	}
	err := reap(cmd)
	end.stderr.end()
	end.stdout, end.code = out.kept.Bytes(), cmd.ProcessState.ExitCode()
	switch {
	case ctx.Err() != nil:
		end.why = whyStopped(ctx, p.limit)
	case errors.Is(err, exec.ErrWaitDelay):
		end.why = "left processes behind that kept its output open"
	case end.code < 0:
		end.why = "ended by " + cmd.ProcessState.String()
	}
	return end
}

// end asks it to end, or kills it and its group.
func (p *process) end(ctx context.Context, cmd *exec.Cmd) error {
	if p.asked && !errors.Is(context.Cause(ctx), errOutput) && cmd.Process.Signal(os.Interrupt) == nil { // which Windows has not
		return nil
	}
	return killGroup(cmd)
}

// whyStopped says why the program was stopped.
func whyStopped(ctx context.Context, limit time.Duration) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errTime):
		return fmt.Sprintf("took more than %s", limit)
	case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
		return "interrupted"
	default:
		return cause.Error()
	}
}

// cause is an error of the system without the path that it is about, which the message has already.
func cause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
