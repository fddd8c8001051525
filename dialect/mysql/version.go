package mysql

import (
	"slices"
	"strconv"
	"strings"
)

// parseVersion parses the result of VERSION(): 9.7.4-2, 10.11.19-MariaDB-0+deb12u1, and
// 5.5.5-10.11.19-MariaDB from a proxy that hides a major version above 5.
func parseVersion(v string) *server {
	s := &server{version: v, mariadb: strings.Contains(strings.ToLower(v), "mariadb")}
	numbers := v
	if s.mariadb {
		numbers = strings.TrimPrefix(numbers, "5.5.5-")
	}
	for i, part := range strings.SplitN(numbers, ".", len(s.number)) {
		if end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
			part = part[:end]
		}
		s.number[i], _ = strconv.Atoi(part) // not a number: 0, older than any supported version
	}
	return s
}

// atLeast reports whether the server's version is that or a later one.
func (s *server) atLeast(major, minor, patch int) bool {
	return slices.Compare(s.number[:], []int{major, minor, patch}) >= 0
}
