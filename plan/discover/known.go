package discover

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// knownTable is a table of a tool's own. Its name and its columns together identify it.
type knownTable struct {
	name    string // in lower case
	columns []string
	holds   string // for reasons
}

// bookkeeping lists tools' own tables without personal data.
var bookkeeping = []knownTable{
	{"goose_db_version", []string{"version_id", "is_applied"}, "migrations of goose"},
	{"flyway_schema_history", []string{"installed_rank", "checksum"}, "migrations of Flyway"},
	{"databasechangeloglock", []string{"locked"}, "the lock of Liquibase"},
	{"schema_migrations", []string{"version"}, "migrations of Rails, dbmate or golang-migrate"},
	{"ar_internal_metadata", []string{"key", "value"}, "settings of Rails"},
	{"django_migrations", []string{"app", "name", "applied"}, "migrations of Django"},
	{"django_content_type", []string{"app_label", "model"}, "the models of Django"},
	{"_prisma_migrations", []string{"checksum", "migration_name"}, "migrations of Prisma"},
	{"atlas_schema_revisions", []string{"version", "executed_at"}, "migrations of Atlas"},
	{"alembic_version", []string{"version_num"}, "migrations of Alembic"},
	{"knex_migrations", []string{"name", "batch"}, "migrations of Knex"},
	{"knex_migrations_lock", []string{"is_locked"}, "the lock of Knex"},
	{"migrations", []string{"migration", "batch"}, "migrations of Laravel"},
	{"__efmigrationshistory", []string{"migrationid", "productversion"}, "migrations of Entity Framework"},
	{"river_migration", []string{"version"}, "migrations of River"},
	{"river_queue", []string{"name", "paused_at"}, "queues of River"},
	{"river_leader", []string{"leader_id", "elected_at"}, "the leader of River"},
}

// bookkeeping returns the contents of a tool's own table in words, "" for other tables.
func (t *table) bookkeeping() string {
	i := slices.IndexFunc(bookkeeping, func(k knownTable) bool {
		return strings.EqualFold(k.name, t.Name.Table) && !slices.ContainsFunc(k.columns, func(name string) bool { return !t.hasColumn(name) })
	})
	if i < 0 {
		return ""
	}
	return bookkeeping[i].holds
}

func (t *table) hasColumn(name string) bool {
	return slices.ContainsFunc(t.columns, func(c *column) bool { return strings.EqualFold(c.Name, name) })
}

// jobArguments and jobControls are the names of columns in job queues: River, pg-boss, Oban, Que,
// Delayed Job, Good Job, Solid Queue, Laravel, Graphile Worker.
var (
	jobArguments = []string{"args", "arguments", "payload", "handler", "serialized_params", "params", "kwargs", "data", "output", "errors", "exception", "last_error", "metadata"}
	jobControls  = []string{"queue", "queue_name", "run_at", "scheduled_at", "available_at", "attempt", "attempts", "max_attempts", "attempted_at", "retrycount", "retry_count", "locked_at", "locked_by", "priority", "failed_at", "finished_at", "startafter", "reserved_at"}
)

// isJobQueue reports whether the rows are waiting or finished jobs.
func (t *table) isJobQueue() bool {
	w := splitName(t.Name.Table)
	if !slices.ContainsFunc(w, func(word string) bool { return word == "job" || word == "jobs" || word == "queue" || word == "tasks" }) {
		return false
	}
	n := 0
	for _, name := range jobControls {
		if t.hasColumn(name) {
			n++
		}
	}
	return n >= 3
}

// judgeKnown decides columns of tools' own tables, of sessions and of job queues.
func (c *column) judgeKnown() bool {
	if holds := c.table.bookkeeping(); holds != "" {
		c.verdict.none(byName, "the table has %s", holds)
		return true
	}
	return c.judgeSession() || c.judgeJob()
}

// judgeJob leaves the arguments of jobs to a person, unless their documents contain personal
// data.
func (c *column) judgeJob() bool {
	if !c.table.isJobQueue() || !slices.Contains(jobArguments, strings.ToLower(c.Name)) || c.kind != dialect.Text && c.kind != dialect.JSON {
		return false
	}
	if c.judgeDocuments() && c.verdict.personal() {
		return true
	}
	c.verdict.leaveOpen("what jobs are called with can hold people's data, though the sample shows none")
	return true
}

// isSessions reports whether the table has the sessions of a web application. One column of it
// contains everything known about a visitor.
func (t *table) isSessions() bool {
	w := t.nameWords()
	return len(w) > 0 && slices.Contains([]string{"session", "sessions", "sitzung", "sitzungen"}, w[len(w)-1]) && len(t.columns) <= 10
}

var sessionContents = wordSet(`data vars payload session content contents value values state attributes`)

// judgeSession decides the contents of a session, and its key: knowing the key is enough to use
// the session.
func (c *column) judgeSession() bool {
	if !c.table.isSessions() || c.kind != dialect.Text && c.kind != dialect.JSON || c.Length > 0 && c.Length < 32 || len(c.words) == 0 {
		return false
	}
	last := c.words[len(c.words)-1]
	switch {
	case sessionContents[last] && (c.Length == 0 || c.Length > 255):
		c.verdict.is(cookie, likely)
		c.verdict.because("it is what a session holds")
	case slices.Contains(c.table.PrimaryKey, c.Name), c.words[0] == "sess" || c.words[0] == "session":
		c.verdict.is(secret, likely)
		c.verdict.because("it names a session, and lets in who knows it")
	default:
		return false
	}
	return true
}
