package mysql

import (
	"database/sql"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

func (in *inspection) readColumns() error {
	json, err := in.jsonColumns()
	if err != nil {
		return err
	}
	rows, err := in.readRows(`SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA,
			GENERATION_EXPRESSION, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION,
			CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_COMMENT
		FROM information_schema.COLUMNS WHERE `, "TABLE_SCHEMA", "TABLE_NAME", " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION")
	if err != nil {
		return err
	}
	for _, r := range rows {
		t := in.findTable(r[0], r[1])
		if t == nil {
			continue
		}
		extra := strings.ToUpper(r[7].String)
		c := &dialect.Column{
			Name: r[2].String, Type: r[4].String, Nullable: r[5].String == "YES",
			Generated:       r[8].String != "" || strings.Contains(extra, "VIRTUAL GENERATED") || strings.Contains(extra, "STORED GENERATED"),
			Identity:        strings.Contains(extra, "AUTO_INCREMENT"),
			TouchedOnUpdate: strings.Contains(extra, "ON UPDATE"),
			Charset:         r[13].String, Collation: r[14].String,
		}
		setType(c, r[3].String, numberOf(r[9]), numberOf(r[10]), numberOf(r[11]), numberOf(r[12]))
		c.FoldsCase, c.FoldsAccents = foldsOf(c.Collation)
		c.Default = in.defaultOf(c, r[6], extra)
		// The engine itself writes the period of a system-versioned table.
		if e := strings.ToUpper(r[8].String); e == "ROW START" || e == "ROW END" {
			c.ReadOnly = true
		}
		switch {
		case declaredUUID(c, r[15].String, r[6].String):
			c.Kind, c.Length, c.Fixed = dialect.UUID, 0, false
		case c.Kind == dialect.Text && json[dialect.Name{Schema: r[0].String, Table: r[1].String}][c.Name]:
			c.Kind, c.Length, c.LengthInBytes = dialect.JSON, 0, false
		case c.Kind == dialect.Timestamp && isJournal(t.Name):
			c.Kind = dialect.TimestampTZ // see JournalDDL
		}
		t.Columns = append(t.Columns, c)
	}
	return nil
}

func numberOf(s sql.NullString) int {
	n, err := strconv.ParseInt(s.String, 10, 64)
	if err != nil || n > 1<<31 { // NULL; and LONGTEXT, practically unlimited
		return 0
	}
	return int(n)
}

// defaultOf returns the default as SQL text. MariaDB stores it so; MySQL stores a constant without
// its quotes, and marks an expression.
func (in *inspection) defaultOf(c *dialect.Column, text sql.NullString, extra string) *string {
	if !text.Valid || c.Generated {
		return nil
	}
	s := text.String
	switch {
	case in.server.mariadb:
		if s == "NULL" {
			return nil
		}
	case strings.Contains(extra, "DEFAULT_GENERATED"), strings.HasPrefix(strings.ToUpper(s), "CURRENT_TIMESTAMP"),
		c.Kind == dialect.Int, c.Kind == dialect.Bool, c.Kind == dialect.Decimal, c.Kind == dialect.Float, c.Kind == dialect.Bits:
	default:
		s = "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
	}
	return &s
}

// jsonColumns finds MariaDB's columns declared as JSON: LONGTEXT with a check.
func (in *inspection) jsonColumns() (map[dialect.Name]map[string]bool, error) {
	if !in.server.mariadb {
		return nil, nil
	}
	rows, err := in.readRows("SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CHECK_CLAUSE LIKE 'json\\_valid(%' AND ",
		"CONSTRAINT_SCHEMA", "TABLE_NAME", "")
	if err != nil {
		return nil, err
	}
	out := map[dialect.Name]map[string]bool{}
	for _, r := range rows {
		n := dialect.Name{Schema: r[0].String, Table: r[1].String}
		if out[n] == nil {
			out[n] = map[string]bool{}
		}
		clause := strings.TrimSuffix(strings.TrimPrefix(r[2].String, "json_valid("), ")")
		out[n][unquoteIdent(clause)] = true
	}
	return out, nil
}
