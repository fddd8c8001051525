package receipt

import (
	"bytes"
	"context"
	"testing"
	"time"
)

// testSigner is the fixed test key number n, and its verifier.
func testSigner(t testing.TB, n byte) (Signer, Verifier) {
	t.Helper()
	key, err := GenerateKey(bytes.NewReader(bytes.Repeat([]byte{n}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

const testDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// testPredicate has every field of the format.
func testPredicate() Predicate {
	at := time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC)
	return Predicate{
		ReceiptID:  "0b7d7c1e-5a4e-4f0a-9d66-2f6f0e6f3c11",
		RunID:      "case-2026-0042",
		Tool:       Tool{Name: "expunge", Version: "v1.0.0"},
		Scope:      "subjects",
		AsOf:       at,
		PlanDigest: testDigest, PolicyDigest: testDigest, SchemaFingerprint: testDigest,
		Controller: "Example Shop Ltd", Processor: "Example Hosting GmbH", Operator: "privacy desk",
		System: System{
			Journal: "5c0c5b6e-3f5e-4d3c-8a53-3a3f0f6f7c22", Name: "shop", Engine: "postgres", Version: "17.2",
			Evidence: map[string]string{"system_identifier": "7412345678901234567"},
		},
		Request: &Request{
			Case: "DSR-2026-0042", ReceivedAt: at.AddDate(0, 0, -20), DueAt: at.AddDate(0, 1, 10),
			Extension: &Extension{Until: at.AddDate(0, 1, 10), Reason: "the data was spread over archived orders"},
			Ground:    "Art. 17(1)(b)",
		},
		Subjects: &Subjects{Given: 1, Done: 1},
		Actions: []Action{
			{Step: "1", Schema: "public", Table: "web_session", Operation: Delete, Technique: "record suppression",
				Path: "customer <- web_session(customer_id)", Rows: Rows{Matched: 12, Affected: 11, AlreadyGone: 1}},
			{Step: "2", Schema: "public", Table: "invoice", Operation: Overwrite,
				Columns: []Column{{Name: "billing_address", Strategy: "random", Technique: "randomization"}},
				Path:    "customer <- invoice(customer_id)", Rows: Rows{Matched: 3, Affected: 3}, Unchanged: 1},
			{Step: "3", Schema: "public", Table: "message", Operation: Detach,
				Columns: []Column{{Name: "recipient_id", Technique: "local suppression"}},
				Path:    "customer <- message(recipient_id)", Rows: Rows{Matched: 4, Affected: 4}},
			{Step: "4", Schema: "public", Table: "customer", Operation: Overwrite,
				Columns: []Column{
					{Name: "email", Strategy: "fake: email", Technique: "randomization"},
					{Name: "first_name", Strategy: "fake: first-name", Technique: "randomization"},
				},
				Rows: Rows{Matched: 1, Affected: 1, Unchecked: 1}},
		},
		Retained: []Retained{{
			Schema: "public", Table: "invoice", Columns: []string{"total", "invoice_date"}, Rows: 3,
			Reason: "VAT records", Basis: "Art. 17(3)(b)", Until: "invoice_date + 6y", Last: "2032-02-11",
		}},
		Commits: Commits{First: at, Last: at.Add(2 * time.Second), Batches: 2, Retries: 1, Position: "0/1A2B3C8"},
		Residue: Residue{Level: "L2", Stores: []Store{{Name: "data files", Level: "L2",
			Evidence: "vacuumed after the snapshot horizon",
			Remains:  []Leftover{{What: "free space of the table's file", Until: "2026-04-01"}}}}},
		Copies: &Copies{
			Replicas:     []Replica{{Name: "dr-site", Position: "0/1A2B3C8"}},
			Backups:      []Backup{{Name: "nightly", Kept: "14d", Until: "2026-03-16"}, {Name: "offsite weekly", Kept: "180d", Until: "2026-08-29"}},
			Publications: []string{"warehouse"},
			Recipients:   []Recipient{{Name: "mail provider", Category: "processor"}},
		},
		Checks: []Check{{ID: "roots-rescanned", Method: Full, Result: Passed, Rows: 20, At: at.Add(3 * time.Second)}},
		Final:  "2026-08-29",
	}
}

func testStatement() Statement { return NewStatement(testPredicate()) }

func testEnvelope(t testing.TB) []byte {
	t.Helper()
	s, _ := testSigner(t, 1)
	env, err := Sign(context.Background(), testStatement(), s)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// smallPredicate has only the required fields, and an erasure that found nothing.
func smallPredicate() Predicate {
	return Predicate{
		ReceiptID: "1f0e6f3c-4f0a-4d66-9d66-0b7d7c1e5a4e", Tool: Tool{Name: "expunge"}, Scope: "expired",
		PlanDigest: testDigest, PolicyDigest: testDigest, SchemaFingerprint: testDigest,
		System: System{Journal: "5c0c5b6e-3f5e-4d3c-8a53-3a3f0f6f7c22", Engine: "sqlite"},
	}
}
