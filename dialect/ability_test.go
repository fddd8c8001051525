package dialect

import (
	"context"
	"testing"
)

// able is a DB that rekeys; wrapped is one around another.
type (
	able    struct{ DB }
	wrapped struct{ DB }
)

func (able) Rekey(context.Context, Tx, []BulkUpdate) ([]int64, error) { return nil, nil }
func (w wrapped) Unwrap() DB                                          { return w.DB }

func TestAbilitiesAreFoundThroughWrappers(t *testing.T) {
	for _, test := range []struct {
		name string
		db   any
		want bool
	}{
		{"none", struct{ DB }{}, false},
		{"its own", able{}, true},
		{"of what it wraps", wrapped{wrapped{able{}}}, true},
		{"of what it doesn't say that it wraps", struct{ DB }{able{}}, false},
		{"nothing is wrapped", wrapped{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, ok := AsRekeyer(test.db); ok != test.want {
				t.Errorf("got %t", ok)
			}
			if _, ok := AsMonitor(test.db); ok {
				t.Error("it is no Monitor")
			}
		})
	}
}
