// Package word helps to write messages about names given by people: it finds the probably intended
// name, and prints one unambiguously.
package word
