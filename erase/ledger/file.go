package ledger

import (
	"bufio"
	"errors"
	"os"
	"runtime"
)

// addFile writes a file that isn't there yet: it appears whole or not at all.
// fs.ErrExist where it is there.
func (l *Ledger) addFile(name string, fill func(w *bufio.Writer) error) error {
	return l.writeFile(name, os.Link, fill)
}

// replaceFile writes a file whether it is there or not.
func (l *Ledger) replaceFile(name string, fill func(w *bufio.Writer) error) error {
	return l.writeFile(name, os.Rename, fill)
}

// writeFile writes a file under a name of its own, and gives it its name by place
// when it is on the disk.
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

// syncDir puts the directory itself on the disk: without it a file's name may be
// lost with the machine's power, though its content isn't (fsync(2)).
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
