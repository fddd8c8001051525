package receipt

import "strings"

// RowsArrived is the ID of the check that fails where rows of the given subjects have
// come while the run was under way. They are among Arrived of the actions.
const RowsArrived = "no-rows-arrived"

// Arrived is how many rows of the given subjects have come while the run was under way.
func (p *Predicate) Arrived() (rows int64) {
	for _, c := range p.Checks {
		if c.ID == RowsArrived && c.Result == Failed {
			rows += c.Rows
		}
	}
	return rows
}

// Left is how many rows the receipt says are still there and should not be.
func (p *Predicate) Left() (rows int64) {
	for _, a := range p.Actions {
		rows += a.Rows.Left
	}
	return rows
}

// FailedChecks are the IDs of the checks that failed before the receipt was signed.
func (p *Predicate) FailedChecks() []string {
	var ids []string
	for _, c := range p.Checks {
		if c.Result == Failed {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Failures are sentences about what the receipt itself says went wrong. A receipt that has
// any doesn't state that everything was erased, however genuine it is. None: nothing went wrong.
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
