package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// review checks the policy and shows the plan.
func (d *demonstration) review(ctx context.Context) (err error) {
	d.heading("A policy and its plan")
	if d.policy, err = policy.Parse(bytes.NewReader(sample.Policy())); err != nil {
		return err
	}
	s, err := d.shop.Inspect(ctx)
	if err != nil {
		return err
	}
	if err := plan.Check(d.policy, s, d.shop); err != nil {
		return err
	}
	columns := 0
	for _, t := range s.Tables {
		columns += len(t.Columns)
	}
	d.say("The policy decides on all %d tables and %d columns; were one missing, no plan could be made. "+
		"A plan contains no personal data: review it once, run it for every request:", len(s.Tables), columns)
	p, err := plan.FromSchema(s, d.shop, d.policy, plan.ScopeSubjects)
	if err != nil {
		return err
	}
	d.Told.Plan = p.Digest()
	fmt.Fprintln(d.w)
	for line := range strings.Lines(p.String()) {
		fmt.Fprintln(d.w, strings.TrimRight("   "+clipText(strings.TrimRight(line, "\n"), 94), " "))
	}
	data, err := p.Encode()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(d.folder, "policy.yaml"), sample.Policy(), 0o644),
		os.WriteFile(filepath.Join(d.folder, "plan.json"), data, 0o644))
}

// anonymise makes a copy of the shop for staging and overwrites everything in it.
func (d *demonstration) anonymise(ctx context.Context) (err error) {
	d.heading("A staging copy without people in it")
	if d.staging, err = d.openFile("staging.db"); err != nil {
		return err
	}
	if _, err := d.shop.pool.ExecContext(ctx, "VACUUM INTO ?", d.staging.path); err != nil {
		return err
	}
	p, err := plan.Build(ctx, d.staging, d.policy, plan.ScopeEverything)
	if err != nil {
		return err
	}
	p.OnlyOn = filepath.Base(d.staging.path)
	if d.key, err = makeKey(filepath.Join(d.folder, "expunge")); err != nil {
		return err
	}
	o, err := d.options("staging")
	if err != nil {
		return err
	}
	var hazards *erase.HazardError
	if _, err = erase.Run(ctx, d.staging, p, o); !errors.As(err, &hazards) {
		return fmt.Errorf("the demo expected a refusal: %w", err)
	}
	d.say("Refused at first: %d hazards must be allowed by name, so that nobody does this to production by mistake. Allowed on the copy:", len(hazards.Hazards))
	for _, h := range p.Hazards {
		o.Allow = append(o.Allow, h.Name)
	}
	before, err := d.faces(ctx, d.shop)
	if err != nil {
		return err
	}
	began := time.Now()
	statement, err := d.carryOut(ctx, d.staging, p, o, "staging-receipt.json")
	if err != nil {
		return err
	}
	after, err := d.faces(ctx, d.staging)
	if err != nil {
		return err
	}
	overwritten, deleted := sumRows(statement)
	fmt.Fprintln(d.w)
	d.say("%s rows overwritten and %s deleted in %s, in %s. The same rows before and after:",
		thousands(overwritten), thousands(deleted), batchCount(statement.Predicate.Commits.Batches), tookSince(began))
	g := &grid{head: []string{"", "first name", "last name", "email", "phone"}}
	for i := range before {
		g.rows = append(g.rows, append([]string{"before"}, before[i]...), append([]string{"after"}, after[i]...))
	}
	fmt.Fprintln(d.w)
	g.print(d.w, "   ")
	return nil
}

