package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgxpool"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"
	"github.com/urfave/cli/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/dialect/sqlserver"
)

// database is an open database.
type database struct {
	dialect.DB
	close func()
}

// Unwrap is the engine's own DB, perhaps with more abilities.
func (d *database) Unwrap() dialect.DB { return d.DB }

// openers has the package and driver for each scheme of URL. Its functions get the whole URL, the
// part after the scheme's colon, and the number of connections to be used at once.
var openers = map[string]func(ctx context.Context, raw, rest string, workers int) (*database, error){
	"sqlite":     openSQLite,
	"postgres":   openPostgres,
	"postgresql": openPostgres,
	"mysql":      openMySQL,
	"mariadb":    openMySQL,
	"sqlserver":  openSQLServer,
}

// openDatabase connects to the database of --db. No error of it holds the URL, because the URL may
// contain a password.
func openDatabase(ctx context.Context, cmd *cli.Command) (*database, error) {
	raw := cmd.String("db")
	if raw == "" {
		return nil, badUsage("which database? give its URL by --db or EXPUNGE_DB, such as sqlite:shop.db or postgres://user:password@host/shop")
	}
	return openURL(ctx, raw, cmd.Int("workers"))
}

// openURL connects to the database of a URL.
func openURL(ctx context.Context, raw string, workers int) (*database, error) {
	scheme, rest, _ := strings.Cut(raw, ":")
	opener := openers[strings.ToLower(scheme)]
	if opener == nil {
		return nil, badUsage("--db: not the URL of an engine that is known: it begins with sqlite:, postgres://, mysql://, mariadb:// or sqlserver://")
	}
	return opener(ctx, raw, rest, workers)
}

// openSQLite opens an existing file: SQLite would create a missing one, empty, and a run would find
// all rows already gone.
func openSQLite(_ context.Context, _, rest string, _ int) (*database, error) {
	path, err := sqlitePath(rest)
	if err != nil {
		return nil, err
	}
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, badUsage("--db: there is no database file %s", path)
	case info.IsDir():
		return nil, badUsage("--db: %s is a folder, not a database file", path)
	}
	pool, err := sql.Open("sqlite", sqliteDSN(path, "rw"))
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return &database{sqlite.New(pool), func() { pool.Close() }}, nil
}

// sqlitePath is the file of sqlite:shop.db and sqlite:///var/lib/shop.db.
func sqlitePath(rest string) (string, error) {
	if !strings.HasPrefix(rest, "//") {
		if rest == "" {
			return "", badUsage("--db: sqlite: needs the path of a file")
		}
		return filepath.Abs(rest)
	}
	path, err := url.PathUnescape(rest[2:])
	if err != nil || !strings.HasPrefix(path, "/") {
		return "", badUsage("--db: write sqlite:shop.db, or sqlite:///var/lib/shop.db for an absolute path")
	}
	return path, nil
}

// sqliteDSN is the driver's name for a file with any character in its path; mode rw doesn't make
// the file, rwc does.
func sqliteDSN(path, mode string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "mode=" + mode + "&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"}
	return u.String()
}

func openPostgres(ctx context.Context, raw, _ string, workers int) (*database, error) {
	config, err := pgxpool.ParseConfig(raw)
	if err != nil {
		return nil, badUsage("--db: not a URL that PostgreSQL's driver takes: postgres://user:password@host:5432/database (escape special characters in the password, as %%40 for @)")
	}
	config.MaxConns = max(config.MaxConns, int32(min(workers, 1000))+4) // also for the run's claim and the journal
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err == nil {
		err = pingDatabase(ctx, pool.Ping)
	}
	if err != nil {
		if pool != nil {
			pool.Close()
		}
		return nil, fmt.Errorf("connecting: %w", withoutPassword(err, config.ConnConfig.Password))
	}
	return &database{postgres.New(pool), pool.Close}, nil
}

func openMySQL(ctx context.Context, raw, _ string, workers int) (*database, error) {
	config, err := mysqlConfig(raw)
	if err != nil {
		return nil, badUsage("--db: not a URL that MySQL's driver takes: mysql://user:password@host:3306/database (escape special characters in the password, as %%40 for @)")
	}
	config.Logger = &mysqldriver.NopLogger{} // its messages are returned as errors too
	connector, err := mysqldriver.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", withoutPassword(err, config.Passwd))
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxIdleConns(max(workers, 4) + 4) // a closed connection has to be set up again
	if err := pingDatabase(ctx, pool.PingContext); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connecting: %w", withoutPassword(err, config.Passwd))
	}
	return &database{mysql.New(pool), func() { pool.Close() }}, nil
}

// openSQLServer takes the URL of SQL Server's driver.
func openSQLServer(ctx context.Context, raw, _ string, workers int) (*database, error) {
	config, err := msdsn.Parse(raw)
	if err != nil || config.Database == "" {
		return nil, badUsage("--db: not a URL that SQL Server's driver takes: sqlserver://user:password@host:1433?database=name (escape special characters in the password, as %%40 for @)")
	}
	pool := sql.OpenDB(mssql.NewConnectorConfig(config))
	pool.SetMaxIdleConns(max(workers, 4) + 4)
	if err := pingDatabase(ctx, pool.PingContext); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connecting: %w", withoutPassword(err, config.Password))
	}
	return &database{sqlserver.New(pool), func() { pool.Close() }}, nil
}

// mysqlConfig reads a URL whose query holds the driver's parameters (tls=true). Its error may hold
// a password.
func mysqlConfig(raw string) (*mysqldriver.Config, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || len(u.Path) < 2 {
		return nil, errors.New("not a URL with a host and a database")
	}
	c := mysqldriver.NewConfig()
	c.Net, c.Addr = "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "3306"))
	c.DBName = u.Path[1:]
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	if u.RawQuery == "" {
		return c, nil
	}
	dsn := c.FormatDSN()
	if strings.Contains(dsn[strings.LastIndexByte(dsn, '/'):], "?") {
		return mysqldriver.ParseDSN(dsn + "&" + u.RawQuery)
	}
	return mysqldriver.ParseDSN(dsn + "?" + u.RawQuery)
}

// pingDatabase tries a connection, to report a wrong address as such.
func pingDatabase(ctx context.Context, ping func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return ping(ctx)
}

// withoutPassword is a driver's error in one line, without the password.
func withoutPassword(err error, password string) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if password != "" {
		text = strings.ReplaceAll(text, password, "…")
	}
	return errors.New(text)
}
