package anonymise

import (
	"encoding/hex"
	"net"
	"net/netip"
)

// uuid is 16 bytes, written in lower case with hyphens (RFC 9562, section 4).
type uuid [16]byte

// parseUUID reads 32 hexadecimal digits, with or without hyphens and braces.
func parseUUID(s string) (uuid, bool) {
	var u uuid
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return u, false
	}
	_, err := hex.Decode(u[:], []byte(s))
	return u, err == nil
}

// version sets the version and the variant as RFC 9562 requires.
func (u uuid) version(v byte) uuid {
	u[6] = u[6]&0x0f | v<<4
	u[8] = u[8]&0x3f | 0x80
	return u
}

func (u uuid) String() string {
	var b [36]byte
	hex.Encode(b[:], u[:4])
	b[8] = '-'
	hex.Encode(b[9:], u[4:6])
	b[13] = '-'
	hex.Encode(b[14:], u[6:8])
	b[18] = '-'
	hex.Encode(b[19:], u[8:10])
	b[23] = '-'
	hex.Encode(b[24:], u[10:])
	return string(b[:])
}

// inet is an address, a network or a MAC address.
type inet struct {
	addr netip.Addr
	bits int // of a network; -1: a single address
	mac  net.HardwareAddr
}

func parseInet(s string) (inet, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return inet{addr: a.WithZone(""), bits: -1}, true
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return inet{addr: p.Addr(), bits: p.Bits()}, true
	}
	if m, err := net.ParseMAC(s); err == nil {
		return inet{mac: m}, true
	}
	return inet{}, false
}

func (i inet) String() string {
	if i.mac != nil {
		return i.mac.String()
	}
	if i.bits < 0 {
		return i.addr.String()
	}
	return netip.PrefixFrom(i.addr, i.bits).String()
}