// faces reads a few people. Their data is fictitious, or the demo wouldn't show it.
func (d *demonstration) faces(ctx context.Context, s *shopFile) ([][]string, error) {
	rows, err := s.pool.QueryContext(ctx, "SELECT first_name, last_name, email, coalesce(phone, '') FROM customer WHERE customer_id IN (42, 43, 44) ORDER BY customer_id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		r := make([]string, 4)
		if err := rows.Scan(&r[0], &r[1], &r[2], &r[3]); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// forget erases a customer with traces everywhere, and invoices too old to be held.
func (d *demonstration) forget(ctx context.Context) (err error) {
	const traces = `SELECT customer_id FROM customer c
		WHERE EXISTS (SELECT 1 FROM invoice WHERE customer_id = c.customer_id)
		AND NOT EXISTS (SELECT 1 FROM invoice WHERE customer_id = c.customer_id AND invoice_date > '2019-06-30')
		ORDER BY EXISTS (SELECT 1 FROM customer WHERE referred_by = c.customer_id)
			+ EXISTS (SELECT 1 FROM message WHERE sender_id = c.customer_id)
			+ EXISTS (SELECT 1 FROM message WHERE recipient_id = c.customer_id) DESC, customer_id
		LIMIT 1`
	var key int64
	if err := d.shop.pool.QueryRowContext(ctx, traces).Scan(&key); err != nil {
		return err
	}
	d.subject = strconv.FormatInt(key, 10)
	d.heading("Customer " + d.subject + " asks to be forgotten")
	p, o, err := d.request("case-1", d.subject)
	if err != nil {
		return err
	}
	preview, err := erase.Preview(ctx, d.shop, p, o)
	if err != nil {
		return err
	}
	d.say("A preview counts, and writes nothing:")
	fmt.Fprintln(d.w)
	printCounts(d.w, preview, "   ")
	d.rows = &commitments{KeyFile: filepath.Join(d.folder, "receipt.key"), LeavesFile: filepath.Join(d.folder, "receipt.leaves")}
	if o.Commitments, err = d.rows.openRun(o.RunID); err != nil {
		return err
	}
	defer d.rows.close(true)
	statement, err := d.carryOut(ctx, d.shop, p, o, "receipt.json")
	if err != nil {
		return err
	}
	for _, a := range statement.Predicate.Actions {
		d.Told.Erased += a.Rows.Affected
	}
	fmt.Fprintln(d.w)
	d.say("Done: %s in %s, children first; verified after commit.", count(d.Told.Erased, "row"), batchCount(statement.Predicate.Commits.Batches))
	return nil
}

// hold erases a customer with an invoice that must be kept.
func (d *demonstration) hold(ctx context.Context) error {
	var key int64
	err := d.shop.pool.QueryRowContext(ctx, "SELECT min(customer_id) FROM invoice WHERE invoice_date >= '2025-01-01'").Scan(&key)
	if err != nil {
		return err
	}
	subject := strconv.FormatInt(key, 10)
	d.heading("Customer " + subject + " asks too, and the shop must keep an invoice")
	p, o, err := d.request("case-2", subject)
	if err != nil {
		return err
	}
	statement, err := d.carryOut(ctx, d.shop, p, o, "held-receipt.json")
	if err != nil {
		return err
	}
	overwritten, deleted := sumRows(statement)
	d.say("%s deleted, %s overwritten. The receipt says what was kept, and why:", count(deleted, "row"), thousands(overwritten))
	fmt.Fprintln(d.w)
	printRetained(d.w, &statement.Predicate, "   ")
	return nil
}

// request is the approved plan, with the options of a run for one customer.
func (d *demonstration) request(run, subject string) (*plan.Plan, erase.Options, error) {
	data, err := os.ReadFile(filepath.Join(d.folder, "plan.json"))
	if err != nil {
		return nil, erase.Options{}, err
	}
	p, err := plan.Decode(data)
	if err != nil {
		return nil, erase.Options{}, err
	}
	o, err := d.options(run)
	o.Subjects = erase.SubjectKeys(subject)
	o.Approved = d.Told.Plan
	received := time.Now().UTC().AddDate(0, 0, -3).Truncate(24 * time.Hour)
	o.Request = &receipt.Request{Case: run, ReceivedAt: received, DueAt: erase.Due(p, received)}
	for _, h := range p.Hazards {
		o.Allow = append(o.Allow, h.Name)
	}
	return p, o, err
}

// options are those of a run of the demo.
func (d *demonstration) options(run string) (erase.Options, error) {
	signer, _, err := readSigner(d.key.PrivateKey)
	return erase.Options{RunID: run, Signers: []receipt.Signer{signer}, Actor: "demo"}, err
}

// carryOut runs a plan, stores its receipt and opens it.
func (d *demonstration) carryOut(ctx context.Context, s *shopFile, p *plan.Plan, o erase.Options, name string) (*receipt.Statement, error) {
	show := newProgress(d.bar)
	o.Progress = show.event
	report, err := erase.Run(ctx, s, p, o)
	show.end()
	if report.Receipt != nil {
		err = errors.Join(err, writeAtomically(filepath.Join(d.folder, name), report.Receipt, 0o644))
	}
	if err != nil {
		return nil, err
	}
	return d.trust(report.Receipt)
}

// trust opens a receipt with the demo's public key, as an auditor would.
func (d *demonstration) trust(envelope []byte) (*receipt.Statement, error) {
	verifiers, err := readVerifiers([]string{d.key.PublicKey})
	if err != nil {
		return nil, err
	}
	return receipt.Open(envelope, verifiers...)
}

func sumRows(s *receipt.Statement) (overwritten, deleted int64) {
	for _, a := range s.Predicate.Actions {
		switch a.Operation {
		case receipt.Delete:
			deleted += a.Rows.Affected
		case receipt.Overwrite:
			overwritten += a.Rows.Affected
		}
	}
	return overwritten, deleted
}

// prove checks the receipt, without the database and against it.
func (d *demonstration) prove(ctx context.Context) error {
	d.heading("Verifying the receipt without trusting the shop")
	envelope, err := os.ReadFile(filepath.Join(d.folder, "receipt.json"))
	if err != nil {
		return err
	}
	statement, err := d.trust(envelope)
	if err != nil {
		return err
	}
	d.Told.Offline = string(erase.OutcomeHolds)
	d.say("Offline, with the public key alone: %s", d.style.green("genuine and unchanged"))
	fmt.Fprintln(d.w)
	printReceipt(d.w, &statement.Predicate, "   ")
	found, err := erase.Verify(ctx, d.shop, d.policy, statement, erase.VerifyOptions{Subjects: erase.SubjectKeys(d.subject)})
	if err != nil {
		return err
	}
	d.Told.Live = string(found.Outcome)
	fmt.Fprintln(d.w)
	d.say("Against the live database: %s", d.style.outcome(found.Outcome))
	fmt.Fprintln(d.w)
	printFindings(d.w, d.style, liveOf(found), "   ")
	return d.disclose(statement)
}

// disclose proves to the customer that the receipt covers the row.
func (d *demonstration) disclose(statement *receipt.Statement) error {
	leaves, err := os.Open(d.rows.LeavesFile)
	if err != nil {
		return err
	}
	defer leaves.Close()
	key, err := d.rows.key("case-1")
	if err != nil {
		return err
	}
	row := receipt.Row{Table: "customer", Key: map[string]string{"customer_id": d.subject}, Operation: receipt.Delete}
	made, err := receipt.Disclose(statement, leaves, key, row)
	if err != nil {
		return err
	}
	data, err := made.Marshal()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.folder, "disclosure.json"), data, 0o600); err != nil {
		return err
	}
	if err := made.Verify(statement); err != nil {
		return err
	}
	d.Told.Disclosed = string(erase.OutcomeHolds)
	fmt.Fprintln(d.w)
	d.say("The receipt names nobody. A disclosure, made for the customer alone, shows that among its rows is %s: %s",
		rowWords(&statement.Predicate, &row), d.style.outcome(erase.OutcomeHolds))
	return nil
}

