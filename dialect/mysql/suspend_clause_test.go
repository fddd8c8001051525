package mysql

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// printed is a table as a server prints it, with everything that could mislead the parser.
const printed = "CREATE TABLE `a (b` (\n" +
	"  `id` bigint NOT NULL DEFAULT 'x,)\\'KEY `y` (z)',\n" +
	"  `KEY` varchar(3) COMMENT 'UNIQUE KEY `no` (`id`)',\n" +
	"  PRIMARY KEY (`id`),\n" +
	"  UNIQUE KEY `u``q` (`KEY`(2) DESC) COMMENT 'a, ''b'')' /*!80000 INVISIBLE */,\n" +
	"  KEY `expression` ((concat(`id`,_utf8mb4',)'))),\n" +
	"  UNIQUE KEY `long` (`KEY`) USING HASH,\n" +
	"  FULLTEXT KEY `ft` (`KEY`) /*!50100 WITH PARSER `ngram` */ ,\n" +
	"  CONSTRAINT `fk KEY` FOREIGN KEY (`id`) REFERENCES `o` (`id`),\n" +
	"  CONSTRAINT `c` CHECK ((`id` > 0))\n" +
	") ENGINE=InnoDB COMMENT=', KEY `after` (`id`)'"

func TestClausesOfIndexesAreFoundInACreateTable(t *testing.T) {
	want := []clause{
		{"u`q", "UNIQUE KEY `u``q` (`KEY`(2) DESC) COMMENT 'a, ''b'')' /*!80000 INVISIBLE */", true},
		{"expression", "KEY `expression` ((concat(`id`,_utf8mb4',)')))", true},
		{"long", "UNIQUE KEY `long` (`KEY`) USING HASH", false},
		{"ft", "FULLTEXT KEY `ft` (`KEY`) /*!50100 WITH PARSER `ngram` */", false},
	}
	if d := cmp.Diff(want, indexClauses(printed), cmp.AllowUnexported(clause{})); d != "" {
		t.Errorf("clauses (-want +got):\n%s", d)
	}
}

func FuzzClauses(f *testing.F) {
	for _, seed := range []string{printed, "", "`", "CREATE TABLE `t` (KEY `", "CREATE TABLE t (a, KEY `x` (y", "`t`((((", "`t` (')"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for _, c := range indexClauses(sql) {
			if len(c.text) > len(sql) || len(c.index) > len(c.text) {
				t.Errorf("more was found than there is: %d of %d bytes", len(c.text), len(sql))
			}
		}
	})
}
