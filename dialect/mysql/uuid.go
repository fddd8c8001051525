package mysql

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// uuidDefault matches a default that declares a UUID. MariaDB has a type for UUIDs. On MySQL, and
// in older schemas, a CHAR(36) or BINARY(16) column is one where its comment is `uuid`, or its
// default is UUID() or UUID_TO_BIN(UUID()).
var uuidDefault = regexp.MustCompile(`(?i)^\(?(uuid_to_bin\()?uuid\(`)

func declaredUUID(c *dialect.Column, comment, def string) bool {
	return (c.Type == "char(36)" || c.Type == "binary(16)") && (strings.EqualFold(comment, "uuid") || uuidDefault.MatchString(def))
}

// storedKind is the kind of the column's stored values: Text or Bytes for a declared UUID, else the
// column's own.
func storedKind(c *dialect.Column) dialect.Kind {
	switch {
	case c.Kind != dialect.UUID:
		return c.Kind
	case strings.HasPrefix(c.Type, "char"):
		return dialect.Text
	case strings.HasPrefix(c.Type, "binary"):
		return dialect.Bytes
	}
	return dialect.UUID
}

// uuidText writes 16 bytes as a UUID.
func uuidText(b []byte) string {
	h := hex.EncodeToString(b)
	if len(h) != 32 {
		return h
	}
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// uuidBytes reverses uuidText. It returns an invalid UUID unchanged: no column accepts that.
func uuidBytes(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return []byte(s)
	}
	return b
}
