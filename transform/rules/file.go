package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tieout/tieout/schema"
)

const (
	// maxFile bounds a rules file in bytes: some thousand rules, and far below
	// what would make the YAML reader a burden.
	maxFile = 1 << 20
	// maxText bounds each value in characters. QuickBooks' account names have
	// 100 a level, in up to five levels.
	maxText = 512
)

// example is the way out of most mistakes in a file's form.
const example = `write rules: [{id: base-pay, concept: FIXED_PAYMENT, account: "Contractors:Base pay"}]`

// fields are the keys of a rule, in the order in which Encode writes them.
func fields() []string { return []string{"id", "concept", "account", "class", "location"} }

// optional are those of them that may be left out.
func optional() []string { return []string{"class", "location"} }

// Parse reads the file that finance writes:
//
//	rules:
//	  - id: base-pay
//	    concept: FIXED_PAYMENT
//	    account: Contractors:Base pay    # the account's full name, or its id
//	    class: Product:Design            # optional: likewise
//	    location: Remote                 # optional: likewise
//
// Unknown and repeated keys are mistakes, as are two rules with one id or one
// concept. What it returns has no versions yet, and holds in Account, Class and
// Location what the file says: see [Resolve]. The error is [Mistakes].
func Parse(text []byte) ([]schema.Rule, error) {
	if len(text) > maxFile {
		return nil, Mistakes{{Detail: fmt.Sprintf("the file has %d bytes", len(text)), Next: fmt.Sprintf("at most %d are read", maxFile)}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, rest yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return nil, Mistakes{unreadable(err)}
	}
	if err := decoder.Decode(&rest); !errors.Is(err, io.EOF) {
		return nil, Mistakes{{Line: rest.Line, Detail: "the file goes on after its first YAML document", Next: "keep all rules in one list, without ---"}}
	}
	var p parser
	for _, node := range p.list(document.Content[0]) {
		p.rule(node)
	}
	p.mistakes = append(p.mistakes, duplicates(p.rules, p.lines)...)
	if err := p.mistakes.err(); err != nil {
		return nil, err
	}
	return p.rules, nil
}

// yamlLine finds the place in the YAML reader's messages.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func unreadable(err error) Mistake {
	if errors.Is(err, io.EOF) {
		return Mistake{Detail: "the file is empty", Next: example}
	}
	message := err.Error()
	place := yamlLine.FindStringSubmatch(message)
	m := Mistake{Detail: "this is not YAML: " + message, Next: "check the indentation, and quote values that contain a colon followed by a space"}
	if place != nil {
		m.Detail = "this is not YAML: " + message[len(place[0]):]
		m.Line, _ = strconv.Atoi(place[1])
	}
	return m
}

// parser gathers rules and mistakes on the way through the file.
type parser struct {
	rules    []schema.Rule
	lines    []int // where each of rules begins
	mistakes Mistakes
}

func (p *parser) mistake(node *yaml.Node, field, value, detail, next string) {
	p.mistakes = append(p.mistakes, Mistake{Line: node.Line, Field: field, Value: clip(value), Detail: detail, Next: next})
}

// list returns the rules that the document lists.
func (p *parser) list(root *yaml.Node) []*yaml.Node {
	values := p.mapping(root, "the file", []string{"rules"})
	if values == nil {
		return nil
	}
	list := values["rules"]
	switch {
	case list == nil:
		if len(p.mistakes) == 0 {
			p.mistake(root, "rules", "", "is missing", example)
		}
		return nil
	case list.Kind != yaml.SequenceNode:
		p.mistake(list, "rules", list.Value, "is not a list", example)
		return nil
	}
	return list.Content
}

