package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the program prints but for the digest, which is another one whenever
// the plan's format changes.
const printed = `Plan for club on sqlite, scope subjects
A subject is a row of member, named by id (or by email)

For each row of member that is given:
  s1  delete  booking  member ← booking(member_id)
  s2  delete  member   member

Digest …
delete booking: 2
delete member: 1
the database now: holds
`

func TestItRuns(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`Digest [0-9a-f]{64}`).ReplaceAllString(out.String(), "Digest …")
	if diff := cmp.Diff(printed, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
