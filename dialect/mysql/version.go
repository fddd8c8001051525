package mysql

import (
	"strconv"
	"strings"
)

// parseVersion reads what VERSION() says: 9.7.4-2, 10.11.19-MariaDB-0+deb12u1,
// and 5.5.5-10.11.19-MariaDB from a proxy that hides a major version above 5.
func parseVersion(v string) *server {
	s := &server{version: v, mariadb: strings.Contains(strings.ToLower(v), "mariadb")}
	numbers := v
	if s.mariadb {
		numbers = strings.TrimPrefix(numbers, "5.5.5-")
	}
	parts := strings.SplitN(numbers, ".", 3)
	s.major, _ = strconv.Atoi(parts[0]) // what isn't a number is older than anything supported
	if len(parts) > 1 {
		s.minor, _ = strconv.Atoi(parts[1])
	}
	return s
}
