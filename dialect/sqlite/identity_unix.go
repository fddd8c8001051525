//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"fmt"
	"os"
	"syscall"
)

// fileNumber is what the file system calls the file, wherever its name is moved.
func fileNumber(info os.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d/%d", s.Dev, s.Ino)
	}
	return ""
}
