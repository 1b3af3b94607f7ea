package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Error is why a message was not sent, in one line without secrets.
type Error struct {
	Channel   string
	Reason    string
	Permanent bool          // the receiver understood this message and will not have it: sending it again will not do
	After     time.Duration // the receiver asks not to be tried again before
	Err       error         // what led to it; its text may have more than should be shown
}

func (e *Error) Error() string {
	if e.Channel == "" {
		return e.Reason
	}
	return "channel " + plain(e.Channel, maxName) + ": " + e.Reason
}

func (e *Error) Unwrap() error { return e.Err }

const (
	maxReason = 300
	maxAfter  = 24 * time.Hour
)

func permanent(format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...), Permanent: true}
}

func temporary(format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...)}
}

// statusError is of an answer that is none of success. What refuses the message is permanent. What refuses the credential or
// the address is not: those can be mended, and until then nothing should be lost.
func statusError(what string, r *http.Response, detail string, now time.Time) error {
	e := &Error{Reason: fmt.Sprintf("%s: %d %s", what, r.StatusCode, http.StatusText(r.StatusCode))}
	if detail != "" {
		e.Reason += ": " + detail
	}
	after, limited := limit(r, now)
	switch code := r.StatusCode; {
	case limited:
		e.After = after
	case code >= 300 && code < 400:
		e.Reason += ": redirects are not followed: give the address that it has now"
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusProxyAuthRequired:
		e.Reason += ": is its credential right, and may it do this?"
	case code == http.StatusNotFound || code == http.StatusRequestTimeout || code == http.StatusTooEarly:
	case code >= 400 && code < 500:
		e.Permanent = true
	}
	return e
}

// limit says whether the receiver has had enough for now, and for how long. GitHub tells with 403, too.
func limit(r *http.Response, now time.Time) (time.Duration, bool) {
	after := retryAfter(r.Header.Get("Retry-After"), now)
	switch r.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
	case http.StatusForbidden:
		if after == 0 && r.Header.Get("X-RateLimit-Remaining") != "0" {
			return 0, false
		}
	default:
		return 0, false
	}
	if after == 0 {
		if reset, err := strconv.ParseInt(r.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil && r.Header.Get("X-RateLimit-Remaining") == "0" {
			after = bounded(time.Unix(reset, 0).Sub(now))
		}
	}
	return after, true
}

// retryAfter reads that header: seconds or a date; 0 where it says nothing.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return bounded(time.Duration(min(n, int64(maxAfter/time.Second))) * time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return bounded(t.Sub(now))
	}
	return 0
}

func bounded(d time.Duration) time.Duration { return max(0, min(d, maxAfter)) }

// connectError is of a request or connection that had no answer. The address is left out, since it may be a secret.
func connectError(ctx context.Context, what string, err error, secrets ...string) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	var n net.Error
	reason := plain(scrub(err.Error(), secrets), maxReason)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &n) && n.Timeout():
		reason = "no answer in time"
	case ctx.Err() != nil:
		reason = "interrupted"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		reason = "it ended the connection"
	}
	return &Error{Reason: what + ": " + reason, Err: err}
}

// scrub takes secrets out of a text.
func scrub(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "xxxxx")
		}
	}
	return s
}
