package ledger

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase/ledger/record"
)

// Ledger is a directory with a file for each erasure. It is safe for concurrent use, by other
// processes too.
type Ledger struct {
	dir        string
	salt       []byte
	recipients []age.Recipient
	point      func(name string) // a test stops the process there
	now        func() time.Time
}

// The names of the ledger's files.
const (
	saltFile    = "LEDGER"
	tempPrefix  = ".tmp-"
	entrySuffix = ".entry"
	markSuffix  = ".committed"
)

const saltBytes = 32

var nameOf = regexp.MustCompile(`^([0-9a-f]{32})(\.entry|\.committed)$`)

// Open opens the ledger in that directory, and creates the directory if necessary. It refuses a
// directory with other files (ErrForeign).
//
// Entries are encrypted to every one of the recipients: each alone can read them. Without a
// recipient the ledger can be read and expired, not written.
func Open(dir string, recipients ...age.Recipient) (*Ledger, error) {
	l := &Ledger{dir: dir, recipients: recipients, point: func(string) {}, now: time.Now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the ledger: %w", err)
	}
	err := l.readSalt()
	if errors.Is(err, fs.ErrNotExist) {
		err = l.makeSalt()
	}
	if err != nil {
		return nil, fmt.Errorf("the ledger: %w", err)
	}
	return l, nil
}

func (l *Ledger) path(name string) string { return filepath.Join(l.dir, name) }

// readSalt reads the file that marks the directory as a ledger.
func (l *Ledger) readSalt() error {
	data, err := os.ReadFile(l.path(saltFile))
	if err != nil {
		return err
	}
	if l.salt, err = parseSalt(data); err != nil {
		return &FileError{saltFile, err}
	}
	return nil
}

func parseSalt(data []byte) ([]byte, error) {
	r := bufio.NewReader(bytes.NewReader(data))
	if err := expectMagic(r, saltMagic); err != nil {
		return nil, err
	}
	text, err := readLine(r)
	if err != nil {
		return nil, err
	}
	salt, err := hex.DecodeString(string(text))
	if err != nil || len(salt) != saltBytes || r.Buffered() > 0 {
		return nil, ErrDamaged
	}
	return salt, nil
}

// makeSalt marks the directory as a ledger. The first of several processes wins.
func (l *Ledger) makeSalt() error {
	files, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(files, func(f os.DirEntry) bool { return f.Name() == saltFile }) {
		return l.readSalt() // another process was first, and may have written entries meanwhile
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), tempPrefix) {
			return &FileError{f.Name(), fmt.Errorf("%w: the directory is not empty and is no ledger: give it one of its own", ErrForeign)}
		}
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	err = l.addFile(saltFile, func(w *bufio.Writer) error {
		_, err := fmt.Fprintf(w, "%s%x\n", saltMagic, salt)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return l.readSalt()
}

// name is the name of a run's files, without suffix.
func (l *Ledger) name(r record.Run) string {
	mac := hmac.New(sha256.New, l.salt)
	mac.Write([]byte(r.Database + "\x00" + r.RunID + "\x00" + r.Erasure))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
