//! What a database is told: its tables, and how they are filled.

use health::formats::postgresql::{Holds, REST, TABLES, Table};
use tokio_postgres::{Client, Error};

/// The version of the tables.
pub(super) const VERSION: i32 = 1;
/// Their schema: nothing of anybody else's is touched.
const SCHEMA: &str = "vitalog";
/// Two who make the tables at once wait for each other at this number.
const LOCK: i64 = 0x7669_7461_6c6f_6731;

/// The tables beside those of records, and what is read more easily than it lies there.
const BESIDE: &str = "
CREATE TABLE vitalog.about (version integer NOT NULL);
CREATE INDEX samples_type_start_time ON vitalog.samples (type, start_time);
CREATE VIEW vitalog.route_points AS
    SELECT route.id AS route, place.n, (place.point->>'time')::timestamptz AS time,
        (place.point->>'lat')::double precision AS lat, (place.point->>'lon')::double precision AS lon,
        (place.point->>'ele')::double precision AS ele, (place.point->>'speed')::double precision AS speed,
        (place.point->>'course')::double precision AS course, (place.point->>'h_acc')::double precision AS h_acc,
        (place.point->>'v_acc')::double precision AS v_acc
    FROM vitalog.routes AS route
    CROSS JOIN LATERAL jsonb_array_elements(route.points) WITH ORDINALITY AS place (point, n);
";

/// Makes the tables unless they are there. Returns their version.
pub(super) async fn prepare(sql: &Client) -> Result<i32, Error> {
    if !is_there(sql).await? {
        sql.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})")).await?;
        if !is_there(sql).await? {
            let tables: String = TABLES.iter().map(create).collect();
            let version = format!("INSERT INTO {SCHEMA}.about (version) VALUES ({VERSION})");
            sql.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}; {tables} {BESIDE} {version}")).await?;
        }
        sql.batch_execute("COMMIT").await?;
    }
    sql.query_one(&format!("SELECT max(version) FROM {SCHEMA}.about"), &[]).await?.try_get(0)
}

async fn is_there(sql: &Client) -> Result<bool, Error> {
    let question = format!("SELECT to_regclass('{SCHEMA}.about') IS NOT NULL");
    sql.query_one(&question, &[]).await?.try_get(0)
}

/// Whether the user has all rights that a batch needs.
pub(super) async fn may_write(sql: &Client) -> Result<bool, Error> {
    let rights = |table: &Table| {
        let one = |right: &str| format!("has_table_privilege('{}', '{right}')", name_of(table));
        ["SELECT", "INSERT", "DELETE"].map(one).join(" AND ")
    };
    let all: Vec<String> = TABLES.iter().map(rights).collect();
    let temporary = "has_database_privilege(current_database(), 'TEMPORARY')";
    sql.query_one(&format!("SELECT {temporary} AND {}", all.join(" AND ")), &[]).await?.try_get(0)
}

/// A table as SQL names it.
pub(super) fn name_of(table: &Table) -> String {
    format!("{SCHEMA}.{}", table.name)
}

/// Its columns, apart by commas.
pub(super) fn columns(table: &Table) -> String {
    table.names().join(", ")
}

/// Takes rows back by their `id`s; where a table goes by time, the time that they start in says where they lie.
pub(super) fn delete(table: &Table) -> String {
    let time = match table.by_time {
        true => {
            " AND start_time >= to_timestamp($2::double precision) AND start_time < to_timestamp($3::double precision)"
        }
        false => "",
    };
    format!("DELETE FROM {} WHERE id = ANY($1::text[]::uuid[]){time}", name_of(table))
}

/// The table of this connection that rows are copied into; it is empty when a transaction begins.
pub(super) fn begin(table: &Table) -> String {
    let (new, like) = (passing(table), name_of(table));
    format!("CREATE TEMPORARY TABLE IF NOT EXISTS {new} (LIKE {like} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS")
}

/// Copies rows.
pub(super) fn copy(table: &Table) -> String {
    format!("COPY pg_temp.{} ({}) FROM STDIN", passing(table), columns(table))
}

/// Puts them where they belong; what is there stays as it is.
pub(super) fn insert(table: &Table) -> String {
    let (into, new, columns) = (name_of(table), passing(table), columns(table));
    format!("INSERT INTO {into} ({columns}) SELECT {columns} FROM pg_temp.{new} ON CONFLICT DO NOTHING")
}

fn passing(table: &Table) -> String {
    format!("new_{}", table.name)
}

fn create(table: &Table) -> String {
    let column = |column: &health::formats::postgresql::Column| {
        let due = if table.by_time && column.key == "start" { " NOT NULL" } else { "" };
        format!("{} {}{due}", column.name(), word(column.holds))
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    let key = if table.by_time { "start_time, id" } else { "id" };
    let (name, columns) = (name_of(table), columns.join(", "));
    format!("CREATE TABLE {name} (id uuid NOT NULL, {columns}, {REST} jsonb, PRIMARY KEY ({key}));\n")
}

fn word(holds: Holds) -> &'static str {
    match holds {
        Holds::Instant => "timestamptz",
        Holds::Day => "date",
        Holds::Text => "text",
        Holds::Number => "double precision",
        Holds::Whole => "bigint",
        Holds::Flag => "boolean",
        Holds::Numbers => "double precision[]",
        Holds::Parts => "jsonb",
    }
}
