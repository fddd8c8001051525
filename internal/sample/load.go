package sample

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// DB is a database to load a shop into: a *sql.DB is one.
type DB interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// Copier is a DB with a quicker way than INSERT, such as PostgreSQL's COPY. Names are not quoted
// yet. Range over the rows only once.
type Copier interface {
	Copy(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) error
}

// Load creates the shop's tables in an empty database and fills them: the tables first, then their
// rows in bulk, then indexes and foreign keys. A failed load leaves its tables behind, except on
// SQLite, where all is one transaction.
func (s Shop) Load(ctx context.Context, engine string, db DB) error {
	e := engineNamed(engine)
	if e.inline {
		return inTx(ctx, db, func(tx *sql.Tx) error { return s.loadInline(ctx, e, tx) })
	}
	if err := inTx(ctx, db, func(tx *sql.Tx) error { return execAll(ctx, tx, e.tableSQL()) }); err != nil {
		return err
	}
	for _, t := range Tables() {
		if err := s.fillTable(ctx, e, db, t); err != nil {
			return fmt.Errorf("load table %s: %w", t.Name, err)
		}
	}
	return inTx(ctx, db, func(tx *sql.Tx) error { return e.addConstraints(ctx, tx) })
}

// addConstraints creates indexes and foreign keys. Where the check of a new foreign key would copy
// the whole table, it skips the check: other engines check the same rows.
func (e *engine) addConstraints(ctx context.Context, tx *sql.Tx) (err error) {
	if e.unchecked != "" {
		if err := execAll(ctx, tx, []string{e.unchecked}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, execAll(ctx, tx, []string{e.checked})) }()
	}
	return execAll(ctx, tx, e.constraintSQL())
}

// loadInline loads where foreign keys precede the rows. They are deferred to the end of the
// transaction, since the rows have cycles. The indexes come first, because SQLite searches for the
// waiting rows at each row of a cycle.
func (s Shop) loadInline(ctx context.Context, e *engine, tx *sql.Tx) error {
	before := slices.Concat([]string{"PRAGMA defer_foreign_keys = ON"}, e.tableSQL(), e.constraintSQL())
	if err := execAll(ctx, tx, before); err != nil {
		return err
	}
	for _, t := range Tables() {
		if err := e.insertRows(ctx, tx, t, s.boundRows(e, t)); err != nil {
			return fmt.Errorf("load table %s: %w", t.Name, err)
		}
	}
	return nil
}

func (s Shop) fillTable(ctx context.Context, e *engine, db DB, t *Table) error {
	if c, ok := db.(Copier); ok {
		var columns []string
		for _, c := range t.Insertable() {
			columns = append(columns, c.Name)
		}
		return c.Copy(ctx, t.Name, columns, s.boundRows(e, t))
	}
	return inTx(ctx, db, func(tx *sql.Tx) error { return e.insertRows(ctx, tx, t, s.boundRows(e, t)) })
}

// boundRows yields rows for the engine's driver.
func (s Shop) boundRows(e *engine, t *Table) iter.Seq[[]any] {
	var instants []int
	for i, c := range t.Insertable() {
		if c.Type.name == instant.name && e.utc != "" {
			instants = append(instants, i)
		}
	}
	return func(yield func([]any) bool) {
		for r := range s.rows(t) {
			for _, i := range instants {
				if text, ok := r[i].(string); ok {
					r[i] = text + e.utc
				}
			}
			if !yield(r) {
				return
			}
		}
	}
}

// rowsPerStatement makes the cost of a statement negligible.
const rowsPerStatement = 500

// insertRows inserts rows many at a time. With bound values, all statements but the last have the
// same text, and drivers keep it prepared.
func (e *engine) insertRows(ctx context.Context, tx *sql.Tx, t *Table, rows iter.Seq[[]any]) error {
	width := len(t.Insertable())
	most := rowsPerStatement * width
	if e.literal == nil {
		most = min(rowsPerStatement, e.parameters/width) * width
	}
	flush := func(args []any) error {
		if len(args) == 0 {
			return nil
		}
		if e.literal != nil {
			_, err := tx.ExecContext(ctx, e.insertText(t, len(args), func(n int) string { return e.literal(args[n-1]) }))
			return err
		}
		_, err := tx.ExecContext(ctx, e.insertText(t, len(args), e.parameter), args...)
		return err
	}
	args := make([]any, 0, most)
	for r := range rows {
		if args = append(args, r...); len(args) < most {
			continue
		}
		if err := flush(args); err != nil {
			return err
		}
		args = args[:0]
	}
	return flush(args)
}

// insertText is an INSERT statement for a number of values; value spells the nth.
func (e *engine) insertText(t *Table, values int, value func(n int) string) string {
	columns := t.Insertable()
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", e.quote(t.Name), e.list(names))
	for n := range values {
		switch {
		case n%len(columns) > 0:
			b.WriteString(", ")
		case n > 0:
			b.WriteString("), (")
		default:
			b.WriteString("(")
		}
		b.WriteString(value(n + 1))
	}
	b.WriteString(")")
	return b.String()
}

func execAll(ctx context.Context, tx *sql.Tx, statements []string) error {
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", strings.SplitN(s, "\n", 2)[0], err)
		}
	}
	return nil
}

func inTx(ctx context.Context, db DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the first error says more
		return err
	}
	return tx.Commit()
}
