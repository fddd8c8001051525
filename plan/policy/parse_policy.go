package policy

import (
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/expungedb/expunge/plan/internal/word"
)

// The keys of the file's mappings. A test compares them with the JSON Schema's.
var (
	policyShape = shape{"a policy",
		[]string{"version", "database", "tables"},
		[]string{"subject", "subjects", nothingPersonal, "controller", "processor", "links", "owns", "retention", "backups", "replicas", "recipients", "due"}}
	subjectShape   = shape{"the subject", []string{"table"}, []string{"key", "identifiers"}}
	retentionShape = shape{"a retention", []string{"table", "by", "older_than", "erase"}, nil}
	lookupShape    = shape{"a period that is looked up", []string{"table", "column", "key"}, nil}
	backupShape    = shape{"a backup", []string{"name", "kept"}, nil}
	replicaShape   = shape{"a replica", []string{"name"}, nil}
	recipientShape = shape{"a recipient", []string{"name"}, []string{"category"}}
	dueShape       = shape{"due", []string{"within"}, []string{"extension"}}
)

// nothingPersonal is the key of the tables without anything personal and without other decisions.
const nothingPersonal = "nothing personal"

// policyVersion is the version of this package's file format.
const policyVersion = 1

func (p *policyReader) readPolicy(root ast.Node) *Policy {
	m, ok := p.readMapping(entry{key: "the file", pos: nodePos(root), value: root}, policyShape)
	if !ok {
		return nil
	}
	policy := &Policy{
		Version:    p.readVersion(m["version"]),
		Database:   p.readText(m["database"]),
		Controller: p.readText(m["controller"]),
		Processor:  p.readText(m["processor"]),
		Subject:    p.readSubject(m["subject"]),
		Subjects:   p.readSubjects(m["subjects"]),
		Tables:     p.readTables(m["tables"]),
		Links:      readReferences(p, m["links"], parseLink, func(l *Link, pos Pos) { l.Pos = pos }),
		Owns:       readReferences(p, m["owns"], parseOwns, func(o *Owns, pos Pos) { o.Pos = pos }),
		Retention:  p.readRetention(m["retention"]),
		Backups:    p.readBackups(m["backups"]),
		Replicas:   p.readReplicas(m["replicas"]),
		Recipients: p.readRecipients(m["recipients"]),
		Due:        p.readDue(m["due"]),
	}
	if p.checkOneSubject(m); len(policy.Subjects) == 1 {
		policy.Subject = policy.Subjects[0]
	}
	policy.Tables = append(policy.Tables, p.readNothingPersonal(m[nothingPersonal], policy.Tables)...)
	return policy
}

func (p *policyReader) readVersion(e entry) int {
	if e.value == nil {
		return 0
	}
	n, ok := e.value.(*ast.IntegerNode)
	if !ok {
		p.failKind(e, "the number "+strconv.Itoa(policyVersion))
		return 0
	}
	if v := n.GetToken().Value; v != strconv.Itoa(policyVersion) {
		p.failAt(e.posOf(), "unknown version %s: this release reads version %d", word.Printable(v), policyVersion)
	}
	return policyVersion
}

func (p *policyReader) readSubject(e entry) Subject {
	if e.value == nil {
		return Subject{}
	}
	m, ok := p.readMapping(e, subjectShape)
	if !ok {
		return Subject{}
	}
	s := Subject{Table: p.readText(m["table"]), Identifiers: p.readTexts(m["identifiers"]), Pos: e.pos}
	if key := m["key"]; key.value != nil {
		if _, several := key.value.(*ast.SequenceNode); several {
			s.Key = p.readTexts(key)
		} else {
			s.Key = []string{p.readText(key)}
		}
	}
	return s
}

// readReferences reads a list of links or of owned tables.
func readReferences[T interface{ String() string }](p *policyReader, e entry, parse func(string) (T, error), place func(*T, Pos)) []T {
	var out []T
	seen := make(map[string]bool)
	for _, in := range p.readList(e, "a list of lines such as table(column) -> table(column)") {
		text := p.readText(in)
		if text == "" {
			continue
		}
		ref, err := parse(text)
		switch {
		case err != nil:
			p.failAt(in.pos, "%s: %v", e.key, err)
			continue
		case seen[ref.String()]:
			p.failAt(in.pos, "%s lists this twice", e.key)
			continue
		}
		seen[ref.String()] = true
		place(&ref, in.pos)
		out = append(out, ref)
	}
	return out
}

func (p *policyReader) readRetention(e entry) []Retention {
	var out []Retention
	for _, in := range p.readList(e, "a list") {
		m, ok := p.readMapping(in, retentionShape)
		if !ok {
			continue
		}
		r := Retention{
			Table: p.readText(m["table"]), By: p.readText(m["by"]),
			Erase: Erase(p.readWord(m["erase"], string(EraseDelete), string(EraseOverwrite))), Pos: in.pos,
		}
		switch older := m["older_than"]; older.value.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			r.Lookup = p.readLookup(older)
		default:
			r.OlderThan = p.readPeriod(older)
		}
		out = append(out, r)
	}
	return out
}

func (p *policyReader) readLookup(e entry) *Lookup {
	m, ok := p.readMapping(e, lookupShape)
	if !ok {
		return nil
	}
	return &Lookup{Table: p.readText(m["table"]), Column: p.readText(m["column"]), Key: p.readText(m["key"])}
}

func (p *policyReader) readBackups(e entry) []Backup {
	return readNamed(p, e, backupShape, func(m mapping) Backup {
		return Backup{Name: p.readText(m["name"]), Kept: p.readPeriod(m["kept"])}
	})
}

func (p *policyReader) readReplicas(e entry) []Replica {
	return readNamed(p, e, replicaShape, func(m mapping) Replica {
		return Replica{Name: p.readText(m["name"])}
	})
}

func (p *policyReader) readRecipients(e entry) []Recipient {
	return readNamed(p, e, recipientShape, func(m mapping) Recipient {
		return Recipient{Name: p.readText(m["name"]), Category: p.readText(m["category"])}
	})
}

// readNamed reads a list of mappings, each with a name of its own.
func readNamed[T any](p *policyReader, e entry, s shape, read func(mapping) T) []T {
	var out []T
	var names []string
	for _, in := range p.readList(e, "a list") {
		m, ok := p.readMapping(in, s)
		if !ok {
			continue
		}
		out = append(out, read(m))
		if name, ok := m["name"].value.(*ast.StringNode); ok {
			if slices.Contains(names, name.Value) {
				p.failAt(m["name"].posOf(), "%s has the name %s twice", e.key, word.Printable(name.Value))
			}
			names = append(names, name.Value)
		}
	}
	return out
}

func (p *policyReader) readDue(e entry) *Due {
	if e.value == nil {
		return nil
	}
	m, ok := p.readMapping(e, dueShape)
	if !ok {
		return nil
	}
	return &Due{Within: p.readPeriod(m["within"]), Extension: p.readPeriod(m["extension"])}
}
