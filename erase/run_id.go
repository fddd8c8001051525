package erase

import (
	"crypto/sha256"
	"fmt"
	"net/url"
)

// RunID makes the run ID of a request on one of several databases: the case's reference and the
// database's name, joined by a slash. Different pairs have different IDs, and the same pair always has
// the same. Thus a request is continued or repeated, and never confused with another. Neither may name
// a person.
func RunID(request, database string) string {
	id := url.PathEscape(request) + "/" + url.PathEscape(database)
	if len(id) > 200 {
		return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(id)))
	}
	return id
}
