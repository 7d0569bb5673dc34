package main

import (
	"fmt"
	"strings"
)

// row is one line of the table.
type row struct {
	What     string `json:"what"`
	Target   string `json:"target,omitempty"` // of the design; empty where it names none
	Measured string `json:"measured"`
	Ratio    string `json:"ratio,omitempty"` // to what What names
}

// table writes rows as Markdown, in columns that line up.
func table(rows []row) string {
	cells := [][4]string{{"What", "Target", "Measured", "Ratio"}}
	for _, r := range rows {
		cells = append(cells, [4]string{cell(r.What), cell(r.Target), cell(r.Measured), cell(r.Ratio)})
	}
	var width [4]int
	for _, line := range cells {
		for i, text := range line {
			width[i] = max(width[i], len([]rune(text)))
		}
	}
	var b strings.Builder
	for n, line := range cells {
		for i, text := range line {
			b.WriteString("| " + text + strings.Repeat(" ", width[i]-len([]rune(text))) + " ")
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, w := range width {
				b.WriteString("|" + strings.Repeat("-", w+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// cell keeps text from ending the cell or the line that it stands in.
func cell(text string) string {
	if text == "" {
		return "–"
	}
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text)
}

// ratio writes a share or a multiple with two decimals.
func ratio(part, whole float64) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", part/whole)
}
