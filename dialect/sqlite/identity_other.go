//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package sqlite

import "os"

func fileNumber(os.FileInfo) string { return "" }
