package sample

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"
)

// dice throws the values of one row group. Its sequence is a function of the seed, the table and
// the group: tables can be made in any order, and a table's rows never depend on another's code. It
// is SplitMix64 (Steele, Lea, Flood 2014), written out so that no release of a library changes the
// shop.
type dice struct {
	state     uint64
	seed      uint64
	customers int64
}

func (s Shop) newDice(table string, i int64) *dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(table)) // a hash never fails
	return &dice{state: mixBits(s.Seed^h.Sum64()) + uint64(i)*0xd1342543de82ef95, seed: s.Seed, customers: int64(s.customers())}
}

func mixBits(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *dice) nextBits() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return mixBits(d.state)
}

// n throws a number from 0 to below limit; a limit below 1 counts as 1.
func (d *dice) n(limit int64) int64 { return int64(d.nextBits() % uint64(max(limit, 1))) }

// one is true once in that many throws, on average.
func (d *dice) one(in int64) bool { return d.n(in) == 0 }

func pickOne[T any](d *dice, from []T) T { return from[d.n(int64(len(from)))] }

// money throws an amount below limit cents.
func (d *dice) money(limit int64) string {
	n := d.n(limit)
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}

// momentWithin throws a timestamp within that many years before Now, to the second.
func (d *dice) momentWithin(years int64) string {
	return Now.Add(-time.Duration(1+d.n(years*365*24*3600)) * time.Second).Format("2006-01-02 15:04:05")
}

// dayWithin throws a date within that many years before Now.
func (d *dice) dayWithin(years int64) string { return d.momentWithin(years)[:len("2006-01-02")] }

// uuid throws a random UUID (RFC 9562, version 4).
func (d *dice) uuid() string {
	a, b := d.nextBits()&^0xf000|0x4000, d.nextBits()&^(3<<62)|2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&(1<<48-1))
}

// factOf throws once for a fact shared by several tables.
func (d *dice) factOf(name uint64, i int64) uint64 {
	return mixBits(mixBits(d.seed+name*0x9e3779b97f4a7c15) + uint64(i)*0xd1342543de82ef95)
}

// The facts shared by several tables: each is a function of the seed and an ID.
const (
	factAddress uint64 = iota + 1
	factOrders
	factStatus
	factPlaced
	factSessions
	factSessionID
	factWishlist
)

// addressOf returns the address of customer i: mostly their own, of the same number; one in eight
// lives at the neighbour's; 0 means no address.
func (d *dice) addressOf(i int64) int64 {
	own := func(i int64) bool { return d.factOf(factAddress, i)%8 > 1 }
	switch {
	case own(i):
		return i
	case d.factOf(factAddress, i)%8 == 1 && i > 1 && own(i-1):
		return i - 1
	}
	return 0
}

const ordersPerCustomer = 8 // the space of order IDs for each; 0 to 4 are used

func (d *dice) orderCount(i int64) int64       { return int64(d.factOf(factOrders, i) % 5) }
func (d *dice) sessionCount(i int64) int64     { return int64(d.factOf(factSessions, i) % 3) }
func (d *dice) hasWishlist(i int64) bool       { return d.factOf(factWishlist, i)%3 == 0 }
func (d *dice) orderStatus(order int64) string { return orderStatus[d.factOf(factStatus, order)%4] }

var orderStatus = [4]string{"open", "paid", "sent", "sent"}

func (d *dice) placedAt(order int64) string {
	return (&dice{state: d.factOf(factPlaced, order)}).momentWithin(9)
}

func (d *dice) sessionID(i, k int64) string {
	return (&dice{state: d.factOf(factSessionID, i*4+k)}).uuid()
}

func customerOf(order int64) int64 { return order / ordersPerCustomer }
func orderNo(order int64) int64    { return order / 2 }
func shopCode(order int64) string  { return []string{"north", "south"}[order%2] }
func loyaltyNo(i int64) string     { return "L" + number(1000000+i) }
func number(n int64) string        { return strconv.FormatInt(n, 10) }
func hex(n int64) string           { return strconv.FormatInt(n, 16) }
