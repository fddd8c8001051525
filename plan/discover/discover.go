package discover

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Options say how much is looked at. The zero value samples every table.
type Options struct {
	// NamesOnly reads no row: names and types alone decide, and more stays undecided.
	NamesOnly bool
	// Rows is how many rows of each table are sampled. Defaults to 200.
	Rows int
	// Bytes is how much is read of each table before the sample ends. Defaults to 4 MiB.
	Bytes int
	// Database is the name that receipts give. Defaults to `undecided`.
	Database string
	// Schema is the catalogue, where the caller has read it already. Defaults to
	// what db.Inspect says.
	Schema *dialect.Schema
}

func (o Options) withDefaults() Options {
	if o.Rows <= 0 {
		o.Rows = 200
	}
	if o.Bytes <= 0 {
		o.Bytes = 4 << 20
	}
	if o.Database == "" {
		o.Database = policy.PIIUndecided
	}
	return o
}

// Draft is a first policy with what it rests on. No sampled value is in it.
type Draft struct {
	Policy    *policy.Policy `json:"policy"`
	Findings  []Finding      `json:"findings"`  // one for each column, in the catalogue's order
	Proposals []Proposal     `json:"proposals"` // the subject, then decisions, links and what is owned
}

// Policy makes the first policy for a database. Each error is db's; a table that
// the user may not read is drafted from its names, and its findings say so.
func Policy(ctx context.Context, db dialect.DB, o Options) (*Draft, error) {
	o = o.withDefaults()
	schema := o.Schema
	if schema == nil {
		var err error
		if schema, err = db.Inspect(ctx); err != nil {
			return nil, err
		}
	}
	d := newDatabase(schema)
	if !o.NamesOnly {
		if err := d.sample(ctx, db, o); err != nil {
			return nil, err
		}
	}
	d.judgeColumns()
	d.findPolymorphic(db)
	d.findSubject()
	if err := d.findLinks(ctx, db, o); err != nil {
		return nil, err
	}
	d.reachFromSubject()
	d.settle()
	d.followReferences()
	d.findOwned()
	d.proposeStrategies()
	return d.draft(o), nil
}

// database is a schema while it is being looked at.
type database struct {
	schema  *dialect.Schema
	tables  []*table
	subject *table
	why     Proposal // of the subject
	links   []link
	owned   []Proposal
}

// table is one table with what is known of it.
type table struct {
	*dialect.Table
	name      string // as the policy writes it
	columns   []*column
	rows      int         // that were sampled
	unread    string      // why none were, or ""
	person    bool        // a row is a person
	near      bool        // rows belong to a subject, or it is the subject table
	reachedBy []reference // references by which a subject's rows lead here
	ownedBy   []reference // references that are proposed for owns
}

// column is one column with what is known of it.
type column struct {
	*dialect.Column
	table   *table
	values  profile
	named   match // what the name says
	verdict verdict
}

func newDatabase(s *dialect.Schema) *database {
	d := &database{schema: s}
	for _, t := range s.Tables {
		name := t.Name.String()
		if t.Name.Schema == s.Default {
			name = t.Name.Table
		}
		x := &table{Table: t, name: name}
		for _, c := range t.Columns {
			x.columns = append(x.columns, &column{Column: c, table: x, named: readName(c.Name, textualKind(c))})
		}
		d.tables = append(d.tables, x)
	}
	return d
}

// textualKind is the kind whose meaning counts: an array's elements'.
func textualKind(c *dialect.Column) dialect.Kind {
	if c.Kind == dialect.Array && c.Element != nil {
		return c.Element.Kind
	}
	return c.Kind
}

func (d *database) table(n dialect.Name) *table {
	i := slices.IndexFunc(d.tables, func(t *table) bool { return t.Name == n })
	if i < 0 {
		return nil
	}
	return d.tables[i]
}

func (t *table) column(name string) *column {
	i := slices.IndexFunc(t.columns, func(c *column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return t.columns[i]
}

// key returns the table's only key column, or nil.
func (t *table) key() *column {
	if len(t.PrimaryKey) != 1 {
		return nil
	}
	return t.column(t.PrimaryKey[0])
}
