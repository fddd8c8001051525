package anonymise

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
)

func BenchmarkReplace(b *testing.B) {
	for _, c := range []struct {
		name, spec string
		column     *dialect.Column
		old        dialect.Value
	}{
		{"pseudonym text", `"pseudonym"`, text(80), "ann.smith@mail.test"},
		{"pseudonym folded", `"pseudonym"`, foldedText(), "Zoë.Smith@mail.test"},
		{"pseudonym e-mail", `{"pseudonym":"email"}`, text(80), "ann.smith@mail.test"},
		{"pseudonym int", `"pseudonym"`, integer(64), int64(48151623)},
		{"hash", `"hash"`, text(80), "ann.smith@mail.test"},
		{"fake e-mail", `{"fake":"email"}`, text(80), "ann.smith@mail.test"},
		{"fake e-mail consistent", `{"fake":"email","consistent":true}`, text(80), "ann.smith@mail.test"},
		{"fake first name", `{"fake":"first-name"}`, text(80), "Ann"},
		{"fake phone", `{"fake":"phone"}`, text(80), "020 7946 0018"},
		{"random text", `"random"`, text(80), "ann.smith@mail.test"},
		{"random consistent", `{"random":null,"consistent":true}`, text(80), "ann.smith@mail.test"},
		{"shift", `{"shift":{"within":90}}`, &dialect.Column{Name: "x", Kind: dialect.Timestamp}, "1984-06-30 10:11:12"},
		{"json", `{"json":{"paths":{"a":{"fake":"name"}},"others":"random"}}`, text(0), `{"a":"Ann","b":[1,2,3]}`},
		{"scrub", `"scrub"`, text(0), "Ann rang from +44 20 7946 0018 about her order; mail ann@mail.test."},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := bind(b, c.spec, Target{Column: c.column, Rows: -1})
			s := source(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Replace(s, c.old); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func foldedText() *dialect.Column {
	c := text(80)
	c.FoldsCase, c.FoldsAccents = true, true
	return c
}
