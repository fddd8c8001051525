package sample

import (
	"fmt"
	"iter"
)

const (
	categoryCount = 20
	productCount  = 200
	teamCount     = 5
	staffPerTeam  = 4
)

// unit is the unit of a table's rows.
type unit int

const (
	customers unit = iota
	orders
	categories
	products
	teams
	staff
)

// maker makes the rows of one unit: values of the insertable columns, in order.
type maker func(g *dice, id int64) [][]any

// each yields the IDs of a unit, ascending.
func (s Shop) each(u unit) iter.Seq[int64] {
	last := map[unit]int64{customers: int64(s.customers()), orders: int64(s.customers()), categories: categoryCount,
		products: productCount, teams: teamCount, staff: teamCount * staffPerTeam}[u]
	return func(yield func(int64) bool) {
		g := s.newDice("", 0)
		for i := int64(1); i <= last; i++ {
			if u != orders {
				if !yield(i) {
					return
				}
				continue
			}
			for k := range g.orderCount(i) {
				if !yield(i*ordersPerCustomer + k) {
					return
				}
			}
		}
	}
}

// Rows yields the rows of a table, with the values of its insertable columns in their order: nil,
// int64, bool, string or []byte (see [Type]). A row follows the row of its own table that it refers
// to. Rows panics for an unknown table.
func (s Shop) Rows(table string) iter.Seq[[]any] {
	t := tableNamed(table)
	if t == nil {
		panic(fmt.Sprintf("sample: no table %q", table))
	}
	return s.rows(t)
}

func (s Shop) rows(t *Table) iter.Seq[[]any] {
	columns := t.Insertable()
	return func(yield func([]any) bool) {
		nth := int64(0)
		for id := range s.each(t.unit) {
			for _, r := range t.make(s.newDice(t.Name, id), id) {
				if s.Canaries {
					plantCanaries(t, columns, r, nth)
				}
				nth++
				if !yield(r) {
					return
				}
			}
		}
	}
}

func (s Shop) customers() int {
	if s.Customers == 0 {
		return 100
	}
	return s.Customers
}

func row(values ...any) []any   { return values }
func rows(all ...[]any) [][]any { return all }

// repeatRows makes n rows.
func repeatRows(n int64, f func(k int64) []any) [][]any {
	var all [][]any
	for k := range n {
		all = append(all, f(k))
	}
	return all
}

// valueIf gives v or NULL.
func valueIf(is bool, v any) any {
	if is {
		return v
	}
	return nil
}
