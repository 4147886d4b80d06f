package config

import (
	"fmt"
	"strings"
)

// suggest returns `; did you mean "x"?` for the known word nearest to a misspelt one, or "; known are …" if none is near.
func suggest(word string, known []string) string {
	best, bestDistance := "", len(word)/3+2 // a third of the letters may be wrong, and one more
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(known) == 0 {
		return ""
	}
	return "; known are " + strings.Join(known, ", ")
}

// distance is the Levenshtein distance of two words in bytes. Words longer than any key are far from everything.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Suggest returns what to say after a word that is not among the known ones: `; did you mean "x"?` if one is near, else
// which there are. It is for other files than gateway.yaml.
func Suggest(word string, known []string) string { return suggest(word, known) }