// tamper changes a number in the receipt and shows the refusal.
func (d *demonstration) tamper(context.Context) error {
	d.heading("A tampered receipt")
	envelope, err := os.ReadFile(filepath.Join(d.folder, "receipt.json"))
	if err != nil {
		return err
	}
	forged, err := forgeReceipt(envelope)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.folder, "tampered.json"), forged, 0o644); err != nil {
		return err
	}
	if _, err = d.trust(forged); !errors.Is(err, receipt.ErrSignature) {
		return fmt.Errorf("the demo expected a refusal: %w", err)
	}
	d.Told.Tampered = "refused"
	d.say("%s %s", d.style.red("Refused:"), err)
	return nil
}

// forgeReceipt adds one row to a number in a receipt.
func forgeReceipt(envelope []byte) ([]byte, error) {
	var e map[string]any
	if err := json.Unmarshal(envelope, &e); err != nil {
		return nil, err
	}
	payload, err := base64.StdEncoding.DecodeString(fmt.Sprint(e["payload"]))
	if err != nil {
		return nil, err
	}
	payload = bytes.Replace(payload, []byte(`"matched":1,"affected":1`), []byte(`"matched":2,"affected":2`), 1)
	e["payload"] = base64.StdEncoding.EncodeToString(payload)
	return json.Marshal(e)
}

// intact searches both databases for dangling references.
func (d *demonstration) intact(ctx context.Context) error {
	d.heading("Both databases are whole")
	for _, s := range []*shopFile{d.shop, d.staging} {
		var broken int64
		if err := s.pool.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil {
			return err
		}
		d.Told.Broken += broken
		d.say("PRAGMA foreign_key_check on %s: %s", filepath.Base(s.path), count(broken, "broken reference"))
	}
	if d.Told.Broken > 0 {
		return errors.New("references are broken")
	}
	return nil
}
