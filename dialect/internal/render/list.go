package render

import "strings"

// List joins f's texts of the elements, with commas.
func List[T any](of []T, f func(T) string) string { return Joined(of, ", ", f) }

// Joined joins f's texts of the elements, in their order: f may add parameters.
func Joined[T any](of []T, separator string, f func(T) string) string {
	out := make([]string, len(of))
	for i, e := range of {
		out[i] = f(e)
	}
	return strings.Join(out, separator)
}
