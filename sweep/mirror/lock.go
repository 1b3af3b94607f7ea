package mirror

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// lockWait is how often a lock is tried that another has.
const lockWait = 20 * time.Millisecond

// lock waits for the lock with a name until ctx ends. The file stays for good: removing it would let two have the lock.
func (m *Mirror) lock(ctx context.Context, name string, exclusive bool) (*os.File, error) {
	for {
		f, err := m.tryLock(name, exclusive)
		if f != nil || err != nil {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, stopped(ctx, "")
		case <-time.After(lockWait):
		}
	}
}

// tryLock is nil without an error when another has the lock.
func (m *Mirror) tryLock(name string, exclusive bool) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(m.root, "locks", name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f, exclusive)
	if err != nil || !ok {
		f.Close()
		return nil, err
	}
	return f, nil
}
