// Package render holds what engines share for writing SQL: a statement's builder, lists, the tables
// of the journal, and splitting rows over statements. It handles text only, and knows no engine.
package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Builder collects one statement: its text, its parameters and the first error. After an error the
// text is worthless. A renderer continues with any text, and the caller checks Err before it runs
// the statement. P is the type of the engine's parameters.
type Builder[P any] struct {
	strings.Builder
	Args    []P
	Err     error
	aliases int
}

// Fail records the error, unless the builder has one already.
func (b *Builder[P]) Fail(err error) {
	if b.Err == nil {
		b.Err = err
	}
}

// Found returns a looked-up object of a statement. Where err isn't nil, it fails the statement and
// returns a zero object.
func Found[T, P any](b *Builder[P], found *T, err error) *T {
	if err != nil {
		b.Fail(err)
		return new(T)
	}
	return found
}

// Unsupported fails the statement: the engine can't do that.
func (b *Builder[P]) Unsupported(table dialect.Name, format string, args ...any) {
	e := newError(dialect.Fatal, table)
	e.Detail = fmt.Sprintf(format, args...)
	b.Fail(e)
}

// Unfit fails the statement: a value doesn't fit the column's type.
func (b *Builder[P]) Unfit(table dialect.Name, column string) {
	e := newError(dialect.DoesNotFit, table)
	e.Object, e.Detail = column, "a value is not of the column's type"
	b.Fail(e)
}

func newError(class dialect.Class, table dialect.Name) *dialect.Error {
	return dialect.NewError(class, "", "render a statement on", table, nil)
}

// Append appends texts to the statement.
func (b *Builder[P]) Append(parts ...string) {
	for _, p := range parts {
		b.WriteString(p)
	}
}

// Alias returns a new alias: the prefix with a number.
func (b *Builder[P]) Alias(prefix string) string {
	b.aliases++
	return prefix + strconv.Itoa(b.aliases)
}

// SameLength reports whether a key has a value, or a reference a column, for each of the columns. It
// fails the statement otherwise.
func (b *Builder[P]) SameLength(table dialect.Name, got, columns int) bool {
	if got != columns {
		b.Unsupported(table, "number of values (%d) differs from number of columns (%d)", got, columns)
	}
	return got == columns
}

// Operator reports whether op is an operator of dialect.Compare. It fails the statement otherwise.
func (b *Builder[P]) Operator(table dialect.Name, op string) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	b.Unsupported(table, "invalid operator: use one of = <> < <= > >=")
	return false
}
