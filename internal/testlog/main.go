// Command testlog reads the output of go test -json and prints what a person
// wants to see of it: a line for each package, what failed in full, what was
// skipped and why, and the figures that tests print. With CI=true a skipped
// test is a failure.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
)

type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

type name struct{ pkg, test string }

// agrees are the lines in which tests say how much of an oracle they agree with.
var agrees = regexp.MustCompile(`\b[0-9]+ of [0-9]+ .*(pass|agree|refuse)|\b[0-9]+ values agree`)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 || len(os.Args) == 3 && os.Args[1] != "-failed" {
		fmt.Fprintln(os.Stderr, "usage: testlog [-failed] FILE")
		os.Exit(2)
	}
	onlyFailed := len(os.Args) == 3
	f, err := os.Open(os.Args[len(os.Args)-1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(2)
	}
	defer f.Close()
	output := map[name][]string{}
	var packages, skipped, failed []string
	failedPackages := map[string]bool{}
	passed := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			if !onlyFailed {
				fmt.Println(lines.Text()) // the go command's own words
			}
			continue
		}
		at := name{e.Package, e.Test}
		switch e.Action {
		case "output", "build-output":
			output[at] = append(output[at], e.Output)
			if agrees.MatchString(e.Output) {
				packages = append(packages, strings.TrimSpace(e.Output))
			}
		case "pass", "fail", "skip":
			if e.Test == "" {
				packages = append(packages, summary(e, output[at]))
			}
			switch {
			case e.Action == "fail":
				failedPackages[e.Package] = true
				failed = append(failed, e.Package+" "+e.Test+"\n"+strings.Join(output[at], ""))
			case e.Action == "skip" && e.Test != "":
				skipped = append(skipped, e.Package+" "+e.Test+"\n"+strings.Join(output[at], ""))
			case e.Test != "":
				passed++
			}
			delete(output, at)
		}
	}
	if onlyFailed {
		for p := range failedPackages {
			fmt.Println(p)
		}
		return
	}
	for _, f := range failed {
		fmt.Println(f)
	}
	sort.Strings(skipped)
	for _, s := range skipped {
		fmt.Println("skipped:", s)
	}
	for _, p := range packages {
		fmt.Println(p)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, len(failed), len(skipped))
	if len(failed) > 0 || len(skipped) > 0 && os.Getenv("CI") == "true" {
		os.Exit(1)
	}
}

// summary is the package's own last line, as go test prints it.
func summary(e event, output []string) string {
	for i := len(output) - 1; i >= 0; i-- {
		line := strings.TrimSpace(output[i])
		if strings.HasPrefix(line, "ok") || strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "?") {
			return line
		}
	}
	return fmt.Sprintf("%s\t%s\t%.2fs", e.Action, e.Package, e.Elapsed)
}
