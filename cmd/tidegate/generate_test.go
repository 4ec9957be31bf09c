package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Zero of something is not its default, and what makes no stream is refused
// before a file of before is overwritten.
func TestGenerateRefusesWhatMakesNoStream(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	write(t, file, "of before\n")
	for _, c := range []struct{ args, why string }{
		{"-n 0", "-n, --transactions is 0: write 1 or more"},
		{"-n-5", "-n, --transactions is -5: write 1 or more"},
		{"--customers=0", "--customers is 0: write 1 or more"},
		{"--customers=-1", "--customers is -1: write 1 or more"},
		{"--days=0", "--days is 0: write 1 or more"},
		{"--days=-3", "--days is -3: write 1 or more"},
		{"--fraud-share=-0.1", "--fraud-share is -0.1: write a share from 0 to 1, as 0.01"},
		{"--fraud-share=5", "--fraud-share is 5: write a share from 0 to 1, as 0.01"},
		{"--fraud-share=NaN", "--fraud-share is NaN: write a share from 0 to 1, as 0.01"},
		{"--label-delay=-1h", "--label-delay is -1h0m0s: a label can't come before its payment"},
	} {
		out, err := exec.Command(binary, append([]string{"generate", "-o", file}, strings.Fields(c.args)...)...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 65 || string(out) != "tidegate: "+c.why+"\n" {
			t.Errorf("%s: %v %s", c.args, err, out)
		}
	}
	if left, err := os.ReadFile(file); err != nil || string(left) != "of before\n" {
		t.Errorf("the file was overwritten: %q, %v", left, err)
	}
	out, err := exec.Command(binary, "generate", "-n", "300", "--fraud-share", "0", "-o", file).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("300 payments, 0 of them fraud")) {
		t.Errorf("without fraud: %v %s", err, out)
	}
}
