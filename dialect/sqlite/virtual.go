package sqlite

import "strings"

// refresh says how to remove a virtual table's copies of deleted rows.
// https://sqlite.org/fts5.html#special_insert_commands, https://sqlite.org/fts3.html#commands
func (v virtualText) refresh(name string) string {
	command := func(word string) string {
		return "INSERT INTO " + quoteIdent(name) + " (" + quoteIdent(name) + ") VALUES ('" + word + "')"
	}
	switch {
	case v.content != "":
		return "rebuild it after the run: " + command("rebuild")
	case v.contentless && v.deletes:
		return "after the run delete its entries, by the rowid of the deleted and changed rows"
	case v.contentless && v.module == "fts5":
		return "empty it after the run (" + command("delete-all") + ") and fill it again"
	case v.contentless:
		return "drop it after the run, create it and fill it again"
	case strings.HasPrefix(v.module, "fts"):
		return "after the run delete its rows about deleted rows, and write again those about changed ones"
	}
	return "after the run delete its copies of deleted rows, and write again those of changed ones"
}
