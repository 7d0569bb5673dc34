package ontopsim_test

import (
	"bytes"
	"io/fs"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// Whatever trouble there is, the form is always Ontop's.
func TestGenerate_KeepsToTheSchema(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	files, err := fs.Glob(ontop.Schemas(), "*.json")
	require.NoError(t, err)
	for _, file := range files {
		text, err := fs.ReadFile(ontop.Schemas(), file)
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, compiler.AddResource("https://tieout.dev/schema/ontop/"+file, doc))
	}
	envelope, err := compiler.Compile("https://tieout.dev/schema/ontop/envelope.json")
	require.NoError(t, err)

	for _, event := range generate(t, ontopsim.Config{Seed: 21, Currencies: []schema.Currency{"USD", "COP", "JPY", "KWD"}}).Events {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(event.Body))
		require.NoError(t, err)
		require.NoError(t, envelope.Validate(doc), string(event.Body))
	}
}
