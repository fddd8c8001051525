// Package layout holds no code: its test checks which package may import which,
// where database drivers may be linked, and what stands at the top level. Each
// rule is a line of a table, with its reason.
package layout
