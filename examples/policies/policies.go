// Package policies holds policies to test and to start from: for the sample shop (internal/sample)
// and for the Chinook database.
package policies

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// Read returns the policy file of a name, such as "shop.yaml". It panics for an unknown name.
func Read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("policies: no file " + name)
	}
	return b
}

// Names returns the names for Read, sorted.
func Names() []string {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic(err) // only for a malformed pattern
	}
	return names
}
