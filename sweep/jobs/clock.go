package jobs

import (
	"context"
	"sync"
	"time"
)

// clock is the database's: a worker whose own is wrong, or jumps, would have jobs wait for as long as it is ahead. It implements
// rivertype.TimeGenerator.
type clock struct {
	mu  sync.Mutex
	now time.Time // of the database
	at  time.Time // when it was asked, of which the monotonic reading alone counts
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.at = now, time.Now()
}

// Now implements rivertype.TimeGenerator.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Add(time.Since(c.at))
}

// NowOrNil implements rivertype.TimeGenerator: the database knows.
func (c *clock) NowOrNil() *time.Time { return nil }

// setClock asks the database.
func (j *Jobs) setClock(ctx context.Context) error {
	var ms int64
	err := j.db.QueryRowContext(ctx, j.db.q("SELECT NOW")).Scan(&ms)
	if err == nil {
		j.clock.set(time.UnixMilli(ms))
	}
	return err
}
