package sqlserver

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func TestValuesAreReadInTheirCanonicalForm(t *testing.T) {
	for _, c := range []struct {
		of   *column
		raw  any
		want dialect.Value
	}{
		{columnOf("c", "bit", 1, 1, 0), true, "true"},
		{columnOf("c", "bigint", 8, 19, 0), int64(-9), int64(-9)},
		{columnOf("c", "decimal", 9, 12, 2), []byte("1.50"), "1.50"},
		{columnOf("c", "money", 8, 19, 4), " 12.3400", "12.3400"},
		{columnOf("c", "float", 8, 53, 0), 1e100, "1e+100"},
		{columnOf("c", "real", 4, 24, 0), float64(float32(0.1)), "0.1"},
		{columnOf("c", "nvarchar", 20, 0, 0), "trailing ", "trailing "},
		{columnOf("c", "nchar", 20, 0, 0), "padded    ", "padded"},
		{columnOf("c", "uniqueidentifier", 16, 0, 0), "0188A5EB-1111-7222-8333-444455556666", "0188a5eb-1111-7222-8333-444455556666"},
		{columnOf("c", "datetime2", 8, 27, 7), "2024-02-29 13:14:15.1234500", "2024-02-29 13:14:15.12345"},
		{columnOf("c", "datetimeoffset", 10, 34, 7), "2024-02-29 13:14:15.0000000", "2024-02-29 13:14:15+00"},
		{columnOf("c", "time", 5, 16, 7), "13:14:15.5000000", "13:14:15.5"},
		{columnOf("c", "varbinary", 4, 0, 0), []byte{0, 255}, []byte{0, 255}},
		{columnOf("c", "hierarchyid", 892, 0, 0), []byte{88}, []byte{88}},
		{columnOf("c", "int", 4, 10, 0), nil, nil},
	} {
		if d := cmp.Diff(c.want, decodeValue(c.of, c.raw)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.of.sqlType.name, d)
		}
	}
}

// A key rounded or truncated by the conversion to the column's type could become another row's
// (pitfall 13).
func TestOnlyExactKeysCanEqualWhatIsStored(t *testing.T) {
	for _, c := range []struct {
		of        *column
		value     dialect.Value
		exact, ok bool
	}{
		{columnOf("c", "tinyint", 1, 3, 0), int64(255), true, true},
		{columnOf("c", "tinyint", 1, 3, 0), int64(-1), false, false},
		{columnOf("c", "smallint", 2, 5, 0), int64(32768), false, false},
		{columnOf("c", "bigint", 8, 19, 0), "9223372036854775808", false, false},
		{columnOf("c", "decimal", 9, 12, 2), "1.500", true, true},
		{columnOf("c", "decimal", 9, 12, 2), "1.501", false, true},
		{columnOf("c", "decimal", 9, 12, 2), "12345678901", false, true},
		{columnOf("c", "decimal", 9, 12, 2), "1e5", false, false},
		{columnOf("c", "smallmoney", 4, 10, 4), "1.00001", false, true},
		{columnOf("c", "bit", 1, 1, 0), "maybe", false, false},
		{columnOf("c", "datetime", 8, 23, 3), "2024-01-01 00:00:00.003", true, true},
		{columnOf("c", "datetime", 8, 23, 3), "2024-01-01 00:00:00.0031", false, true},
		{columnOf("c", "smalldatetime", 4, 16, 0), "2024-01-01 00:00:30", false, true},
		{columnOf("c", "datetime2", 8, 27, 0), "2024-01-01 00:00:00.5", false, true},
		{columnOf("c", "datetimeoffset", 10, 34, 7), "2024-01-01 00:00:00.5+00", true, true},
		{columnOf("c", "date", 3, 10, 0), "yesterday", false, false},
		{columnOf("c", "time", 5, 16, 7), "25 o'clock", false, false},
		{columnOf("c", "uniqueidentifier", 16, 0, 0), "not one", false, false},
		{columnOf("c", "float", 8, 53, 0), "NaN", false, false},
		{columnOf("c", "nvarchar", 20, 0, 0), nil, false, false},
	} {
		_, exact, ok := encodeValue(c.of, c.value)
		if ok != c.ok || ok && exact != c.exact {
			t.Errorf("%s %v: exact %v, ok %v, want %v, %v", c.of.sqlType.name, c.value, exact, ok, c.exact, c.ok)
		}
	}
}

