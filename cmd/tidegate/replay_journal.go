package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
)

// decideAgain is replay --journal: the same records must give the same
// decisions.
func (c *replayCommand) decideAgain(ctx context.Context) error {
	bar := newProgress("deciding again", 0, true)
	result, err := node.Redecide(ctx, c.Journal, func(done, total uint64) {
		if bar.bar == nil {
			bar = newProgress("deciding again", int64(total), false)
		}
		bar.force(int64(done))
	})
	bar.done()
	if err != nil {
		return err
	}
	if c.JSON != "-" {
		fmt.Fprintf(os.Stdout, "%d decisions under %d configurations decided again: %d differ\n", result.Decisions, result.Activations, result.Differences)
	}
	if err := writeReport(c.JSON, result); err != nil {
		return err
	}
	if result.Differences > 0 {
		return tidegate.Errorf(tidegate.CodeCorrupt, "%d decisions differ, first %s", result.Differences, result.First)
	}
	return nil
}
