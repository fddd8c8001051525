package anonymise

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
	"sort"
)

// The pseudonym of a whole number is another whole number, from a keyed permutation. So different
// numbers always remain different, and a key column keeps its joins and its uniqueness, whatever
// the number of rows. The permutation maps each band to itself: the numbers with as many digits
// that fit into the same integer types. So the result depends on the number only, never on the
// column, and fits wherever the number did: joined smallint and bigint columns agree.

// bandStarts are the least members of the bands of positive numbers. Zero is alone: it identifies
// no one, and MySQL takes it for "the next number".
var bandStarts = findBandStarts(0)

// negativeStarts are those of the absolute values of negative numbers, because each type reaches
// one further there.
var negativeStarts = findBandStarts(1)

func findBandStarts(beyond uint64) []uint64 {
	all := []uint64{0, 1}
	for p := uint64(10); ; p *= 10 {
		all = append(all, p)
		if p > 1e18 {
			break
		}
	}
	for _, width := range []uint{7, 8, 15, 16, 23, 24, 31, 32, 63} {
		all = append(all, 1<<width+beyond)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

// bandOf returns the number of n's band, its first member, and its size.
func bandOf(starts []uint64, n uint64) (number int, start, size uint64) {
	i := sort.Search(len(starts), func(i int) bool { return starts[i] > n })
	start = starts[i-1]
	if i == len(starts) {
		return i, start, -start // up to 2^64
	}
	return i, start, starts[i] - start
}

// permuteNumber maps n to another member of its band. The map is one cycle through all members, the
// successor under a keyed order. So it is a permutation without fixed points (a band of one aside).
func permuteNumber(key cipher.Block, scratch *[2 * aes.BlockSize]byte, n uint64, negative bool) uint64 {
	starts, sign := bandStarts, byte(0)
	if negative {
		starts, sign = negativeStarts, 1
	}
	number, start, size := bandOf(starts, n)
	if size == 1 {
		return n
	}
	f := feistel{key: key, scratch: scratch, size: size, tweak: [2]byte{byte(number), sign}}
	f.half = uint(bits.Len64(size-1)+1) / 2
	x := f.walk(n-start, true)
	if x++; x == size {
		x = 0
	}
	return start + f.walk(x, false)
}

// feistel is a balanced Feistel network over 2·half bits with AES as its round function, repeated
// until the result is within the band (Black and Rogaway, "Ciphers with Arbitrary Finite Domains",
// CT-RSA 2002). It has ten rounds, as FF1 of NIST SP 800-38G has.
type feistel struct {
	key     cipher.Block
	scratch *[2 * aes.BlockSize]byte
	size    uint64
	half    uint
	tweak   [2]byte // each band has a permutation of its own
}

const feistelRounds = 10

func (f *feistel) walk(x uint64, forwards bool) uint64 {
	for {
		if forwards {
			x = f.encrypt(x)
		} else {
			x = f.decrypt(x)
		}
		if x < f.size {
			return x
		}
	}
}

func (f *feistel) encrypt(x uint64) uint64 {
	mask := uint64(1)<<f.half - 1
	left, right := x>>f.half, x&mask
	for i := range feistelRounds {
		left, right = right, left^f.round(i, right)&mask
	}
	return left<<f.half | right
}

func (f *feistel) decrypt(x uint64) uint64 {
	mask := uint64(1)<<f.half - 1
	left, right := x>>f.half, x&mask
	for i := feistelRounds - 1; i >= 0; i-- {
		left, right = right^f.round(i, left)&mask, left
	}
	return left<<f.half | right
}

func (f *feistel) round(i int, x uint64) uint64 {
	in, out := f.scratch[:aes.BlockSize], f.scratch[aes.BlockSize:]
	binary.BigEndian.PutUint64(in, x)
	binary.BigEndian.PutUint64(in[8:], 0)
	in[8], in[9], in[10] = byte(i), f.tweak[0], f.tweak[1]
	f.key.Encrypt(out, in)
	return binary.BigEndian.Uint64(out)
}