func TestTypesAreDescribed(t *testing.T) {
	for _, c := range []struct {
		of   sqlType
		want dialect.Column
	}{
		{sqlType{name: "nvarchar", maxLength: 80, collation: "Latin1_General_CI_AI"}, dialect.Column{Kind: dialect.Text, Type: "nvarchar(40)", Length: 40, Charset: "UTF-16", Collation: "Latin1_General_CI_AI", FoldsCase: true, FoldsAccents: true}},
		{sqlType{name: "varchar", maxLength: -1, collation: "Latin1_General_100_CS_AS", codePage: 1252}, dialect.Column{Kind: dialect.Text, Type: "varchar(max)", Charset: "CP1252", Collation: "Latin1_General_100_CS_AS"}},
		{sqlType{name: "varchar", maxLength: 40, collation: "Latin1_General_100_CS_AS_SC_UTF8", codePage: 65001}, dialect.Column{Kind: dialect.Text, Type: "varchar(40)", Length: 40, LengthInBytes: true, Charset: "UTF-8", Collation: "Latin1_General_100_CS_AS_SC_UTF8"}},
		{sqlType{name: "varchar", maxLength: 40, collation: "Japanese_CI_AS", codePage: 932}, dialect.Column{Kind: dialect.Text, Type: "varchar(40)", Length: 40, LengthInBytes: true, Charset: "CP932", Collation: "Japanese_CI_AS", FoldsCase: true}},
		{sqlType{name: "nchar", maxLength: 6, collation: "Latin1_General_BIN2"}, dialect.Column{Kind: dialect.Text, Type: "nchar(3)", Length: 3, Fixed: true, Charset: "UTF-16", Collation: "Latin1_General_BIN2"}},
		{sqlType{name: "tinyint", maxLength: 1}, dialect.Column{Kind: dialect.Int, Type: "tinyint", Precision: 8, Unsigned: true}},
		{sqlType{name: "decimal", precision: 12, scale: 2}, dialect.Column{Kind: dialect.Decimal, Type: "decimal(12,2)", Precision: 12, Scale: 2}},
		{sqlType{name: "datetime2", scale: 6}, dialect.Column{Kind: dialect.Timestamp, Type: "datetime2(6)", Precision: 6}},
		{sqlType{name: "timestamp", maxLength: 8}, dialect.Column{Kind: dialect.Bytes, Type: "rowversion", Length: 8, ReadOnly: true}},
		{sqlType{name: "binary", maxLength: 16}, dialect.Column{Kind: dialect.Bytes, Type: "binary(16)", Length: 16, Fixed: true}},
		{sqlType{name: "hierarchyid", maxLength: 892}, dialect.Column{Kind: dialect.Unknown, Type: "hierarchyid"}},
		{sqlType{name: "sql_variant", maxLength: 8016}, dialect.Column{Kind: dialect.Unknown, Type: "sql_variant"}},
		{sqlType{name: "xml", maxLength: -1}, dialect.Column{Kind: dialect.XML, Type: "xml"}},
	} {
		if d := cmp.Diff(&c.want, c.of.asColumn("")); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.of.name, d)
		}
	}
}

func TestTablesThatATriggerWritesToAreFound(t *testing.T) {
	const body = `CREATE TRIGGER [watch] ON [dbo].[customer] AFTER DELETE AS
		-- INSERT INTO ghost
		INSERT INTO audit.log (old) SELECT email FROM deleted /* UPDATE ghost */
		UPDATE [odd ]] name] SET n = n + 1
		DELETE TOP (5) FROM "sales"."queue"
		MERGE INTO shop.dbo.total AS t USING deleted AS d ON 1 = 0 WHEN NOT MATCHED THEN INSERT (n) VALUES (1);
		DELETE FROM a OUTPUT deleted.x INTO b`
	want := []dialect.Name{{Schema: "audit", Table: "log"}, {Table: "odd ] name"}, {Schema: "sales", Table: "queue"}, {Schema: "dbo", Table: "total"}, {Table: "a"}, {Table: "b"}}
	got := writtenTables(body)
	for _, n := range want {
		found := false
		for _, g := range got {
			found = found || g == n
		}
		if !found {
			t.Errorf("%s isn't found", n)
		}
	}
	for _, g := range got {
		if strings.Contains(g.Table, "ghost") {
			t.Error("a comment writes nothing")
		}
	}
}

func FuzzWritten(f *testing.F) {
	for _, s := range []string{"INSERT INTO [a].[b]", `UPDATE "x""y" SET`, "DELETE TOP (1) FROM t", "MERGE a.b.c", "OUTPUT 1 INTO [", "update [", "--", "/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range append(writtenTables(s), mentionedNames(s)...) {
			if n.Table == "" && !strings.Contains(s, "[") && !strings.Contains(s, `"`) {
				t.Error("a name without text")
			}
		}
	})
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"1", "-1.50", "2024-01-01", "2024-01-01 00:00:00.5+00", "12:00:00", "0188a5eb-1111-7222-8333-444455556666", "", "true", "1e5"} {
		f.Add(s)
	}
	columns := []*column{columnOf("c", "int", 4, 10, 0), columnOf("c", "decimal", 9, 12, 2), columnOf("c", "datetime", 8, 23, 3), columnOf("c", "datetimeoffset", 10, 34, 7), columnOf("c", "time", 5, 16, 7), columnOf("c", "uniqueidentifier", 16, 0, 0), columnOf("c", "smalldatetime", 4, 16, 0), columnOf("c", "bit", 1, 1, 0)}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range columns {
			if text, _, ok := encodeValue(c, s); ok && strings.ContainsAny(text, "'\"\\") {
				t.Errorf("a %s takes a text with quotes", c.sqlType.name)
			}
		}
	})
}
