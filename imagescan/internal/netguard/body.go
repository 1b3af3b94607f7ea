package netguard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// defaultLimit bounds answers that nobody expects to be long, as tokens, in bytes.
const defaultLimit = 1 << 20

// The errors that a body ends with.
var (
	ErrTooLong = errors.New("the answer is too long")
	ErrStalled = errors.New("the answer stalled")
)

type limitKey struct{}

// Limit says that the answers to requests of the context may have so many bytes, where that is more than the MiB that all
// may have: an error or a token, of the same context, may be longer than what was asked for. Reading more ends with
// ErrTooLong.
func Limit(ctx context.Context, bytes int64) context.Context {
	return context.WithValue(ctx, limitKey{}, bytes)
}

func limitOf(ctx context.Context) int64 {
	if n, ok := ctx.Value(limitKey{}).(int64); ok {
		return max(n, defaultLimit)
	}
	return defaultLimit
}

// body is the body of an answer. Its clock runs while it is read from, not while the reader is busy with what it got.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	clock  *time.Timer
	idle   time.Duration
	limit  int64 // still to come, at most
}

func newBody(ctx context.Context, cancel context.CancelCauseFunc, rc io.ReadCloser, limit int64, idle time.Duration) *body {
	b := &body{ReadCloser: rc, ctx: ctx, cancel: cancel, idle: idle, limit: limit}
	b.clock = time.AfterFunc(idle, func() { cancel(fmt.Errorf("%w: nothing for %s", ErrStalled, idle)) })
	b.clock.Stop()
	return b
}

// Read implements io.Reader. At the limit one more byte is asked for, to tell an answer that ends there.
func (b *body) Read(p []byte) (int, error) {
	if b.limit < 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > b.limit {
		p = p[:b.limit+1]
	}
	b.clock.Reset(b.idle)
	n, err := b.ReadCloser.Read(p)
	b.clock.Stop()
	if b.limit -= int64(n); b.limit < 0 {
		n, err = n-1, ErrTooLong
	}
	if err != nil {
		if cause := context.Cause(b.ctx); errors.Is(cause, ErrStalled) && err != io.EOF {
			err = cause
		}
		b.cancel(nil) // not everybody closes a body that has ended
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.clock.Stop()
	b.cancel(nil)
	return err
}
