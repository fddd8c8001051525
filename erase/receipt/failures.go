package receipt

import "strings"

// RowsArrived is the ID of the check that fails if rows of the given subjects appeared during the
// run. They are among Arrived of the actions.
const RowsArrived = "no-rows-arrived"

// Arrived is the number of rows of the given subjects that appeared during the run.
func (p *Predicate) Arrived() (rows int64) {
	for _, c := range p.Checks {
		if c.ID == RowsArrived && c.Result == Failed {
			rows += c.Rows
		}
	}
	return rows
}

// Left is the number of rows that, by the receipt, still exist and should not.
func (p *Predicate) Left() (rows int64) {
	for _, a := range p.Actions {
		rows += a.Rows.Left
	}
	return rows
}

// FailedChecks returns the IDs of the checks that failed before signing.
func (p *Predicate) FailedChecks() []string {
	var ids []string
	for _, c := range p.Checks {
		if c.Result == Failed {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Failures returns sentences about the failures stated in the receipt itself. A receipt with
// failures doesn't state that everything was erased, however genuine it is. None: nothing failed.
func (p *Predicate) Failures() []string {
	var list []string
	if p.Incomplete != nil {
		list = append(list, "the run was closed before it was complete: "+p.Incomplete.Reason)
	}
	switch n := p.Left(); {
	case n == 1:
		list = append(list, "1 row is left")
	case n > 1:
		list = append(list, numberText(n)+" rows are left")
	}
	if ids := p.FailedChecks(); ids != nil {
		list = append(list, "a check failed: "+strings.Join(ids, ", "))
	}
	return list
}
