package plan

import (
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// The keys of the file's mappings. The JSON Schema has the same ones, which a test compares.
var (
	policyShape = shape{"a policy",
		[]string{"version", "database", "tables"},
		[]string{"subject", "controller", "processor", "links", "owns", "retention", "backups", "replicas", "recipients", "due"}}
	subjectShape   = shape{"the subject", []string{"table"}, []string{"key", "identifiers"}}
	retentionShape = shape{"a retention", []string{"table", "by", "older_than", "erase"}, nil}
	lookupShape    = shape{"a period that is looked up", []string{"table", "column", "key"}, nil}
	backupShape    = shape{"a backup", []string{"name", "kept"}, nil}
	replicaShape   = shape{"a replica", []string{"name"}, nil}
	recipientShape = shape{"a recipient", []string{"name"}, []string{"category"}}
	dueShape       = shape{"due", []string{"within"}, []string{"extension"}}
)

// policyVersion is the version of the file format that this package reads.
const policyVersion = 1

func (p *policyReader) policy(root ast.Node) *Policy {
	m, ok := p.mapping(entry{key: "the file", pos: nodePos(root), value: root}, policyShape)
	if !ok {
		return nil
	}
	policy := &Policy{
		Version:    p.version(m["version"]),
		Database:   p.text(m["database"]),
		Controller: p.text(m["controller"]),
		Processor:  p.text(m["processor"]),
		Subject:    p.subject(m["subject"]),
		Tables:     p.tables(m["tables"]),
		Links:      references(p, m["links"], parseLink, func(l *PolicyLink, pos Pos) { l.Pos = pos }),
		Owns:       references(p, m["owns"], parseOwns, func(o *PolicyOwns, pos Pos) { o.Pos = pos }),
		Retention:  p.retention(m["retention"]),
		Backups:    p.backups(m["backups"]),
		Replicas:   p.replicas(m["replicas"]),
		Recipients: p.recipients(m["recipients"]),
		Due:        p.due(m["due"]),
	}
	p.problems = append(p.problems, undecided(policy)...)
	return policy
}

func (p *policyReader) version(e entry) int {
	if e.value == nil {
		return 0
	}
	n, ok := e.value.(*ast.IntegerNode)
	if !ok {
		p.wrong(e, "the number "+strconv.Itoa(policyVersion))
		return 0
	}
	if v := n.GetToken().Value; v != strconv.Itoa(policyVersion) {
		p.fail(e.at(), "version %s is not known: this expunge reads version %d", readable(v), policyVersion)
	}
	return policyVersion
}

func (p *policyReader) subject(e entry) PolicySubject {
	if e.value == nil {
		return PolicySubject{}
	}
	m, ok := p.mapping(e, subjectShape)
	if !ok {
		return PolicySubject{}
	}
	s := PolicySubject{Table: p.text(m["table"]), Identifiers: p.texts(m["identifiers"]), Pos: e.pos}
	if key := m["key"]; key.value != nil {
		if _, several := key.value.(*ast.SequenceNode); several {
			s.Key = p.texts(key)
		} else {
			s.Key = []string{p.text(key)}
		}
	}
	return s
}

// references reads a list of links or of what is owned.
func references[T interface{ String() string }](p *policyReader, e entry, parse func(string) (T, error), place func(*T, Pos)) []T {
	var out []T
	seen := make(map[string]bool)
	for _, in := range p.list(e, "a list of lines such as table(column) -> table(column)") {
		text := p.text(in)
		if text == "" {
			continue
		}
		ref, err := parse(text)
		switch {
		case err != nil:
			p.fail(in.pos, "%s: %v", e.key, err)
			continue
		case seen[ref.String()]:
			p.fail(in.pos, "%s has this twice", e.key)
			continue
		}
		seen[ref.String()] = true
		place(&ref, in.pos)
		out = append(out, ref)
	}
	return out
}

func (p *policyReader) retention(e entry) []PolicyRetention {
	var out []PolicyRetention
	for _, in := range p.list(e, "a list") {
		m, ok := p.mapping(in, retentionShape)
		if !ok {
			continue
		}
		r := PolicyRetention{
			Table: p.text(m["table"]), By: p.text(m["by"]),
			Erase: Erase(p.word(m["erase"], string(EraseDelete), string(EraseOverwrite))), Pos: in.pos,
		}
		switch older := m["older_than"]; older.value.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			r.Lookup = p.lookup(older)
		default:
			r.OlderThan = p.period(older)
		}
		out = append(out, r)
	}
	return out
}

func (p *policyReader) lookup(e entry) *PolicyLookup {
	m, ok := p.mapping(e, lookupShape)
	if !ok {
		return nil
	}
	return &PolicyLookup{Table: p.text(m["table"]), Column: p.text(m["column"]), Key: p.text(m["key"])}
}

func (p *policyReader) backups(e entry) []Backup {
	return named(p, e, backupShape, func(m mapping) Backup {
		return Backup{Name: p.text(m["name"]), Kept: p.period(m["kept"])}
	})
}

func (p *policyReader) replicas(e entry) []Replica {
	return named(p, e, replicaShape, func(m mapping) Replica {
		return Replica{Name: p.text(m["name"])}
	})
}

func (p *policyReader) recipients(e entry) []Recipient {
	return named(p, e, recipientShape, func(m mapping) Recipient {
		return Recipient{Name: p.text(m["name"]), Category: p.text(m["category"])}
	})
}

// named reads a list of mappings, each of which has a name of its own.
func named[T any](p *policyReader, e entry, s shape, read func(mapping) T) []T {
	var out []T
	var names []string
	for _, in := range p.list(e, "a list") {
		m, ok := p.mapping(in, s)
		if !ok {
			continue
		}
		out = append(out, read(m))
		if name, ok := m["name"].value.(*ast.StringNode); ok {
			if slices.Contains(names, name.Value) {
				p.fail(m["name"].at(), "%s has the name %s twice", e.key, readable(name.Value))
			}
			names = append(names, name.Value)
		}
	}
	return out
}

func (p *policyReader) due(e entry) *Due {
	if e.value == nil {
		return nil
	}
	m, ok := p.mapping(e, dueShape)
	if !ok {
		return nil
	}
	return &Due{Within: p.period(m["within"]), Extension: p.period(m["extension"])}
}
