package dialect

// An optional ability of an engine is a small interface, such as [Monitor]. The engine's DB
// implements it, or lacks the methods: no method exists only to return an error. Callers ask for an
// ability by its As function.

// AsMonitor returns the DB's ability to report its server's load.
func AsMonitor(db any) (Monitor, bool) { return abilityOf[Monitor](db) }

// AsRekeyer returns the DB's ability to change related values together.
func AsRekeyer(db any) (Rekeyer, bool) { return abilityOf[Rekeyer](db) }

// AsReturner returns the DB's ability to return the rows of a delete.
func AsReturner(db any) (Returner, bool) { return abilityOf[Returner](db) }

// abilityOf searches the DB, then the one that it wraps: a wrapper has a method Unwrap. A wrapper of
// transactions must not have it, because an ability needs the engine's own transactions.
func abilityOf[T any](db any) (ability T, ok bool) {
	for {
		if ability, ok = db.(T); ok {
			return ability, true
		}
		wrapper, wraps := db.(interface{ Unwrap() DB })
		if !wraps {
			return ability, false
		}
		db = wrapper.Unwrap()
	}
}
