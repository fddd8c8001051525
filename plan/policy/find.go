package policy

import (
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/internal/word"
)

// FindTable finds a table by its name in a policy: schema.table, or a bare name, meaning the
// default schema or the only table of the name. Without one it returns the reason.
func FindTable(s *dialect.Schema, name string) (*dialect.Table, string) {
	if t := s.Table(dialect.Name{Schema: s.Default, Table: name}); t != nil {
		return t, ""
	}
	var matches []*dialect.Table
	var near []string
	for _, t := range s.Tables {
		switch {
		case t.Name.String() == name:
			return t, ""
		case t.Name.Table == name:
			matches = append(matches, t)
		case strings.EqualFold(t.Name.Table, name) || strings.EqualFold(t.Name.String(), name):
			near = append(near, t.Name.String())
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0], ""
	case len(matches) > 1:
		names := make([]string, len(matches))
		for i, t := range matches {
			names[i] = t.Name.String()
		}
		return nil, "table " + name + " is in several schemas: write one of " + strings.Join(names, ", ")
	case len(near) > 0:
		return nil, "table " + name + " not found: names are case-sensitive, did you mean " + near[0] + "?"
	}
	for _, v := range s.Views {
		if v.Name.Table == name || v.Name.String() == name {
			return nil, name + " is a view: write rules for the tables it reads"
		}
	}
	var names []string
	for _, t := range s.Tables {
		names = append(names, TableName(t.Name, s.Default))
	}
	if meant := word.Nearest(name, names); meant != "" {
		return nil, "table " + name + " not found in the schema: did you mean " + meant + "?"
	}
	return nil, "table " + name + " not found in the schema"
}

// TableName is a table's name as a policy writes it: without the default schema.
func TableName(n dialect.Name, usual string) string {
	if n.Schema == usual {
		return n.Table
	}
	return n.String()
}
