package mysql

import (
	"slices"
	"strconv"
	"strings"
)

// variable is a session variable that statements depend on, with the value they need. Pools reuse
// sessions, and DSNs may set any variable.
type variable struct{ name, value string }

// variables are the settings that statements need.
var variables = []variable{
	{"autocommit", "1"}, // first: it ends a transaction left open in a pooled session, or one of ours
	// Values are sent as UTF-8. A comparison with a column uses the column's collation, whatever
	// the connection's.
	{"character_set_client", "utf8mb4"},
	{"character_set_results", "utf8mb4"},
	{"collation_connection", "utf8mb4_general_ci"},
	{"time_zone", "+00:00"}, // read and write TIMESTAMP columns in UTC
	// Strict, so that a value that doesn't fit is an error. Without NO_ZERO_DATE and with
	// ALLOW_INVALID_DATES, so that stored values can be written again.
	{"sql_mode", "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_UNSIGNED_SUBTRACTION,ALLOW_INVALID_DATES"},
	{"sql_safe_updates", "0"},
	{"sql_select_limit", "18446744073709551615"},
	{"sql_big_selects", "1"},    // otherwise max_join_size is a limit
	{"max_execution_time", "0"}, // limits meant for the application's statements
	{"unique_checks", "1"},
	{"transaction_read_only", "0"}, // also a default for the application's statements
	{"completion_type", "NO_CHAIN"},
	{"div_precision_increment", "30"},
	{"sql_auto_is_null", "0"},
}

// mariadbs are the variables of MariaDB alone.
var mariadbs = []variable{
	{"check_constraint_checks", "1"},
	{"system_versioning_asof", "DEFAULT"}, // otherwise the session may read old row versions
	// With it, the server reuses the result of a subquery for another row with an equal column. It
	// compares by the column's own collation, and the subquery may compare by another.
	{"optimizer_switch", "subquery_cache=off"},
}

// wantedVariables returns the variables, with the values of more.
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

// manual makes a statement begin a transaction: the session's first one, and each first one after
// the end of a transaction.
var manual = variable{"autocommit", "0"}

// functionName is the server's name for a variable of MySQL.
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

// sameSetting compares a variable's value with the wanted one; the server has its own order for the
// modes of sql_mode.
func sameSetting(want variable, got string) bool {
	if want.name == "optimizer_switch" { // compare only the wanted switch
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

// variableLiteral renders a variable's value: a number, a name, a list of names, or NULL.
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
