package word

// Nearest is the probably intended word, or "": the one with the fewest typing errors, at most one
// in three letters.
func Nearest(typed string, words []string) string {
	best, fewest := "", max(1, len([]rune(typed))/3)+1
	for _, w := range words {
		if d := typingErrors([]rune(typed), []rune(w)); d < fewest {
			best, fewest = w, d
		}
	}
	return best
}

// typingErrors counts the letters to insert, delete, replace or swap with their neighbour to turn a
// into b (the optimal string alignment distance). If the lengths differ by more than 8, it returns
// their difference instead.
func typingErrors(a, b []rune) int {
	if far := len(a) - len(b); far > 8 || far < -8 {
		return max(far, -far)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j]+change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
