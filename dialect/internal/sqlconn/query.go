package sqlconn

import (
	"context"
	"database/sql"
)

// Queryer is a pool or one of its connections.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Targets returns n values, and pointers to them for scanning a row.
func Targets[T any](n int) (values []T, targets []any) {
	values, targets = make([]T, n), make([]any, n)
	for i := range values {
		targets[i] = &values[i]
	}
	return values, targets
}

// EachRow runs a query and calls row for each of its rows.
func EachRow(ctx context.Context, q Queryer, query string, row func(scan func(...any) error) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// QueryOne reads a query's only row.
func QueryOne(ctx context.Context, q Queryer, query string, into ...any) error {
	found := false
	err := EachRow(ctx, q, query, func(scan func(...any) error) error {
		found = true
		return scan(into...)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// QueryAll reads all rows of a small result, as text.
func QueryAll(ctx context.Context, q Queryer, query string, args ...any) ([][]sql.NullString, error) {
	var out [][]sql.NullString
	err := eachText(ctx, q, query, func(_ []string, row []sql.NullString) { out = append(out, row) }, args...)
	return out, err
}

// QueryNamed reads all rows of a small result, as text, each by the names of its columns.
func QueryNamed(ctx context.Context, q Queryer, query string, args ...any) ([]map[string]sql.NullString, error) {
	var out []map[string]sql.NullString
	err := eachText(ctx, q, query, func(names []string, row []sql.NullString) {
		named := map[string]sql.NullString{}
		for i, n := range names {
			named[n] = row[i]
		}
		out = append(out, named)
	}, args...)
	return out, err
}

func eachText(ctx context.Context, q Queryer, query string, f func(names []string, row []sql.NullString), args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		row, into := Targets[sql.NullString](len(names))
		if err := rows.Scan(into...); err != nil {
			return err
		}
		f(names, row)
	}
	return rows.Err()
}
