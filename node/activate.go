package node

import (
	"context"
	"encoding/json"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/blob"
)

// Activation is the record of a configuration that decides from here on: the
// names and content hashes of its files. The contents are kept for as long as
// the journal refers to them.
type Activation struct {
	Generation uint32            `json:"generation"`
	Files      map[string]string `json:"files"` // sha256 by path
	Backfilled uint64            `json:"backfilled_from,omitempty"`
}

// active is what decides now.
type active struct {
	Activation
	scorer *scoring.Scorer
}

// Activate compiles a configuration and, if it is sound, lets it decide from
// the next record on. An unsound one changes nothing. The same contents as
// now are no activation. It returns when the record is durable.
func (n *Node) Activate(files map[string][]byte) (changed bool, err error) {
	return n.ActivateContext(context.Background(), files)
}

// ActivateContext is [Node.Activate] for as long as ctx is not over: to make the
// histories of other features from a long journal takes its time. Cut short, it
// changes nothing, and its error is ctx's.
func (n *Node) ActivateContext(ctx context.Context, files map[string][]byte) (changed bool, err error) {
	n.activating.Lock()
	defer n.activating.Unlock()
	hashes := make(map[string]string, len(files))
	for name, content := range files {
		hashes[name] = blob.Hash(content)
	}
	if now := n.current.Load(); now != nil && sameFiles(now.Files, hashes) {
		return false, nil
	}
	scorer, err := scoring.Compile(files)
	if err != nil {
		return false, err
	}
	for name, content := range files {
		if _, err := n.blobs.Put(content); err != nil {
			return false, &tidegate.Error{Code: tidegate.CodeUnavailable, File: name, Message: "its contents can't be kept", Cause: err}
		}
	}
	next := &active{Activation: Activation{Files: hashes}, scorer: scorer}
	sequence, err := n.switchTo(ctx, next)
	if err != nil {
		return false, err
	}
	return true, n.journal.Wait(n.running, sequence)
}

// switchTo makes a compiled configuration decide. If it has other features,
// their histories are made from the journal first: almost all of it while the
// old configuration goes on deciding, the rest under the writer's lock. No
// checkpoint is under way when histories are emptied: it would need them.
func (n *Node) switchTo(ctx context.Context, next *active) (uint64, error) {
	n.checkpointing.Lock()
	n.lock()
	b, err := n.newBackfill(next)
	n.release()
	n.checkpointing.Unlock()
	if err != nil {
		return 0, err
	}
	if err := b.run(ctx, n.journal.Last(), true); err != nil {
		return 0, err
	}
	n.checkpointing.Lock()
	defer n.checkpointing.Unlock()
	if err := n.lockWithRoom(); err != nil {
		return 0, err
	}
	defer n.release()
	if err := b.run(ctx, n.journal.Last(), false); err != nil {
		return 0, err
	}
	next.Generation = n.generation + 1
	sequence, err := n.append(KindActivation, n.arrival(0), next.Activation)
	if err != nil {
		return 0, err
	}
	if err := n.install(next, b); err != nil {
		return 0, n.fail(err)
	}
	return sequence, nil
}

// install makes a configuration the one that decides, with its backfilled
// features if they are others. The caller holds the writer's lock, or is
// recovery.
func (n *Node) install(next *active, b *backfill) error {
	if b != nil {
		if err := n.known.Use(b.histories); err != nil {
			return err
		}
	}
	body, err := json.Marshal(next.Activation)
	if err != nil {
		return err
	}
	if err := n.known.KeepActivation(next.Generation, body); err != nil {
		return err
	}
	if err := next.scorer.Begin(n.known); err != nil {
		return err
	}
	n.counters.patterns.name(next.scorer.Patterns())
	n.scorer, n.generation = next.scorer, next.Generation
	n.generations.note(next)
	n.current.Store(next)
	return nil
}

// append writes a record whose body is JSON: rare ones.
func (n *Node) append(kind Kind, arrival tidegate.Millis, v any) (uint64, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, err
	}
	return n.journal.AppendFunc(func(b []byte) []byte {
		return append(appendHeader(b, kind, 0, n.head(arrival)), body...)
	})
}

// compile makes the scorer of a recorded activation from the kept contents.
func (n *Node) compile(a Activation) (*active, error) {
	files := make(map[string][]byte, len(a.Files))
	for name, hash := range a.Files {
		content, err := n.blobs.Get(hash)
		if err != nil {
			return nil, &tidegate.Error{Code: tidegate.CodeCorrupt, File: name, Message: "the contents that the journal refers to can't be read", Cause: err}
		}
		files[name] = content
	}
	scorer, err := scoring.Compile(files)
	if err != nil {
		const older = "this version refuses the configuration that decides by the journal: mend it under the version that took it, stop that one, and start this one"
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, Message: older, Cause: err}
	}
	return &active{Activation: a, scorer: scorer}, nil
}

func sameFiles(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, hash := range a {
		if b[name] != hash {
			return false
		}
	}
	return true
}
