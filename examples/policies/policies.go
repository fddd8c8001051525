// Package policies holds policies that tests run and that a reader can start
// from: for the sample shop (internal/sample) and for the Chinook database.
package policies

import (
	"embed"
	"io/fs"
)

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

// Names returns the names that Read takes, sorted.
func Names() []string {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic(err) // only a malformed pattern does that
	}
	return names
}
