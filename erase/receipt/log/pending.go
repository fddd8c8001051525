package log

import (
	"encoding/binary"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// pendingHead is the first line of the file that names the entries of an unfinished append.
const pendingHead = "expunge-log-pending/v1\n"

// pending is an unfinished append: the data to finish it.
type pending struct {
	size   int64 // of the log before it
	leaves []tlog.Hash
}

func (p pending) marshalText() []byte {
	b := []byte(pendingHead)
	b = binary.BigEndian.AppendUint64(b, uint64(p.size))
	for _, h := range p.leaves {
		b = append(b, h[:]...)
	}
	return b
}

func parsePending(b []byte) (pending, bool) {
	rest, ok := strings.CutPrefix(string(b), pendingHead)
	if !ok || len(rest) < 8 || (len(rest)-8)%len(tlog.Hash{}) != 0 {
		return pending{}, false
	}
	p := pending{size: int64(binary.BigEndian.Uint64([]byte(rest[:8])))}
	for rest = rest[8:]; rest != ""; rest = rest[len(tlog.Hash{}):] {
		p.leaves = append(p.leaves, tlog.Hash([]byte(rest[:len(tlog.Hash{})])))
	}
	return p, p.size >= 0 && p.size <= maxTree && len(p.leaves) > 0
}
