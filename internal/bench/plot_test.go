//go:build unix

package bench

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// The plot's measures, in pixels.
const (
	plotLabels = 470 // the width of the text left of the bars
	plotUnit   = 200 // the length of ratio 1
	plotMost   = 2.5 // bars end there
	plotRow    = 26
	plotTop    = 46
)

// plot draws a bar for each ratio, with a mark at its goal.
func (r *report) plot() string {
	var bars strings.Builder
	y := plotTop
	for i := range r.results {
		x := &r.results[i]
		ratio := x.Ratio()
		if ratio == 0 || x.Goal == 0 || x.Goal > plotMost {
			continue
		}
		colour := "#2e7d32"
		if ratio > x.Goal {
			colour = "#c62828"
		}
		fmt.Fprintf(&bars, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLabels-8, y+14, escaped(shortened(x.Engine+": "+x.Work, 72)))
		fmt.Fprintf(&bars, `<rect x="%d" y="%d" width="%.1f" height="16" fill="%s"/>`+"\n", plotLabels, y+2, plotUnit*min(ratio, plotMost), colour)
		fmt.Fprintf(&bars, `<line x1="%[1]d" y1="%d" x2="%[1]d" y2="%d" stroke="#000" stroke-width="2"/>`+"\n", plotLabels+int(plotUnit*x.Goal), y-1, y+21)
		fmt.Fprintf(&bars, `<text x="%.1f" y="%d">%.2f</text>`+"\n", plotLabels+plotUnit*min(ratio, plotMost)+6, y+14, ratio)
		y += plotRow
	}
	width := plotLabels + int(plotUnit*plotMost) + 60
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="8" y="20" font-size="14">Wall time of expunge in units of the alternative's, %d rows; the mark is the goal</text>
<line x1="%[4]d" y1="%[5]d" x2="%[4]d" y2="%[6]d" stroke="#999" stroke-dasharray="4 3"/>
<text x="%[4]d" y="%[7]d" text-anchor="middle" fill="#666">1: as long as the alternative</text>
%[8]s</svg>
`, width, y+12, r.rows, plotLabels+plotUnit, plotTop-6, y, plotTop-10, bars.String())
}

// shortened truncates a text to most characters.
func shortened(s string, most int) string {
	runes := []rune(strings.ReplaceAll(s, "`", ""))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
