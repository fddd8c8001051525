package sample

import (
	"fmt"
	"strconv"
	"strings"
)

// engine is one engine's spelling of [Tables].
type engine struct {
	types  map[string]string // by Type.name; %d is the length
	quote  func(name string) string
	length string // the function that counts characters
	// enum is the spelling of an enum column's type; "" makes it a text with a check.
	enum string
	// joined renders a generated column's expression from quoted names.
	joined    func(columns []string) string
	generated string // a generated column: %s is its type and %s its expression, where it has a type
	// inline declares foreign keys with the table, because the engine can't add them later.
	inline bool
	// keyOrder is set where a foreign key has to name the referenced key's columns in that key's
	// order.
	keyOrder bool
	partial  bool // has partial indexes
	// unchecked and checked turn the session's checks of foreign keys off and on.
	unchecked, checked string
	touched            string // ON UPDATE CURRENT_TIMESTAMP
	suffix             string // after a table's closing parenthesis
	// utc is added to an instant, where the engine takes a literal without an offset for local
	// time.
	utc        string
	parameter  func(n int) string // the nth parameter from 1
	parameters int                // the maximum in a statement
	// literal is set where rows are written into the text of INSERT.
	literal func(v any) string
}

var engines = map[string]*engine{
	SQLite: {
		types: map[string]string{
			"integer": "INTEGER", "boolean": "BOOLEAN", "money": "DECIMAL(12,2)", "date": "DATE", "timestamp": "TIMESTAMP",
			"instant": "TIMESTAMP", "uuid": "UUID", "document": "JSON", "blob": "BLOB", "prose": "TEXT", "text": "VARCHAR(%d)", "char": "CHAR(%d)",
		},
		quote: quoteWith(`"`, `"`), length: "length", joined: concatWith("||"), generated: "%s GENERATED ALWAYS AS (%s) STORED",
		inline: true, partial: true, parameter: questionMark, parameters: 32766,
	},
	Postgres: {
		types: map[string]string{
			"integer": "BIGINT", "boolean": "BOOLEAN", "money": "NUMERIC(12,2)", "date": "DATE", "timestamp": "TIMESTAMP",
			"instant": "TIMESTAMPTZ", "uuid": "UUID", "document": "JSONB", "blob": "BYTEA", "prose": "TEXT", "text": "VARCHAR(%d)", "char": "CHAR(%d)",
		},
		quote: quoteWith(`"`, `"`), length: "length", enum: "CREATE TYPE", joined: concatWith("||"), generated: "%s GENERATED ALWAYS AS (%s) STORED",
		partial: true, utc: "+00", parameter: func(n int) string { return fmt.Sprintf("$%d", n) }, parameters: 65535,
	},
	MySQL:   mysql("CHAR(36)"),
	MariaDB: mysql("UUID"),
	SQLServer: {
		types: map[string]string{
			"integer": "BIGINT", "boolean": "BIT", "money": "DECIMAL(12,2)", "date": "DATE", "timestamp": "DATETIME2(0)", "instant": "DATETIMEOFFSET(0)",
			"uuid": "UNIQUEIDENTIFIER", "document": "NVARCHAR(MAX)", "blob": "VARBINARY(MAX)", "prose": "NVARCHAR(MAX)", "text": "NVARCHAR(%d)", "char": "CHAR(%d)",
		},
		quote: quoteWith("[", "]"), length: "len", joined: replaceAll, generated: "AS (%[2]s) PERSISTED",
		keyOrder: true, partial: true, literal: transactSQL,
	},
}

// mysql is both MySQL and MariaDB; they differ in how they store a UUID.
func mysql(uuid string) *engine {
	return &engine{
		types: map[string]string{
			"integer": "BIGINT", "boolean": "BOOLEAN", "money": "DECIMAL(12,2)", "date": "DATE", "timestamp": "DATETIME", "instant": "DATETIME",
			"uuid": uuid, "document": "JSON", "blob": "BLOB", "prose": "TEXT", "text": "VARCHAR(%d)", "char": "CHAR(%d)",
		},
		quote: quoteWith("`", "`"), length: "char_length", enum: "ENUM",
		joined:    func(columns []string) string { return "CONCAT(" + strings.Join(columns, ", ' ', ") + ")" },
		generated: "%s GENERATED ALWAYS AS (%s) STORED", keyOrder: true, touched: " DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
		unchecked: "SET foreign_key_checks = 0", checked: "SET foreign_key_checks = 1",
		suffix: " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", parameter: questionMark, parameters: 65535,
	}
}

func questionMark(int) string { return "?" }

func quoteWith(open, shut string) func(string) string {
	return func(name string) string { return open + strings.ReplaceAll(name, shut, shut+shut) + shut }
}

func concatWith(operator string) func([]string) string {
	return func(columns []string) string {
		return strings.Join(columns, " "+operator+" ' ' "+operator+" ")
	}
}

// replaceAll inserts values into a pattern. The result equals joining them by +, but Babelfish
// takes + for volatile.
func replaceAll(columns []string) string {
	out := "N'" + strings.TrimSuffix(strings.Repeat("? ", len(columns)), " ") + "'"
	for i, c := range columns {
		mark := string(rune('\uE000' + i)) // for private use: no value has it
		out = "REPLACE(" + strings.Replace(out, "?", mark, 1) + ", N'" + mark + "', " + c + ")"
	}
	return out
}

// transactSQL spells a value as T-SQL does. Values are not bound on SQL Server: Babelfish doesn't
// know the protocol's NULL without a type, and converts a moment among several rows of VALUES from
// a literal only.
func transactSQL(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		if v {
			return "1"
		}
		return "0"
	case int64:
		return strconv.FormatInt(v, 10)
	case []byte:
		return fmt.Sprintf("0x%x", v)
	case string:
		text := "'" + strings.ReplaceAll(v, "'", "''") + "'"
		if strings.ContainsFunc(v, func(r rune) bool { return r > 127 }) {
			return "N" + text
		}
		return text // of varchar, which Babelfish converts to any type
	}
	panic(fmt.Sprintf("sample: no value is a %T", v))
}

// engineNamed panics without such an engine: the name comes from a test.
func engineNamed(name string) *engine {
	e, ok := engines[name]
	if !ok {
		panic(fmt.Sprintf("sample: no engine %q", name))
	}
	return e
}

func (e *engine) list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = e.quote(n)
	}
	return strings.Join(quoted, ", ")
}
