package plan

import "time"

// Period is a length of calendar time: years, months, days and hours. It is
// written `6y`, `18mo`, `90d`, `2w`, `36h`, or in words (`1 month`, `2 years`),
// parts joined by spaces. The zero Period is no time.
type Period struct {
	Years, Months, Days, Hours int
}

// Before returns the moment that lies the period before t.
func (p Period) Before(t time.Time) time.Time {
	return t.AddDate(-p.Years, -p.Months, -p.Days).Add(-time.Duration(p.Hours) * time.Hour)
}

// After returns the moment that lies the period after t.
func (p Period) After(t time.Time) time.Time {
	return t.AddDate(p.Years, p.Months, p.Days).Add(time.Duration(p.Hours) * time.Hour)
}
