package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// History that comes into a directory that has served leaves the publisher's
// position alone: what was decided live and is not published yet stays to be.
// A directory that is new gets one behind its history.
func TestReplayIntoKeepsWhatIsToBePublished(t *testing.T) {
	conf, dir := configDir(t, "{}\n"), t.TempDir()
	past := filepath.Join(dir, "past.jsonl")
	write(t, past, `{"timestamp":"`+time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)+`","transaction_id":"past","customer_id":"c-1","amount":1,"currency":"EUR"}`+"\n")
	into := func(data string) {
		t.Helper()
		out, err := exec.Command(binary, "replay", "--config", filepath.Join(conf, "tidegate.yaml"), "--input", past, "--into", data).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	served, fresh := filepath.Join(dir, "served"), filepath.Join(dir, "fresh")
	s := serve(t, conf, served)
	s.post("/v1/authorize", payment("live", "c-1", 500))
	if code := s.signalled(syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &s.stderr)
	}
	for range 2 {
		into(served)
		into(fresh)
	}
	if _, err := os.Stat(filepath.Join(served, publishedFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the live decision counts as published (%v)", err)
	}
	if _, err := os.Stat(filepath.Join(fresh, publishedFile)); err != nil {
		t.Error(err)
	}
	s = serve(t, conf, served)
	for _, id := range []string{"live", "past"} {
		if status, body := s.get("/v1/decisions/" + id); status != 200 {
			t.Errorf("%s: %d %s", id, status, body)
		}
	}
}
