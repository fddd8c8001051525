package sqlserver

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/expungedb/expunge/dialect"
)

func TestErrorsAreClassedByNumber(t *testing.T) {
	for _, c := range []struct {
		class   dialect.Class
		numbers []int32
	}{
		{dialect.Retryable, []int32{1205, 3960, 3961, 13535, 41302, 40143, 40197, 40501, 40613, 49918, 49919, 49920}},
		{dialect.LockTimeout, []int32{1222, -2}},
		{dialect.UniqueViolation, []int32{2601, 2627}},
		{dialect.OtherConstraint, []int32{515, 547, 50000, 51234}},
		{dialect.DoesNotFit, []int32{8152, 2628, 8115, 245}},
		{dialect.LostConnection, []int32{10053, 10054, 233, 596}},
		{dialect.PermissionDenied, []int32{229, 230, 18456}},
		{dialect.ReadOnly, []int32{976, 978, 3906}},
		{dialect.Fatal, []int32{102, 207, 208, 33557097}},
	} {
		for _, n := range c.numbers {
			err := engineError(t.Context(), mssql.Error{Number: n, Message: "canary"}, "overwrite", dialect.Name{Table: "t"})
			if got := dialect.ClassOf(err); got != c.class {
				t.Errorf("%d is of class %q, want %q", n, got, c.class)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the text of %d holds the server's message", n)
			}
		}
	}
}

// An error from a trigger names the trigger and the missing object, and never a value.
func TestErrorsOutOfTriggersNameObjectsAndNoValue(t *testing.T) {
	for _, c := range []struct {
		err  mssql.Error
		want string
	}{
		{mssql.Error{Number: 208, Message: "Invalid object name 'dbo.change_counter'.", ProcName: "member_counted", LineNo: 3}, "overwrite t: fatal (dbo.change_counter) [208]: in member_counted line 3"},
		{mssql.Error{Number: 208, Message: "Invalid object name 'canary'."}, "overwrite t: fatal [208]"}, // of dynamic SQL
		{mssql.Error{Number: 208, Message: "Invalid object name 'canary@club.example'.", ProcName: "member_counted", LineNo: 3}, "overwrite t: fatal [208]: in member_counted line 3"},
		{mssql.Error{Number: 50001, Message: "canary", ProcName: "member_counted", LineNo: 7}, "overwrite t: constraint [50001]: in member_counted line 7"},
	} {
		if got := engineError(t.Context(), c.err, "overwrite", dialect.Name{Table: "t"}).Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestTheFirstErrorWithAClassCounts(t *testing.T) {
	e := mssql.Error{Number: 3621, All: []mssql.Error{{Number: 2627}, {Number: 3621}}}
	if got := dialect.ClassOf(engineError(t.Context(), e, "", dialect.Name{})); got != dialect.UniqueViolation {
		t.Errorf("class %q: 3621 says only that the statement was terminated", got)
	}
}

func TestOtherErrors(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want dialect.Class
	}{
		"a closed connection":     {t.Context(), io.EOF, dialect.LostConnection},
		"the network":             {t.Context(), &net.OpError{Op: "read", Err: io.ErrUnexpectedEOF}, dialect.LostConnection},
		"a context that ended":    {ended, mssql.Error{Number: 1205}, dialect.Cancelled},
		"anything else":           {t.Context(), errors.New("canary"), dialect.Fatal},
		"one that is classed yet": {t.Context(), dialect.NewError(dialect.DoesNotFit, "", "", dialect.Name{}, nil), dialect.DoesNotFit},
	} {
		t.Run(name, func(t *testing.T) {
			err := engineError(c.ctx, c.err, "count", dialect.Name{})
			if got := dialect.ClassOf(err); got != c.want || strings.Contains(err.Error(), "canary") {
				t.Errorf("class %q, want %q without the error's text", got, c.want)
			}
		})
	}
}
