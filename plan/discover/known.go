package discover

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// knownTable is a table that a tool makes for itself: it is recognised by its name together with
// its columns.
type knownTable struct {
	name    string // in small letters
	columns []string
	holds   string // for reasons
}

// bookkeeping are tables of tools that hold nothing of people.
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

// bookkeeping says what a tool keeps in the table, "" where it is no such table.
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

// jobArguments and jobControls are what the columns of job queues are called, whichever tool has
// them: River, pg-boss, Oban, Que, Delayed Job, Good Job, Solid Queue, Laravel, Graphile Worker.
var (
	jobArguments = []string{"args", "arguments", "payload", "handler", "serialized_params", "params", "kwargs", "data", "output", "errors", "exception", "last_error", "metadata"}
	jobControls  = []string{"queue", "queue_name", "run_at", "scheduled_at", "available_at", "attempt", "attempts", "max_attempts", "attempted_at", "retrycount", "retry_count", "locked_at", "locked_by", "priority", "failed_at", "finished_at", "startafter", "reserved_at"}
)

// isJobQueue reports whether rows are jobs that wait or are done.
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

// judgeKnown settles columns of tables that tools make for themselves.
func (c *column) judgeKnown() bool {
	if holds := c.table.bookkeeping(); holds != "" {
		c.verdict.none(byName, "the table has %s", holds)
		return true
	}
	return c.judgeSession() || c.judgeJob()
}

// judgeJob leaves open what jobs are called with, unless their documents show something personal.
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

// isSessions reports whether the table keeps sessions of a web application: all that it knows of a
// visitor, in one column.
func (t *table) isSessions() bool {
	w := t.nameWords()
	return len(w) > 0 && slices.Contains([]string{"session", "sessions", "sitzung", "sitzungen"}, w[len(w)-1]) && len(t.columns) <= 10
}

var sessionContents = wordSet(`data vars payload session content contents value values state attributes`)

// judgeSession settles what a session holds, and its key, which lets in who knows it.
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
