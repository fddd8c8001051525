// Package policies holds policies that tests run and that a reader can start
// from: for the sample shop (internal/sample) and for the Chinook database.
package policies

import "embed"

//go:embed *.yaml
var files embed.FS

// Read returns the policy file of that name, such as "shop.yaml". It panics
// when there is none.
func Read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("policies: no file " + name)
	}
	return b
}