func (p *parser) rule(node *yaml.Node) {
	before := len(p.mistakes)
	values := p.mapping(node, "a rule", fields())
	if values == nil {
		return
	}
	texts := map[string]string{}
	for _, field := range fields() {
		texts[field] = p.text(node, field, values[field])
	}
	for i := before; i < len(p.mistakes); i++ {
		p.mistakes[i].Rule = schema.RuleID(clip(texts["id"]))
	}
	p.rules = append(p.rules, schema.Rule{
		ID: schema.RuleID(texts["id"]), Concept: texts["concept"], Account: schema.AccountID(texts["account"]),
		Class: schema.ClassID(texts["class"]), Location: schema.LocationID(texts["location"]),
	})
	p.lines = append(p.lines, node.Line)
}

// mapping returns the values of node by key, each key known and used once.
func (p *parser) mapping(node *yaml.Node, what string, known []string) map[string]*yaml.Node {
	if node.Kind != yaml.MappingNode {
		p.mistake(node, "", "", what+" is not a mapping of keys to values", example)
		return nil
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := key.Value
		switch {
		case !slices.Contains(known, name):
			p.mistake(key, name, "", "is not a key of "+what, "use "+strings.Join(known, ", "))
		case values[name] != nil:
			p.mistake(key, name, value.Value, "is given twice", "keep one")
		default:
			values[name] = value
		}
	}
	return values
}

// text returns the value of a field, which must be plain text, and there unless
// it is optional.
func (p *parser) text(rule *yaml.Node, field string, node *yaml.Node) string {
	if node == nil && slices.Contains(optional(), field) {
		return ""
	}
	if node == nil {
		p.mistake(rule, field, "", "is missing", "add it; "+meaning(field))
		return ""
	}
	if node.Kind != yaml.ScalarNode {
		p.mistake(node, field, "", "is not a text", meaning(field))
		return ""
	}
	text := strings.TrimSpace(node.Value)
	switch {
	case text == "" || node.ShortTag() == "!!null":
		p.mistake(node, field, node.Value, "is empty", meaning(field))
		return ""
	case utf8.RuneCountInString(text) > maxText:
		p.mistake(node, field, text, fmt.Sprintf("is longer than %d characters", maxText), meaning(field))
	case strings.ContainsFunc(text, unicode.IsControl):
		p.mistake(node, field, text, "contains a line break or another control character", meaning(field))
	}
	return text
}

func meaning(field string) string {
	switch field {
	case "id":
		return "it names the rule on every line that it codes, such as base-pay"
	case "concept":
		return "it is the concept as Ontop names it, such as FIXED_PAYMENT"
	case "class", "location":
		return `it is a ` + field + `'s full name, or its QuickBooks id; leave it out where there is none`
	}
	return `it is an account's full name, such as "Contractors:Base pay", or its QuickBooks id`
}

// Encode writes set as a file that [Parse] reads. Accounts, classes and locations
// are written by id, which survives their being renamed, with the name as a
// comment.
func Encode(set schema.RuleSet) ([]byte, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, rule := range set.Rules {
		node := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
			scalar("id"), scalar(string(rule.ID)), scalar("concept"), scalar(rule.Concept),
			scalar("account"), reference(string(rule.Account), rule.Name),
		}}
		if rule.Class != "" {
			node.Content = append(node.Content, scalar("class"), reference(string(rule.Class), rule.ClassName))
		}
		if rule.Location != "" {
			node.Content = append(node.Content, scalar("location"), reference(string(rule.Location), rule.LocationName))
		}
		list.Content = append(list.Content, node)
	}
	if len(list.Content) == 0 {
		list.Style = yaml.FlowStyle
	}
	root := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar("rules"), list}}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("encode rules: %w", err)
	}
	return out.Bytes(), nil
}

// reference returns a node that names a record by id, and for people by name.
func reference(id, name string) *yaml.Node {
	node := scalar(id)
	if name != "" {
		node.LineComment = "# " + strings.Join(strings.Fields(name), " ")
	}
	return node
}

// scalar returns a node that reads back as text, whatever the text looks like.
func scalar(text string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(text)
	return node
}
