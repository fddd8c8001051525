package discover

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Options limit the sample. The zero value samples every table.
type Options struct {
	// NamesOnly reads no rows. Names and types alone decide, and more stays undecided.
	NamesOnly bool
	// Rows limits the sampled rows of each table. Defaults to 200.
	Rows int
	// Bytes ends the sample of a table once it exceeds this size. Defaults to 4 MiB.
	Bytes int
	// Database is the name of the database in receipts. Defaults to `undecided`.
	Database string
	// Subject is the name of the subject table. Defaults to the likeliest table.
	Subject string
	// Schema is the catalogue, if the caller has read it already. Defaults to
	// the result of db.Inspect.
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

// Draft is a first policy with its reasons. Of the sampled values it contains only keys of
// documents and the names of tables, see the package documentation.
type Draft struct {
	Policy    *policy.Policy `json:"policy"`
	Findings  []Finding      `json:"findings"`  // one for each column, in the catalogue's order
	Proposals []Proposal     `json:"proposals"` // the subject, then decisions, links and owned rows
}

// Policy drafts the first policy for a database. It returns the errors of db, and an error
// if it can't find Options.Subject. A table without read permission is drafted from its names
// and types; its findings say so.
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

// database is the state of a draft in progress.
type database struct {
	schema  *dialect.Schema
	tables  []*table
	named   map[dialect.Name]*table
	subject *table
	why     Proposal // the proposal of the subject
	links   []link
	owned   []Proposal
	// tableWords are the words of all tables' names, singular forms included.
	tableWords map[string]bool
	byName     map[string]*table    // by its names in columns
	byKey      map[string]keyOwners // by the key's name in lower case
}

// table is one table with the evidence about it.
type table struct {
	*dialect.Table
	name      string          // as in the policy
	keyNames  map[string]bool // names of all single-column keys of the database, in lower case
	common    string          // the first word of nearly all tables' names, or ""
	columns   []*column
	rows      int         // sampled rows
	unread    string      // the reason for no sample, or ""
	person    bool        // a row is a person
	near      bool        // rows are people, or belong to them
	reachedBy []reference // its references to the subject, or to tables with rows of a subject
	ownedBy   []reference // references proposed for owns
	open      bool        // only a person can decide about its rows
}

// column is one column with the evidence about it.
type column struct {
	*dialect.Column
	table   *table
	kind    dialect.Kind // kind for meanings: the elements' for an array, text for bytes
	values  profile
	words   []string // words of its name
	named   match    // the meaning of the name
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

// key returns the table's only key column, or nil. Without a declared key it is the
// integer column id, if its sampled values differ.
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
