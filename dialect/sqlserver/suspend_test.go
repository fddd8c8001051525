package sqlserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func TestIndexesAreDisabledAndRebuiltByTheirQuotedNames(t *testing.T) {
	n := dialect.Name{Schema: "dbo", Table: "a]b"}
	if d := cmp.Diff("ALTER INDEX [ix]]; DROP] ON [dbo].[a]]b] DISABLE", disableSQL(n, "ix]; DROP")); d != "" {
		t.Errorf("disable (-want +got):\n%s", d)
	}
	if d := cmp.Diff("ALTER INDEX [ix]]; DROP] ON [dbo].[a]]b] REBUILD", rebuildSQL(n, "ix]; DROP")); d != "" {
		t.Errorf("rebuild (-want +got):\n%s", d)
	}
}

func TestWhichIndexesStay(t *testing.T) {
	for _, test := range []struct {
		name      string
		index     dialect.Index
		needed    bool
		babelfish bool
		want      string
	}{
		{name: "a plain one doesn't", index: dialect.Index{Method: "nonclustered"}},
		{name: "a unique one doesn't", index: dialect.Index{Method: "nonclustered", Unique: true, Constraint: true}},
		{name: "the clustered one, which is the table", index: dialect.Index{Method: "clustered"}, want: "it is a clustered index"},
		{name: "columnstore", index: dialect.Index{Method: "nonclustered columnstore"}, want: "it is a nonclustered columnstore index"},
		{name: "xml", index: dialect.Index{Method: "xml"}, want: "it is a xml index"},
		{
			name: "the key of a full-text index", index: dialect.Index{Method: "nonclustered", Unique: true}, needed: true,
			want: "a foreign key, a full-text index, replication or a setting of its statistics needs it",
		},
		{name: "all on Babelfish", index: dialect.Index{Method: "nonclustered"}, babelfish: true, want: "Babelfish can't disable an index"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &catalogue{srv: &server{babelfish: test.babelfish}}
			if got := c.whyNotSuspendable(&test.index, test.needed); got != test.want {
				t.Errorf("it stays since %q, want %q", got, test.want)
			}
		})
	}
}
