//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"fmt"
	"os"
	"syscall"
)

// fileNumber is the file system's number for the file. Renaming doesn't change it.
func fileNumber(info os.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d/%d", s.Dev, s.Ino)
	}
	return ""
}
