package state

import (
	"context"
	"time"

	"github.com/tidegate/tidegate"
)

// awaitEvery is how often a standby looks whether the directory is free.
const awaitEvery = 100 * time.Millisecond

// AwaitDirectory is [LockDirectory] for a standby: it waits until the process
// that has the claim is gone. The directory may be on a volume that machines
// share, if its file system knows flock.
func AwaitDirectory(ctx context.Context, dir string, now func() time.Time) (*DirectoryLock, error) {
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for {
		lock, err := LockDirectory(dir, now())
		if err == nil || tidegate.CodeOf(err) != tidegate.CodeConflict {
			return lock, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
