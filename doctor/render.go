package doctor

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Render writes the report for people.
func (r Report) Render(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	for _, c := range r.Checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Status, c.Name, c.Found)
		if c.Do != "" {
			fmt.Fprintf(w, "\t\t→ %s\n", c.Do)
		}
	}
	if len(r.Costs) > 0 {
		fmt.Fprint(w, "\nKEPT\tFOR\tA MILLION RECORDS\tA DAY\tWHEN FULL\n")
		for _, c := range r.Costs {
			day, full := "too young to tell", ""
			if c.BytesPerDay > 0 {
				day, full = size(c.BytesPerDay), size(c.AtMost)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.What, c.Kept, size(c.PerMillion), day, full)
		}
	}
	return w.Flush()
}
