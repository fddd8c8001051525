package mysql

import (
	"slices"
	"strconv"
	"strings"
)

// variable is a session variable that statements depend on, with the value
// that they need. Pools hand sessions around, and DSNs set what they like.
type variable struct{ name, value string }

// variables are the session as statements need it.
var variables = []variable{
	{"autocommit", "1"}, // first: it ends what a pooled session, or a transaction of ours, may have open
	// Values travel as UTF-8. A comparison with a column uses the column's
	// collation, whatever the connection's is.
	{"character_set_client", "utf8mb4"},
	{"character_set_results", "utf8mb4"},
	{"collation_connection", "utf8mb4_general_ci"},
	{"time_zone", "+00:00"}, // TIMESTAMP columns are read and written in UTC
	// Strict, so that a value that doesn't fit is an error; without NO_ZERO_DATE
	// and with ALLOW_INVALID_DATES, so that what is stored already can be written back.
	{"sql_mode", "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_UNSIGNED_SUBTRACTION,ALLOW_INVALID_DATES"},
	{"sql_safe_updates", "0"},
	{"sql_select_limit", "18446744073709551615"},
	{"sql_big_selects", "1"},    // else max_join_size is a limit
	{"max_execution_time", "0"}, // limits that are meant for the application's statements
	{"unique_checks", "1"},
	{"transaction_read_only", "0"}, // a default for the application's statements, too
	{"completion_type", "NO_CHAIN"},
	{"div_precision_increment", "30"},
	{"sql_auto_is_null", "0"},
}

// mariadbs are the variables that only MariaDB has.
var mariadbs = []variable{
	{"check_constraint_checks", "1"},
	{"system_versioning_asof", "DEFAULT"}, // else tables are read as they were
	// It takes the result of a subquery for one row as that for any other whose column is equal, by
	// the column's own collation: the subquery may compare by another.
	{"optimizer_switch", "subquery_cache=off"},
}

// wantedVariables are the variables with other values of some, and more of them.
func wantedVariables(more []variable) []variable {
	want := slices.Clone(variables)
	for _, v := range more {
		if i := slices.IndexFunc(want, func(w variable) bool { return w.name == v.name }); i >= 0 {
			want[i] = v
		} else {
			want = append(want, v)
		}
	}
	return want
}

// manual has the session's statements begin a transaction, the first and each
// that comes after the end of one.
var manual = variable{"autocommit", "0"}

// functionName is what the server calls a variable of MySQL's.
func (s *server) functionName(name string) string {
	switch {
	case !s.mariadb:
	case strings.HasPrefix(name, "transaction_"):
		return "tx_" + strings.TrimPrefix(name, "transaction_")
	case name == "max_execution_time":
		return "max_statement_time"
	}
	return name
}

// sameSetting compares a variable's value with the one wanted; the modes of
// sql_mode come in an order of the server's own.
func sameSetting(want variable, got string) bool {
	if want.name == "optimizer_switch" { // of which one switch is wanted
		return slices.Contains(strings.Split(got, ","), want.value)
	}
	if want.name != "sql_mode" {
		return strings.EqualFold(want.value, got) || isNumber(want.value) && strings.TrimRight(got, "0") == want.value+"." // 0.000000
	}
	modes := func(s string) map[string]bool {
		set := map[string]bool{}
		for m := range strings.SplitSeq(s, ",") {
			set[m] = true
		}
		return set
	}
	w, g := modes(want.value), modes(got)
	if len(w) != len(g) {
		return false
	}
	for m := range w {
		if !g[m] {
			return false
		}
	}
	return true
}

func (s *session) assignVariables(vs []variable) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = "@@SESSION." + s.server.functionName(v.name) + " = " + variableLiteral(v.value)
	}
	return "SET " + strings.Join(parts, ", ")
}

// variableLiteral writes a variable's value, which is a number, a name or a
// list of names, or NULL.
func variableLiteral(v string) string {
	if isNumber(v) || v == "NULL" || v == "DEFAULT" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

func isNumber(v string) bool {
	_, err := strconv.ParseFloat(v, 64)
	return err == nil
}
