// Package nearest finds what a misspelt name was probably meant to be.
package nearest

import "strings"

// maxRunes bounds the work: the distance takes the product of both lengths.
const maxRunes = 80

// To returns the candidate that is closest to name, or "" when none is close:
// at most a third of the name's characters may differ. A candidate that only
// lacks or adds a namespace (amount, tx.amount) is close.
func To(name string, candidates []string) string {
	best, bestDistance := "", len(name)/3+1
	if len(name) > maxRunes {
		return ""
	}
	for _, c := range candidates {
		if len(c) > maxRunes {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(c))
		if strings.HasSuffix(c, "."+name) || strings.HasSuffix(name, "."+c) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean is the end of an error message: `: did you mean "x"?`, or ""
// when nothing is close.
func DidYouMean(name string, candidates []string) string {
	if c := To(name, candidates); c != "" {
		return `: did you mean "` + c + `"?`
	}
	return ""
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours count one each.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before := make([]int, len(t)+1)
	last := make([]int, len(t)+1)
	row := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}
