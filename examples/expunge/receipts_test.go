package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/expungedb/expunge/erase/receipt"
)

// backdate signs a copy of a receipt whose backups ended on the first day of 2020: backdate
// receipt.json expunge.key.pem past.json.
func backdate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: backdate receipt key past")
	}
	keys, err := readSignKeys([]string{ts.MkAbs(args[1])})
	ts.Check(err)
	opened, err := openWith([]byte(ts.ReadFile(args[0])), keys)
	ts.Check(err)
	s := opened.Statement
	s.Predicate.Final = "2020-01-01"
	for i := range s.Predicate.Copies.Backups {
		s.Predicate.Copies.Backups[i].Until = "2020-01-01"
	}
	envelope, err := receipt.Sign(context.Background(), s, keys.signers...)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), envelope, 0o644))
}

// disclosed sets $ROW to the deleted row whose key is in a file: disclosed ids customer
// customer_id.
func disclosed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: disclosed file table column")
	}
	ts.Setenv("ROW", fmt.Sprintf("%s:%s=%s:delete", args[1], args[2], strings.TrimSpace(ts.ReadFile(args[0]))))
}
