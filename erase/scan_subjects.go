package erase

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
)

// subjectScan is the last scan of a root of subjects.
type subjectScan struct {
	*run
	root   *closure.Root
	stayed map[string]bool // encoded keys of subjects not deleted
	counts *summary
	linked map[string]int64 // rows linked to subjects, by step
}

// scanSubjects scans for each deleted root, and for rows linked to it: no foreign key prevents their
// insertion.
func (r *run) scanSubjects(ctx context.Context, p *closure.Root, stayed map[string]bool, s *summary) error {
	if p.RootTable().Deletes == "" {
		s.unscanned = true
		return nil
	}
	scan := &subjectScan{run: r, root: p, stayed: stayed, counts: s, linked: map[string]int64{}}
	defer scan.addLinked()
	size, once := chunk, p.HasUnindexedLinks()
	if once {
		size = scanChunk
	}
	var unnamed int64
	for keys, err := range r.keyChunks(ctx, true, size, &unnamed, nil) {
		if err != nil {
			return err
		}
		if once {
			if err := r.inReadTx(ctx, func(tx dialect.Reader) error { return p.CountUnindexed(ctx, tx, keys, scan.linked) }); err != nil {
				return err
			}
		}
		gone := slices.DeleteFunc(keys, func(k dialect.Key) bool { return stayed[dialect.EncodeKey(k)] })
		if len(gone) == 0 {
			continue
		}
		if err := r.inReadTx(ctx, func(tx dialect.Reader) error { return scan.scanDeleted(ctx, tx, gone) }); err != nil {
			return err
		}
	}
	return nil
}

// addLinked counts the rows linked to subjects, including those already found after their batch's
// commit.
func (s *subjectScan) addLinked() {
	for step, n := range s.linked {
		c := s.counts.Step(step)
		c.Arrived = max(c.Arrived, n-c.Left)
	}
}

// scanDeleted scans for subjects deleted or absent.
func (s *subjectScan) scanDeleted(ctx context.Context, tx dialect.Reader, gone []dialect.Key) error {
	first := s.root.RootTable()
	var n, returned int64
	var others []dialect.Key // not deleted, and given in another form than stored
	there := map[string]bool{}
	for key, err := range tx.Query(ctx, dialect.Select{
		Table: first.Name, Columns: first.Key, Where: []dialect.Cond{dialect.In{Columns: first.Key, Keys: gone}},
	}) {
		if err != nil {
			return err
		}
		id := dialect.EncodeKey(key)
		there[id] = true
		switch {
		case s.stayed[id]:
			others = append(others, key)
		case s.deleted.Contains(key):
			returned++
		default:
			n++
		}
	}
	s.addFound(n, returned)
	var referred []dialect.Key
	for _, k := range gone {
		if there[dialect.EncodeKey(k)] {
			referred = append(referred, k)
		} else {
			referred = append(referred, s.root.AbsentForms(k)...)
		}
	}
	return s.root.CountLinked(ctx, tx, referred, others, s.linked)
}

// addFound counts n subjects that should be deleted, and others inserted again after an earlier process
// had deleted them.
func (s *subjectScan) addFound(n, returned int64) {
	c := s.counts.Step(s.root.RootTable().Deletes)
	n -= min(n, c.Left) // found after the batch's commit
	back := min(n, c.Affected)
	c.Affected -= back
	c.Left += back
	c.Arrived += n - back + returned
}
