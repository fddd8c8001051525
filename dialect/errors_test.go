package dialect_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// Pitfall 24: an engine's message quotes the row's values.
func TestErrorKeepsNothingOfItsCause(t *testing.T) {
	cause := errors.New("Key (email)=(canary@example.org) already exists")
	err := dialect.NewError(dialect.UniqueViolation, "23505", "overwrite", dialect.Name{Schema: "public", Table: "customer"}, cause)
	err.Object = "customer_email_key"
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, err)} {
		if strings.Contains(text, "canary") {
			t.Error("the cause's text is in the error")
		}
	}
	if errors.Unwrap(err) != nil || errors.Is(err, cause) {
		t.Error("the cause can be reached from the error")
	}
	if got, want := err.Error(), "overwrite public.customer: unique violation (customer_email_key) [23505]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestClassOf(t *testing.T) {
	ended := dialect.NewError(dialect.Fatal, "", "commit", dialect.Name{}, fmt.Errorf("driver: %w", context.DeadlineExceeded))
	for _, c := range []struct {
		name string
		err  error
		want dialect.Class
	}{
		{"nil", nil, ""},
		{"an error of the contract", dialect.NewError(dialect.Retryable, "40P01", "commit", dialect.Name{}, nil), dialect.Retryable},
		{"wrapped", fmt.Errorf("batch 7: %w", dialect.NewError(dialect.LockTimeout, "", "", dialect.Name{}, nil)), dialect.LockTimeout},
		{"the end of a context", ended, dialect.Cancelled},
		{"a bare end of a context", context.Canceled, dialect.Cancelled},
		{"another error", errors.New("x"), dialect.Fatal},
		{"a claim", dialect.ErrClaimed, dialect.Fatal},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := dialect.ClassOf(c.err); got != c.want {
				t.Errorf("class %q, want %q", got, c.want)
			}
		})
	}
	if !errors.Is(ended, context.DeadlineExceeded) || errors.Is(ended, context.Canceled) {
		t.Error("errors.Is must find the end of the context, and only the one that it was")
	}
}
