package discover

import (
	"context"
	"slices"
	"strings"

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
	// Subject is the subject's table, where the caller knows it. Defaults to the likeliest.
	Subject string
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
	d.indexNames()
	d.judgeColumns()
	d.findPolymorphic(db)
	if o.Subject == "" {
		d.findSubject()
	} else if err := d.takeSubject(o.Subject); err != nil {
		return nil, err
	}
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
	named   map[dialect.Name]*table
	subject *table
	why     Proposal // of the subject
	links   []link
	owned   []Proposal
	// tableWords are the words of the tables' names, in the singular.
	tableWords map[string]bool
	byName     map[string]*table    // by how columns call it
	byKey      map[string]keyOwners // by the key's name in small letters
}

// table is one table with what is known of it.
type table struct {
	*dialect.Table
	name      string          // as the policy writes it
	keyNames  map[string]bool // of all tables' keys of one column, in small letters
	common    string          // the word that nearly all tables' names begin with, or ""
	columns   []*column
	rows      int         // that were sampled
	unread    string      // why none were, or ""
	person    bool        // a row is a person
	near      bool        // rows belong to a subject, or it is the subject table
	reachedBy []reference // references by which a subject's rows lead here
	ownedBy   []reference // references that are proposed for owns
	open      bool        // only a person can tell what happens to its rows
}

// column is one column with what is known of it.
type column struct {
	*dialect.Column
	table   *table
	kind    dialect.Kind // whose meaning counts: an array's elements', text for bytes that may be text
	values  profile
	words   []string // of its name
	named   match    // what the name says
	verdict verdict
}

func newDatabase(s *dialect.Schema) *database {
	d := &database{schema: s, named: map[dialect.Name]*table{}}
	for _, t := range s.Tables {
		name := t.Name.String()
		if t.Name.Schema == s.Default {
			name = t.Name.Table
		}
		x := &table{Table: t, name: name}
		for _, c := range t.Columns {
			x.columns = append(x.columns, newColumn(x, c))
		}
		d.tables = append(d.tables, x)
		d.named[t.Name] = x
	}
	keyNames := map[string]bool{}
	for _, t := range d.tables {
		if t.keyNames = keyNames; len(t.PrimaryKey) == 1 {
			keyNames[strings.ToLower(t.PrimaryKey[0])] = true
		}
	}
	d.findCommonPrefix()
	return d
}

func newColumn(t *table, c *dialect.Column) *column {
	out := &column{Column: c, table: t, kind: c.Kind, words: cutCompounds(splitName(c.Name))}
	switch {
	case c.Kind == dialect.Array && c.Element != nil:
		out.kind = c.Element.Kind
	case c.Kind == dialect.Bytes:
		out.kind = dialect.Text
	}
	if out.named = readName(c.Name, out.kind); out.named.meaning == nil {
		out.named = readName(c.Name, c.Kind)
	}
	return out
}

func (d *database) table(n dialect.Name) *table { return d.named[n] }

func (t *table) column(name string) *column {
	i := slices.IndexFunc(t.columns, func(c *column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return t.columns[i]
}

// key returns the table's only key column, or nil. Where no key is declared it is the
// column id, whose values differ.
func (t *table) key() *column {
	switch len(t.PrimaryKey) {
	case 0:
		i := slices.IndexFunc(t.columns, func(c *column) bool { return strings.EqualFold(c.Name, "id") && c.Kind == dialect.Int })
		if i >= 0 && t.columns[i].values.n > 0 && t.columns[i].values.distinct == t.rows {
			return t.columns[i]
		}
		return nil
	case 1:
		return t.column(t.PrimaryKey[0])
	}
	return nil
}
