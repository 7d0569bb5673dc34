package config

import (
	"embed" // the reference is made from the source's own comments
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"reflect"
	"strings"
)

//go:embed config.go ontop.go
var source embed.FS

// Reference writes a page in Markdown that lists every key with its meaning and
// its default, in the order of the file.
func Reference(w io.Writer) error {
	page := reference{structs: map[string]*ast.StructType{}}
	for _, name := range []string{"config.go", "ontop.go"} {
		if err := page.read(name); err != nil {
			return fmt.Errorf("read own source: %w", err)
		}
	}
	page.line("# Configuration\n")
	page.line("Printed by `tieout config reference`. Every secret may also be given as `${VARIABLE}`")
	page.line("of the environment. Unknown keys are mistakes, and all mistakes are reported at once.\n")
	page.fields("Config", "")
	_, err := io.WriteString(w, page.text.String())
	return err
}

type reference struct {
	structs map[string]*ast.StructType
	text    strings.Builder
}

// read notes the structs of a file.
func (r *reference) read(name string) error {
	text, err := source.ReadFile(name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if fields, ok := spec.Type.(*ast.StructType); ok {
				r.structs[spec.Name.Name] = fields
			}
		}
		return true
	})
	return nil
}

func (r *reference) line(format string, args ...any) { fmt.Fprintf(&r.text, format+"\n", args...) }

func (r *reference) fields(name, prefix string) {
	for _, field := range r.structs[name].Fields.List {
		tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`"))
		name, _, _ := strings.Cut(tag.Get("yaml"), ",")
		key := prefix + name
		kind := typeName(field.Type)
		nested := strings.TrimPrefix(kind, "[]")
		if _, ok := r.structs[nested]; ok {
			r.line("## `%s`\n", key)
			r.line("%s", strings.TrimSpace(field.Doc.Text())+"\n")
			if nested != kind {
				key += "[]"
			}
			r.fields(nested, key+".")
			continue
		}
		r.line("### `%s` (%s)\n", key, readable(kind))
		r.line("%s", strings.TrimSpace(field.Doc.Text())+"\n")
	}
}

func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return typeName(t.X)
	case *ast.ArrayType:
		return "[]" + typeName(t.Elt)
	case *ast.MapType:
		return "map"
	case *ast.SelectorExpr:
		return t.Sel.Name
	}
	return ""
}

func readable(kind string) string {
	switch kind {
	case "int":
		return "number"
	case "bool":
		return "true or false"
	case "string":
		return "text"
	case "Secret":
		return "secret"
	case "[]Secret":
		return "list of secrets"
	case "[]string":
		return "list of texts"
	case "Time":
		return "date, or time such as 2026-08-31T12:00:00Z"
	case "Duration":
		return "duration, such as 5m"
	}
	return kind
}
