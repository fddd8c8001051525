package postgres

import (
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// frame matches a line of an error's context with a function of PL/pgSQL, the line in it and the
// kind of statement.
var frame = regexp.MustCompile(`^PL/pgSQL function ([^\n]+) (line \d+) at ([^\n]+)$`)

// staticStatements are the kinds of PL/pgSQL statements with their SQL in the function's text.
// EXECUTE and similar build it, possibly from values.
var staticStatements = map[string]bool{
	"SQL statement": true, "PERFORM": true, "assignment": true, "IF": true, "CASE": true, "CALL": true, "RETURN": true, "RETURN NEXT": true,
	"FOR with integer loop variable": true, "FOR over SELECT rows": true, "WHILE": true, "EXIT": true,
}

// raisedIn is the outermost function of an error, called by the statement's triggers. It is in the
// context's last line, and SQL quoted by an inner function can't replace that line.
func raisedIn(pg *pgconn.PgError) string {
	last := pg.Where[strings.LastIndexByte(pg.Where, '\n')+1:]
	if m := frame.FindStringSubmatch(last); m != nil {
		return "function " + m[1] + " " + m[2]
	}
	return ""
}

// isStatic reports whether all SQL of an error's context is part of functions' texts, so that none
// contains values.
func isStatic(where string) bool {
	lines := strings.Split(where, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		quoted := false
		for _, start := range []string{`SQL statement "`, `SQL expression "`, `PL/pgSQL assignment "`, `PL/pgSQL expression "`} {
			quoted = quoted || strings.HasPrefix(line, start)
		}
		if quoted {
			for i < len(lines) && !strings.HasSuffix(lines[i], `"`) { // it has several lines
				i++
			}
			continue
		}
		if m := frame.FindStringSubmatch(line); m == nil || !staticStatements[m[3]] {
			return false
		}
	}
	return true
}

// namesObjectsOnly reports whether the server's message can quote only names of the catalogue, of a
// statement's own text or of a command.
//
// The parser knows no values: its errors quote the text at a place of the statement, ours or one in
// a function's text. Errors of the execution may quote a value even in class 42: set_config, or a
// cast to regclass, take names from rows. Of those only errors of known routines are accepted.
func namesObjectsOnly(pg *pgconn.PgError) bool {
	if pg.Where != "" && !isStatic(pg.Where) {
		return false
	}
	located := pg.Position > 0 && pg.Where == "" || pg.InternalPosition > 0
	switch pg.Code[:min(2, len(pg.Code))] {
	case "42", "0A", "3F":
		switch pg.Routine {
		case "aclcheck_error", "aclcheck_error_col", "ExecWithCheckOptions", "CheckValidResultRel":
			return true
		}
		return located && pg.Code != "42601"
	case "55":
		return pg.Code == "55000" && located || pg.Code == "55006" || pg.Code == "55P03"
	case "57", "25":
		return true
	}
	return false
}
