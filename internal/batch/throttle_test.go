package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script is a throttle with a list of delays, one after the other, then without.
type script struct {
	delays []time.Duration
	why    []string
	err    error
	rows   int64
}

func (s *script) Delay(context.Context) (time.Duration, string, error) {
	if len(s.delays) == 0 {
		return 0, "", s.err
	}
	d, w := s.delays[0], s.why[0]
	s.delays, s.why = s.delays[1:], s.why[1:]
	return d, w, nil
}

func (s *script) Committed(rows int64, _ time.Duration) { s.rows += rows }

// news collects a gate's messages.
type news []string

func (n *news) tell(why string, waited time.Duration) {
	*n = append(*n, fmt.Sprintf("%v %s", waited, why))
}

func TestAGateWaitsForTheSlowestAndTellsEachReasonOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got news
		lag := &script{delays: []time.Duration{time.Second, time.Second, time.Second}, why: []string{"lag", "lag", "more lag"}}
		quiet := &script{delays: []time.Duration{time.Millisecond, 5 * time.Second, 0}, why: []string{"load", "", ""}}
		began := time.Now()
		if err := NewGate(got.tell, lag, quiet).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("waited %v", d)
		}
		if diff := cmp.Diff(news{"0s lag", "6s more lag", "7s "}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAGateThatIsOpenTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(func(string, time.Duration) { t.Error("it told something") }, &script{})
		if err := g.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAWaitEndsWithItsContextAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := errors.New("over")
		ctx, cancel := context.WithCancelCause(t.Context())
		g := NewGate(func(string, time.Duration) {}, &script{delays: []time.Duration{time.Hour}, why: []string{""}})
		ends := make(chan error)
		for range 2 { // one waits, the other waits behind it
			go func() { ends <- g.Wait(ctx) }()
		}
		synctest.Wait()
		began := time.Now()
		cancel(over)
		for range 2 {
			if err := <-ends; !errors.Is(err, over) {
				t.Errorf("error %v", err)
			}
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("it took %v", d)
		}
	})
}

func TestAThrottlesErrorEndsTheWait(t *testing.T) {
	broken := errors.New("broken")
	g := NewGate(nil, &script{}, &script{err: broken})
	if err := g.Wait(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Wait: error %v", err)
	}
	if err := g.Check(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Check: error %v", err)
	}
}

func TestEveryThrottleIsToldOfABatch(t *testing.T) {
	a, b := &script{}, &script{}
	g := NewGate(nil, a, b)
	g.Committed(3, 0)
	g.Committed(4, 0)
	if a.rows != 7 || b.rows != 7 {
		t.Errorf("told of %d and %d rows", a.rows, b.rows)
	}
}

func TestItemsArePacedAndNothingWaitsAfterTheLast(t *testing.T) {
	var order []string
	paced := Paced(numbers(2), func() error { order = append(order, "wait"); return nil })
	for i, err := range paced {
		order = append(order, fmt.Sprint(i, err))
	}
	if diff := cmp.Diff([]string{"wait", "0 <nil>", "wait", "1 <nil>"}, order); diff != "" {
		t.Error(diff)
	}
	no := errors.New("no")
	var ends []error
	for _, err := range Paced(numbers(2), func() error { return no }) {
		ends = append(ends, err)
	}
	if !slices.Equal(ends, []error{no}) {
		t.Errorf("a wait that fails gives %v", ends)
	}
}

// level is a Level over a value set by the test.
func level(reading *Reading, err *error, asked *int) *Level {
	return &Level{
		What: "lag", Limit: 8, Every: time.Second, Patience: time.Minute,
		Measure: func(context.Context) (Reading, error) { *asked++; return *reading, *err },
		Say:     func(v int64) string { return fmt.Sprintf("lag %d", v) },
	}
}

func TestALevelOpensAQuarterBelowItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Reading
		var err error
		var asked int
		l := level(&r, &err, &asked)
		for _, c := range []struct {
			value int64
			why   string
		}{{0, ""}, {8, ""}, {9, "lag 9"}, {8, "lag 8"}, {7, "lag 7"}, {6, ""}, {8, ""}, {9, "lag 9"}, {0, ""}} {
			r.Value = c.value
			wait, why, err := l.Delay(t.Context())
			if err != nil || why != c.why || (wait > 0) != (why != "") {
				t.Errorf("at %d: wait %v, %q, error %v; want %q", c.value, wait, why, err, c.why)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestALevelOfOneOpensAtOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Reading
		var err error
		var asked int
		l := level(&r, &err, &asked)
		l.Limit = 1
		for _, value := range []int64{2, 1} {
			r.Value = value
			wait, _, _ := l.Delay(t.Context())
			if (wait > 0) != (value == 2) {
				t.Errorf("at %d it waits %v", value, wait)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestALevelIsMeasuredNoMoreThanItsInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Reading
		var err error
		var asked int
		l := level(&r, &err, &asked)
		for range 50 {
			if _, _, err := l.Delay(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if asked != 5 {
			t.Errorf("measured %d times in 5 s", asked)
		}
		r.Value = 99
		if err := wait(t, l, func() { r.Value = 0 }); err != nil {
			t.Fatal(err)
		}
		if asked != 7 {
			t.Errorf("measured %d times in the second more that it was over", asked-5)
		}
	})
}

// wait waits at a gate with the one throttle, and calls meanwhile once it waits.
func wait(t *testing.T, l *Level, meanwhile func()) error {
	t.Helper()
	return NewGate(func(why string, _ time.Duration) {
		if why != "" {
			meanwhile()
		}
	}, l).Wait(t.Context())
}

func TestALevelThatNeverAnsweredIsAnError(t *testing.T) {
	var r Reading
	err := errors.New("no such replica")
	var asked int
	_, _, got := level(&r, &err, &asked).Delay(t.Context())
	if !errors.Is(got, err) || !strings.HasPrefix(got.Error(), "lag: ") {
		t.Errorf("error %v", got)
	}
}

func TestALevelThatIsNotKnownAnyMoreIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Reading
		var err error
		var asked int
		l := level(&r, &err, &asked)
		for _, c := range []struct {
			reading Reading
			err     error
			why     string
		}{
			{},
			{err: errors.New("connection lost"), why: "lag can't be told: connection lost"},
			{reading: Reading{Unknown: "replication is stopped"}, why: "lag can't be told: replication is stopped"},
			{reading: Reading{Value: 8}, why: "lag 8"}, // the value before was above the limit
			{},
		} {
			r, err = c.reading, c.err
			_, why, got := l.Delay(t.Context())
			if got != nil || why != c.why {
				t.Errorf("%+v: %q, error %v; want %q", c, why, got, c.why)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestALevelThatDoesNotAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := false
		l := &Level{What: "lag", Every: time.Second, Patience: 3 * time.Second, Measure: func(ctx context.Context) (Reading, error) {
			if hangs {
				<-ctx.Done()
			}
			return Reading{}, ctx.Err()
		}}
		if _, _, err := l.Delay(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		hangs = true
		began := time.Now()
		wait, why, err := l.Delay(t.Context())
		if wait <= 0 || why == "" || err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("wait %v, %q, error %v after %v", wait, why, err, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		time.Sleep(time.Second)
		if _, _, err := l.Delay(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that ends: error %v", err)
		}
	})
}

func TestARateHoldsOverMinutes(t *testing.T) {
	for _, c := range []struct {
		rate, workers int
		rows          int64
		takes         time.Duration // a batch
	}{{1000, 1, 100, 10 * time.Millisecond}, {1000, 4, 100, 50 * time.Millisecond}, {1000, 4, 5000, 500 * time.Millisecond}, {10, 1, 500, time.Second}, {0, 1, 1, 0}} {
		synctest.Test(t, func(t *testing.T) {
			r := NewRate(c.rate)
			g := NewGate(func(string, time.Duration) {}, r)
			began := time.Now()
			total := 100 * c.rows
			batches := make(chan int, 100)
			for i := range 100 {
				batches <- i
			}
			close(batches)
			var workers sync.WaitGroup
			for range c.workers {
				workers.Go(func() {
					for range batches {
						if err := g.Wait(t.Context()); err != nil {
							t.Error(err)
						}
						time.Sleep(c.takes)
						g.Committed(c.rows, 0)
					}
				})
			}
			workers.Wait()
			want := float64(total) / float64(max(c.rate, 1))
			// One second's rows are free, and so is the last batch of each worker.
			free := 1 + float64(int64(c.workers)*c.rows)/float64(max(c.rate, 1))
			if took := time.Since(began).Seconds(); took < want-free-1e-6 || took > want+free {
				t.Errorf("%+v: %d rows took %.1f s, which should be about %.1f", c, total, took, want)
			}
		})
	}
}

func TestARateTellsOfLongWaitsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRate(10)
		for rows, want := range map[int64]string{0: "", 25: "", 100: "at most 10 rows a second"} {
			r.Committed(rows, 0)
			if _, why, _ := r.Delay(t.Context()); why != want {
				t.Errorf("after %d rows: %q", rows, why)
			}
			time.Sleep(time.Hour)
		}
		if r.Burst() != 10 {
			t.Errorf("burst %d", r.Burst())
		}
	})
}

func TestLatencyBacksOffAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Latency{Limit: 50 * time.Millisecond, First: time.Second, Most: 4 * time.Second, Say: func(d time.Duration) string { return "a commit took " + d.String() }}
		delay := func() time.Duration { d, _, _ := l.Delay(t.Context()); return max(d, 0) }
		for i, c := range []struct{ commit, wait time.Duration }{
			{50 * time.Millisecond, 0},
			{51 * time.Millisecond, time.Second},
			{time.Second, 2 * time.Second},
			{time.Second, 4 * time.Second},
			{time.Second, 4 * time.Second},
			{time.Millisecond, 0},
			{time.Second, 4 * time.Second},
			{0, 0},
			{0, 0},
			{0, 0},
			{time.Second, time.Second},
		} {
			l.Committed(1, c.commit)
			if d := delay(); d != c.wait {
				t.Errorf("step %d: a commit of %v has it wait %v; want %v", i, c.commit, d, c.wait)
			}
			time.Sleep(delay())
		}
		l.Committed(1, time.Second)
		before := delay()
		l.Committed(1, 2*time.Second) // of a worker already at work
		if delay() != before {
			t.Errorf("a batch begun before the wait made it %v", delay())
		}
		if _, why, _ := l.Delay(t.Context()); why != "a commit took 1s" {
			t.Errorf("why: %q", why)
		}
	})
}
