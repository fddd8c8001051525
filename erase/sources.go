package erase

import (
	"encoding/binary"
	mathrand "math/rand/v2"
	"sync"

	"github.com/expungedb/expunge/anonymise"
)

// newSource makes a source of randomness, seeded from the options'.
func newSource(o *Options) *anonymise.Source {
	var seed [32]byte
	for i := 0; i < len(seed); i += 8 {
		binary.LittleEndian.PutUint64(seed[i:], o.Rand.Uint64())
	}
	return anonymise.NewSource(o.Secret, mathrand.NewChaCha8(seed))
}

// sourcePool gives each worker a source of its own.
type sourcePool struct {
	mu   sync.Mutex
	pool sync.Pool
}

func newSourcePool(o *Options) *sourcePool {
	p := &sourcePool{}
	p.pool.New = func() any {
		p.mu.Lock()
		defer p.mu.Unlock()
		return newSource(o)
	}
	return p
}

func (p *sourcePool) take() *anonymise.Source {
	s, _ := p.pool.Get().(*anonymise.Source)
	return s
}

func (p *sourcePool) give(s *anonymise.Source) { p.pool.Put(s) }
