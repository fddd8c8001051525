//go:build unix

package bench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// jobVariable passes a job to the process for it, which is this program again.
const jobVariable = "EXPUNGE_BENCH_JOB"

// job is a task for expunge, in its own process.
type job struct {
	URL, Policy string
	Scope       plan.Scope
	Subjects    span
	OneByOne    bool              // a run for each subject
	Allow       []plan.HazardName // besides those that the plan needs
	Commitments bool              // with row commitments
	Bare        bool              // without journal and verification: see bare
	Profile     string            // the file for the CPU profile
}

// span is subjects with the keys First, First+Step, …
type span struct{ First, Step, Count int }

func (s span) keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range s.Count {
			if !yield(strconv.Itoa(s.First + i*s.Step)) {
				return
			}
		}
	}
}

// Subjects makes a span an erase.Source.
func (s span) Subjects() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for k := range s.keys() {
			if !yield(k, nil) {
				return
			}
		}
	}
}

// outcome is the result of a job.
type outcome struct {
	Took time.Duration   // of erase.Run, or of all runs
	Each []time.Duration // of each run, in ascending order
	Rows int64           // changed, those of all steps
	Left int64
	Peak int64 // the process's largest resident set, in bytes
	// Rebuilding is the time to restore suspended indexes.
	Rebuilding time.Duration
	Way        string
}

// run does a job in a child process.
func (db *database) run(j job) outcome {
	db.t.Helper()
	j.URL = db.URL
	if *profileFlag != "" {
		name := fmt.Sprintf("%s-%d.prof", strings.ReplaceAll(db.t.Name(), "/", "-"), time.Now().UnixMilli())
		j.Profile = filepath.Join(*profileFlag, name)
	}
	text, err := json.Marshal(j)
	if err != nil {
		db.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		db.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		db.t.Fatalf("expunge: %v: %s", err, stderr.Bytes())
	}
	var out outcome
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		db.t.Fatalf("expunge said %q: %v", stdout.Bytes(), err)
	}
	return out
}

// child is the process for a job.
func child() int {
	out, err := do(context.Background())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func do(ctx context.Context) (out outcome, err error) {
	var j job
	if err := json.Unmarshal([]byte(os.Getenv(jobVariable)), &j); err != nil {
		return out, err
	}
	db, err := connect(ctx, j.URL)
	if err != nil {
		return out, err
	}
	defer db.SQL.Close()
	rules, err := policy.Parse(strings.NewReader(j.Policy))
	if err != nil {
		return out, err
	}
	p, err := plan.Build(ctx, db.DB, rules, j.Scope)
	if err != nil {
		return out, err
	}
	id, err := db.DB.Identity(ctx)
	if err != nil {
		return out, err
	}
	p.OnlyOn = id.Names[0]
	out.Way = wayOf(p)
	if j.Profile != "" {
		file, err := os.Create(j.Profile)
		if err != nil {
			return out, err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return out, err
		}
		defer pprof.StopCPUProfile()
	}
	if err := j.carryOut(ctx, db, p, &out); err != nil {
		return out, err
	}
	for _, d := range out.Each {
		out.Took += d
	}
	slices.Sort(out.Each)
	out.Peak, err = peakMemory()
	return out, err
}

// carryOut runs the plan once, or once for each subject.
func (j *job) carryOut(ctx context.Context, db *database, p *plan.Plan, out *outcome) error {
	o, rows, err := j.options(p, out)
	if err != nil {
		return err
	}
	once := func() error {
		began := time.Now()
		var err error
		if j.Bare {
			err = bare(ctx, db.DB, p, o.Secret, rows)
		} else {
			_, err = erase.Run(ctx, db.DB, p, o)
		}
		out.Each = append(out.Each, time.Since(began))
		if left := (*erase.LeftError)(nil); errors.As(err, &left) {
			out.Left += left.Rows
			err = nil
		}
		out.Rows = rows.Load()
		return err
	}
	switch {
	case j.Subjects.Count == 0:
		return once()
	case !j.OneByOne:
		o.Subjects = j.Subjects
		return once()
	}
	for key := range j.Subjects.keys() {
		o.Subjects = erase.SubjectKeys(key)
		if err := once(); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) options(p *plan.Plan, out *outcome) (o erase.Options, rows *atomic.Int64, err error) {
	rows = new(atomic.Int64)
	var batched time.Time
	o.Progress = func(e erase.Event) {
		switch e.Kind {
		case erase.EventBatch:
			rows.Add(e.Rows)
			batched = e.At
		case erase.EventRestored:
			out.Rebuilding = e.At.Sub(batched)
		}
	}
	o.Allow = slices.Clone(j.Allow)
	for _, h := range p.Hazards {
		o.Allow = append(o.Allow, h.Name)
	}
	signer, err := receipt.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		return o, nil, err
	}
	o.Signers = []receipt.Signer{signer}
	if j.Commitments {
		o.Commitments = &erase.Commitments{Key: bytes.Repeat([]byte{1}, receipt.CommitmentKeySize)}
	}
	o.Secret, err = anonymise.NewSecret(bytes.Repeat([]byte("key"), 16))
	return o, rows, err
}

// wayOf is the way of the plan's overwrites.
func wayOf(p *plan.Plan) string {
	for _, r := range p.Roots {
		for _, s := range r.Steps {
			for _, a := range s.Set {
				return string(a.Way)
			}
		}
	}
	return ""
}

// peakMemory is the process's largest resident set so far (proc(5), VmHWM), 0 where the system
// doesn't report it.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, nil
}
