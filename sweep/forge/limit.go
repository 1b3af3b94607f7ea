package forge

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// unsaidWait is for a limit that does not say when it ends, and doubles, as GitHub asks for.
	unsaidWait = time.Minute
	// maxSaid bounds what a server may say, so that arithmetic with it is safe.
	maxSaid = 366 * 24 * time.Hour
)

// limited tells whether an answer is that of a rate limit, and how long it lasts, after some waits for it. GitHub answers 403 to
// both of its limits.
func (f *Forge) limited(a *answer, waits int) (time.Duration, bool) {
	unsaid := unsaidWait << waits
	switch a.status {
	case http.StatusTooManyRequests:
	case http.StatusForbidden:
		spent := a.header.Get("X-RateLimit-Remaining") == "0"
		if a.header.Get("Retry-After") == "" && !spent && !(f.config.Kind == GitHub && saysLimit(a.body)) {
			return 0, false
		}
	default:
		return 0, false
	}
	if a.header.Get("Retry-After") != "" {
		return max(f.retryAfter(a), time.Second), true
	}
	remaining := a.header.Get("X-RateLimit-Remaining")
	if remaining != "" && remaining != "0" { // a secondary limit: the reset of the primary one says nothing of it
		return unsaid, true
	}
	for _, name := range []string{"X-RateLimit-Reset", "RateLimit-Reset"} {
		if said := a.header.Get(name); said != "" {
			return f.untilReset(a, said), true
		}
	}
	return unsaid, true
}

func saysLimit(body []byte) bool {
	return strings.Contains(strings.ToLower(string(body[:min(len(body), 4096)])), "rate limit")
}

// untilReset reads a time in seconds since 1970 by the server's clock, or a number of seconds.
func (f *Forge) untilReset(a *answer, said string) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(said), 10, 64)
	if err != nil || n < 0 {
		return unsaidWait
	}
	const epoch = 1_000_000_000
	if n < epoch {
		return bounded(n)
	}
	return bounded(n - f.serverNow(a).Unix() + 1) // a time in whole seconds may be the end of one
}

// retryAfter is what the header of that name says, 0 without it.
func (f *Forge) retryAfter(a *answer) time.Duration {
	said := strings.TrimSpace(a.header.Get("Retry-After"))
	if said == "" {
		return 0
	}
	if n, err := strconv.ParseInt(said, 10, 64); err == nil {
		return bounded(n)
	}
	if t, err := http.ParseTime(said); err == nil {
		return bounded(int64(t.Sub(f.serverNow(a))/time.Second) + 1)
	}
	return unsaidWait
}

// serverNow is the clock that the server's times are of.
func (f *Forge) serverNow(a *answer) time.Time {
	if t, err := http.ParseTime(a.header.Get("Date")); err == nil {
		return t
	}
	return f.opts.Now()
}

func bounded(seconds int64) time.Duration {
	return time.Duration(min(max(seconds, 1), int64(maxSaid/time.Second))) * time.Second
}
