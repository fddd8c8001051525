package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/expungedb/expunge/dialect"
)

func TestErrorsAreClassifiedByNumber(t *testing.T) {
	for _, c := range []struct {
		err    error
		class  dialect.Class
		object string
	}{
		{&mysql.MySQLError{Number: 1213, Message: "Deadlock found"}, dialect.Retryable, ""},
		{&mysql.MySQLError{Number: 1205, Message: "Lock wait timeout exceeded"}, dialect.LockTimeout, ""},
		{&mysql.MySQLError{Number: 1062, Message: "Duplicate entry 'canary@example.com' for key 'customer.email'"}, dialect.UniqueViolation, "email"},
		{&mysql.MySQLError{Number: 1062, Message: "Duplicate entry 'canary' for key 'x' for key 'PRIMARY'"}, dialect.UniqueViolation, "PRIMARY"},
		{&mysql.MySQLError{Number: 1062, Message: "Doppelter Eintrag 'canary' für Schlüssel 'email'"}, dialect.UniqueViolation, ""},
		{&mysql.MySQLError{Number: 1451, Message: "Cannot delete or update a parent row: a foreign key constraint fails (`shop`.`invoice`, CONSTRAINT `fk_customer` FOREIGN KEY (`customer_id`) REFERENCES `customer` (`id`))"}, dialect.ForeignKeyViolation, "fk_customer"},
		{&mysql.MySQLError{Number: 1048, Message: "Column 'name' cannot be null"}, dialect.OtherConstraint, "name"},
		{&mysql.MySQLError{Number: 3819, Message: "Check constraint 'positive' is violated."}, dialect.OtherConstraint, "positive"},
		{&mysql.MySQLError{Number: 4025, Message: "CONSTRAINT `positive` failed for `shop`.`line`"}, dialect.OtherConstraint, "positive"},
		{&mysql.MySQLError{Number: 1406, Message: "Data too long for column 'name' at row 1"}, dialect.DoesNotFit, "name"},
		{&mysql.MySQLError{Number: 1366, Message: "Incorrect integer value: 'canary' for column 'n' at row 1"}, dialect.DoesNotFit, ""},
		{&mysql.MySQLError{Number: 1146, Message: "Table 'club.change_counter' doesn't exist"}, dialect.Fatal, "club.change_counter"},
		{&mysql.MySQLError{Number: 1146, Message: "Table 'canary@club.example' doesn't exist"}, dialect.Fatal, ""},
		{&mysql.MySQLError{Number: 1146, Message: "no table for canary"}, dialect.Fatal, ""},
		{&mysql.MySQLError{Number: 1054, Message: "Unknown column 'nothing' in 'field list'"}, dialect.Fatal, "nothing"},
		{&mysql.MySQLError{Number: 1054, Message: "Unknown column 'nothing' in 'SELECT'"}, dialect.Fatal, "nothing"},
		{&mysql.MySQLError{Number: 1054, Message: "Unknown column 'Ada canary' in 'field list'"}, dialect.Fatal, ""},
		{&mysql.MySQLError{Number: 1305, Message: "FUNCTION club.count_up does not exist"}, dialect.Fatal, "club.count_up"},
		{&mysql.MySQLError{Number: 1142, Message: "DELETE command denied to user"}, dialect.PermissionDenied, ""},
		{&mysql.MySQLError{Number: 1290, Message: "The MySQL server is running with the --read-only option"}, dialect.ReadOnly, ""},
		{&mysql.MySQLError{Number: 1317, Message: "Query execution was interrupted"}, dialect.Cancelled, ""},
		{&mysql.MySQLError{Number: 1114, Message: "The table 'x' is full"}, dialect.Fatal, ""},
		{&mysql.MySQLError{Number: 1040, Message: "Too many connections"}, dialect.Retryable, ""},
		{mysql.ErrInvalidConn, dialect.LostConnection, ""},
		{driver.ErrBadConn, dialect.LostConnection, ""},
		{io.ErrUnexpectedEOF, dialect.LostConnection, ""},
		{errors.New("canary"), dialect.Fatal, ""},
	} {
		err := engineError(context.Background(), c.err, "delete from", dialect.Name{Table: "a"})
		e, ok := errors.AsType[*dialect.Error](err)
		if !ok || e.Class != c.class || e.Object != c.object {
			t.Errorf("%v: class %q, object %q, want %q, %q", c.err, e.Class, e.Object, c.class, c.object)
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error quotes a value: %v", err)
		}
	}
}

