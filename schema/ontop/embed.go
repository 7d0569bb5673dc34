package ontop

import (
	"embed"
	"io/fs"
)

//go:embed schemas/*.json fixtures/*.json
var files embed.FS

// Schemas returns the format as JSON Schema, draft 2020-12: envelope.json is
// the whole body and refers to the others.
func Schemas() fs.FS { return folder("schemas") }

// Fixtures returns one body for every event type, contract type and concept, and
// some for the forms that values may take. All of them satisfy the schema.
func Fixtures() fs.FS { return folder("fixtures") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("ontop: " + name + " is not a valid path: " + err.Error()) // cannot be: the names are constants
	}
	return sub
}
