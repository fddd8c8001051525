// Package layout holds no code: its tests check imports between packages, the places of database
// drivers, the top level, and the language of the code. Each rule is a line of a table, with its
// reason.
package layout