// Where GRANT doesn't help, the error isn't a missing privilege, and advises a remedy.
func TestErrorsOfTheServersStateSayWhatToDo(t *testing.T) {
	for number, words := range map[uint16]string{
		1040: "max_connections", 1203: "max_user_connections", 1226: "ALTER USER", 1099: "LOCK TABLES", 1100: "LOCK TABLES", 1461: "max_prepared_stmt_count",
		1206: "innodb_buffer_pool_size", 1290: "connect to the primary", 1792: "transaction_read_only", 1836: "connect to the primary", 3159: "tls", 1153: "max_allowed_packet", 1785: "InnoDB",
	} {
		err := engineError(context.Background(), &mysql.MySQLError{Number: number, Message: "canary"}, "overwrite", dialect.Name{Table: "a"})
		if !strings.Contains(err.Error(), words) || strings.Contains(strings.ToLower(err.Error()), "grant") {
			t.Errorf("%v, want an error that speaks of %s", err, words)
		}
		if dialect.ClassOf(err) == dialect.PermissionDenied {
			t.Errorf("%v: is of class %s", err, dialect.PermissionDenied)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		version string
		want    server
	}{
		{"9.7.4-2", server{number: [3]int{9, 7, 4}}},
		{"8.0.41", server{number: [3]int{8, 0, 41}}},
		{"10.11.19-MariaDB-0+deb12u1", server{mariadb: true, number: [3]int{10, 11, 19}}},
		{"5.5.5-10.6.22-MariaDB-log", server{mariadb: true, number: [3]int{10, 6, 22}}},
		{"unheard of", server{}},
	} {
		c.want.version = c.version
		if got := *parseVersion(c.version); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.version, got, c.want)
		}
	}
}

func TestCollationsThatFold(t *testing.T) {
	for _, c := range []struct {
		collation     string
		text, accents bool
	}{
		{"utf8mb4_0900_ai_ci", true, true}, {"utf8mb4_0900_as_ci", true, false}, {"utf8mb4_0900_as_cs", false, false}, {"utf8mb4_ja_0900_as_cs_ks", false, false},
		{"utf8mb4_general_ci", true, true}, {"utf8mb4_uca1400_nopad_ai_cs", false, true}, {"latin1_general_cs", false, false}, {"utf8mb4_bin", false, false}, {"binary", false, false}, {"", false, false},
	} {
		if folded, accents := foldsOf(c.collation); folded != c.text || accents != c.accents {
			t.Errorf("%s folds case: %v, accents: %v, want %v, %v", c.collation, folded, accents, c.text, c.accents)
		}
	}
}

func FuzzLabels(f *testing.F) {
	f.Add("enum('a','b''c','d\\\\e','f,g')")
	f.Add("set('','(',')')")
	f.Add("enum('")
	f.Add("enum")
	f.Fuzz(func(t *testing.T, s string) {
		// The labels read from any text can be written and read again.
		got := enumLabels(s)
		if len(got) == 0 {
			return
		}
		quoted := make([]string, len(got))
		for i, l := range got {
			quoted[i] = "'" + strings.NewReplacer("'", "''", `\`, `\\`, "\x00", `\0`, "\n", `\n`, "\r", `\r`).Replace(l) + "'"
		}
		again := enumLabels("enum(" + strings.Join(quoted, ",") + ")")
		if strings.Join(again, "\x01") != strings.Join(got, "\x01") || len(again) != len(got) {
			t.Errorf("%q became %q", got, again)
		}
	})
}
