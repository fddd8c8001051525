// Package word helps to write messages about names that people gave: the one that was
// probably meant, and a form that can't be misread.
package word
