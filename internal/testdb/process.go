//go:build unix

package testdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server's running program.
type process struct {
	cmd  *exec.Cmd
	end  syscall.Signal // asks it to stop
	done chan struct{}  // closed when it has ended
}

// launched is how a server's program is started.
type launched struct {
	in      *install
	program string
	args    []string
	log     string         // the file for its output, as seen from this process
	end     syscall.Signal // stops it in order
	abort   string         // the watchdog's signal for it and its sub-processes
	// ready is called until it returns nil: the server accepts connections.
	ready func(ctx context.Context) error
}

// start starts the program and waits until it is ready. Otherwise the error holds the end of its
// log.
func (s *scratch) start(l launched) (*process, error) {
	cmd, err := l.in.command(l.program, l.args...)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(l.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	forget, err := s.notePID(cmd.Process.Pid, l.abort)
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	p := &process{cmd: cmd, end: l.end, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // its log says how it ended
		forget()
		close(p.done)
	}()
	if err := p.waitReady(l.ready); err != nil {
		return nil, fmt.Errorf("starting %s: %w: %s", filepath.Join(l.in.bin, l.program), errors.Join(err, p.kill()), tailOf(l.log))
	}
	return p, nil
}

// waitReady polls until the server is ready, has ended, or patience has.
func (p *process) waitReady(ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", patience, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *process) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) stop() error { return p.sendSignal(p.end) }

// kill ends the process and its children at once, as a power failure would: surviving children
// would block a restart until they notice.
func (p *process) kill() error {
	orphans := childrenOf(p.cmd.Process.Pid)
	err := p.sendSignal(syscall.SIGKILL)
	for _, pid := range orphans {
		if e := syscall.Kill(pid, syscall.SIGKILL); e != nil && !errors.Is(e, syscall.ESRCH) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// childrenOf finds a process's children, where /proc shows them; elsewhere none.
func childrenOf(parent int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is a good one
	var out []int
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …: the name may hold anything, a parenthesis too (proc(5)).
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			out = append(out, pid)
		}
	}
	return out
}

// sendSignal sends the signal and waits for the end; nil where it has ended already.
func (p *process) sendSignal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("still running %v after %v", patience, sig)
	}
}

// tailOf returns the last lines of a log.
func tailOf(name string) []byte {
	const most = 2000
	b, err := os.ReadFile(name)
	if err != nil {
		return []byte(err.Error())
	}
	return b[max(0, len(b)-most):]
}
