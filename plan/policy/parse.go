package policy

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/expungedb/expunge/plan/internal/word"
)

// The limits of a policy file. They are far beyond real policies, and keep a hostile file from
// costing more than seconds: the YAML parser's cost grows with the square of the nesting, and of
// the lines in one block.
const (
	maxPolicyBytes = 4 << 20
	maxNesting     = 24
	maxLines       = 10_000
)

// Parse reads a policy file: one YAML document, decoded strictly, in the format of [Schema]. It
// checks the syntax only; Check finds the names in a schema, and tells whether the policy covers
// it.
//
// An error is a *[Error] with every problem of the file, each with its line and column, except if r
// can't be read.
//
// Parse refuses anchors, aliases, tags and merge keys. A policy is reviewed line by line, and with
// them one line has the content of another. An alias of aliases also turns a small file into a
// large one.
func Parse(r io.Reader) (*Policy, error) {
	p, err := ParseDraft(r)
	if err != nil {
		return nil, err
	}
	if err := NewError(undecidedProblems(p)); err != nil {
		return nil, err
	}
	return p, nil
}

// ParseDraft is Parse for a file with undecided entries. plan.Check lists them among its other
// problems.
func ParseDraft(r io.Reader) (*Policy, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPolicyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	file, err := parseFile(data)
	if err != nil {
		return nil, err
	}
	return file.policy, nil
}

// sourceFile is the file of a policy, possibly with undecided entries.
type sourceFile struct {
	policy *Policy
	text   string // without a byte order mark, its lines ended by line feeds
	root   ast.Node
	tokens token.Tokens
}

func parseFile(data []byte) (*sourceFile, error) {
	if problem := readableText(data); problem != "" {
		return nil, NewError([]Problem{{Reason: problem}})
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	// The lexer counts a comment's CRLF as two lines.
	f := &sourceFile{text: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)}
	f.tokens = lexer.Tokenize(f.text)
	p := &policyReader{}
	if f.root = p.parseDocument(f.tokens); f.root != nil {
		f.policy = p.readPolicy(f.root)
	}
	if len(p.problems) > 0 && f.policy != nil {
		p.problems = append(p.problems, undecidedProblems(f.policy)...)
	}
	return f, NewError(p.problems)
}

func readableText(data []byte) string {
	switch {
	case len(data) > maxPolicyBytes:
		return fmt.Sprintf("the file is too large: a policy has at most %d MiB", maxPolicyBytes>>20)
	case !utf8.Valid(data):
		return "the file is not UTF-8 text"
	case strings.ContainsRune(string(data), 0):
		return "the file holds a zero byte"
	case len(strings.TrimSpace(string(data))) == 0:
		return "the file is empty"
	}
	return ""
}

// parseDocument parses the file's one document; nil if it can't be read.
func (p *policyReader) parseDocument(tokens token.Tokens) ast.Node {
	if p.refuseTokens(tokens); len(p.problems) > 0 {
		return nil
	}
	// Duplicate keys are allowed here so that mapping reports all of them.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.failSyntax(err)
		return nil
	}
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case root == nil:
			root = doc.Body
		default:
			p.failAt(nodePos(doc.Body), "a second document: a policy is one YAML document")
		}
	}
	if root == nil && len(p.problems) == 0 {
		p.failAt(Pos{Line: 1, Column: 1}, "the file has no policy in it, only comments")
	}
	return root
}

func (p *policyReader) failSyntax(err error) {
	var at yaml.Error
	if !errors.As(err, &at) {
		p.failUnreadable(Pos{}, err.Error())
		return
	}
	var pos Pos
	hint := ""
	if tk := at.GetToken(); tk != nil {
		pos = tokenPos(tk)
		if before := tk.Prev; before != nil && (before.Type == token.DoubleQuoteType || before.Type == token.SingleQuoteType) {
			hint = "; a text that begins with a quote goes into quotes of the other kind as a whole"
		}
	}
	p.failUnreadable(pos, at.GetMessage()+hint)
}

// failUnreadable reports what the YAML parser says, which may hold the character
// that it stumbled over.
func (p *policyReader) failUnreadable(pos Pos, message string) {
	p.failAt(pos, "not readable as YAML: %s", strings.ReplaceAll(message, "\t", `\t`))
}

// refuseTokens reports features of YAML forbidden in a policy. It checks the tokens, because the
// parser would already recurse into a nesting of any depth.
func (p *policyReader) refuseTokens(tokens token.Tokens) {
	var depth nesting
	for _, tk := range tokens {
		pos := tokenPos(tk)
		switch tk.Type {
		case token.AnchorType, token.AliasType:
			p.failAt(pos, "an anchor or alias (%s): write out what it stands for", tk.Value)
		case token.MergeKeyType:
			p.failAt(pos, "a merge key (<<): write out what it merges")
		case token.TagType:
			p.failAt(pos, "a tag (%s): remove it, and quote text", word.Printable(tk.Value))
		case token.DirectiveType:
			p.failAt(pos, "a YAML directive: remove it")
		case token.MappingKeyType:
			p.failAt(pos, "a complex key (?): keys are plain words")
		case token.InvalidType:
			p.failUnreadable(pos, tk.Error)
		}
		if depth.addToken(tk.Type, pos) > maxNesting {
			p.failAt(pos, "nested deeper than %d levels", maxNesting)
			return
		}
		if depth.lineCount() > maxLines {
			p.failAt(pos, "more than %d lines in one block", maxLines)
			return
		}
	}
}

// block is a run of lines beginning in one column.
type block struct{ column, lines int }

// nesting tracks how deep the tokens are nested.
type nesting struct {
	line   int
	blocks []block // around this line, each further right
	dashes int     // lists begun in this line
	flow   int     // brackets open
}

// addToken returns the depth at a token.
func (n *nesting) addToken(t token.Type, pos Pos) int {
	if pos.Line != n.line && n.flow == 0 && t != token.CommentType {
		outer := n.blocks
		for len(outer) > 0 && outer[len(outer)-1].column > pos.Column {
			outer = outer[:len(outer)-1]
		}
		if len(outer) == 0 || outer[len(outer)-1].column < pos.Column {
			outer = append(outer, block{column: pos.Column})
		}
		outer[len(outer)-1].lines++
		n.line, n.blocks, n.dashes = pos.Line, outer, 0
	}
	switch t {
	case token.SequenceStartType, token.MappingStartType:
		n.flow++
	case token.SequenceEndType, token.MappingEndType:
		n.flow--
	case token.SequenceEntryType:
		n.dashes++
	}
	return len(n.blocks) + n.dashes + n.flow
}

// lineCount returns how many lines the innermost block has so far.
func (n *nesting) lineCount() int {
	if len(n.blocks) == 0 {
		return 0
	}
	return n.blocks[len(n.blocks)-1].lines
}

func tokenPos(tk *token.Token) Pos {
	if tk.Position == nil {
		return Pos{}
	}
	return Pos{Line: tk.Position.Line, Column: tk.Position.Column}
}
