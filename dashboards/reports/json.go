package reports

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/tieout/tieout/schema"
)

// JSON writes the report as one indented JSON document. Its shape is an interface
// that others rely on; see [schema.Report].
func JSON(w io.Writer, report schema.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(report); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
