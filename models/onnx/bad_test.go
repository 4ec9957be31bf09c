package onnx

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

// mayAccept are the reasons in bad.json that leave a choice.
var mayAccept = map[string]bool{"invalid_tree_or_accept": true, "accept_or_too_large": true}

// TestBadFiles loads files that must be refused, and asks for the reason.
func TestBadFiles(t *testing.T) {
	for _, folder := range vectorFolders() {
		b, err := os.ReadFile(filepath.Join(folder, "bad", "bad.json"))
		if err != nil {
			t.Fatal(err)
		}
		var cases map[string]struct{ Reason, What string }
		if err := json.Unmarshal(b, &cases); err != nil {
			t.Fatal(err)
		}
		refused, accepted := 0, 0
		for name, want := range cases {
			t.Run(name, func(t *testing.T) {
				_, err := load(filepath.Join(folder, "bad", name+".onnx"), Options{})
				if err == nil {
					accepted++
					if !mayAccept[want.Reason] {
						t.Errorf("%s is accepted", want.What)
					}
					return
				}
				refused++
				var e *Error
				if !errors.As(err, &e) {
					t.Fatalf("%v is no *Error", err)
				}
				if tidegate.CodeOf(err) != tidegate.CodeConfig {
					t.Errorf("the code is %q", tidegate.CodeOf(err))
				}
				if !reasonFits(string(e.Reason), want.Reason) {
					t.Errorf("%s: refused as %q, want %q: %v", want.What, e.Reason, want.Reason, err)
				}
			})
		}
		fmt.Printf("bad files: %d refused, %d accepted where that is allowed\n", refused, accepted)
	}
}

// reasonFits takes "too_large_or_inconsistent" for "too_large" and for
// "inconsistent_lengths".
func reasonFits(got, want string) bool {
	return got == want || slices.ContainsFunc(strings.Split(want, "_or_"), func(one string) bool {
		return one != "accept" && strings.HasPrefix(got, one)
	})
}
