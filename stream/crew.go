package stream

import "sync"

// crew are goroutines that end together.
type crew struct {
	wg   sync.WaitGroup
	once sync.Once
	done chan struct{}
}

func (c *crew) start(f func()) {
	c.once.Do(c.init)
	c.wg.Go(f)
}

func (c *crew) init() { c.done = make(chan struct{}) }

func (c *crew) running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

func (c *crew) stop() {
	c.once.Do(c.init)
	close(c.done)
}

func (c *crew) wait() { c.wg.Wait() }
