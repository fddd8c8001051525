package ledger

import (
	"bufio"
	"errors"
	"os"
	"runtime"
)

// addFile writes a new file: it is complete or absent. It returns fs.ErrExist if the file exists.
func (l *Ledger) addFile(name string, fill func(w *bufio.Writer) error) error {
	return l.writeFile(name, os.Link, fill)
}

// replaceFile writes a new or existing file.
func (l *Ledger) replaceFile(name string, fill func(w *bufio.Writer) error) error {
	return l.writeFile(name, os.Rename, fill)
}

// writeFile writes a file under a temporary name. When it is on the disk, place gives it its name.
func (l *Ledger) writeFile(name string, place func(from, to string) error, fill func(w *bufio.Writer) error) (err error) {
	f, err := os.CreateTemp(l.dir, tempPrefix+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		os.Remove(f.Name())
	}()
	w := bufio.NewWriterSize(f, 64<<10)
	l.point("opened")
	if err := fill(w); err != nil {
		return err
	}
	l.point("filled")
	if err := errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	l.point("synced")
	if err := place(f.Name(), l.path(name)); err != nil {
		return err
	}
	l.point("placed")
	return l.syncDir()
}

// syncDir syncs the directory itself: without this, a power failure may lose a file's name, though
// not its content (fsync(2)).
func (l *Ledger) syncDir() error {
	if runtime.GOOS == "windows" {
		return nil // it has no such call; NTFS journals names
	}
	d, err := os.Open(l.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
