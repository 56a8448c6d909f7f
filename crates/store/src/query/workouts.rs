//! Workouts, and the routes that belong to them.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};

use crate::error::Result;
use crate::open::Store;

/// One workout that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkoutRow {
    /// Its number in this store.
    pub id: i64,
    /// Apple's identifier of the activity.
    pub activity: String,
    /// Who wrote it.
    pub source_id: Option<i64>,
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Everything known about it, as JSON.
    pub body: String,
}

/// What tells a workout: activity, start and end, as its routes repeat them.
pub type WorkoutKey = (String, String, String);

const COLUMNS: &str = "SELECT id, identity, source_id, start_ms, coalesce(end_ms, start_ms), body FROM entries
     WHERE kind = 'workout' AND superseded_by IS NULL AND start_ms";

impl Store {
    /// Returns the workouts that start in `[from_ms, until_ms)`, by time.
    pub fn workouts(&self, from_ms: i64, until_ms: i64) -> Result<Vec<WorkoutRow>> {
        let mut statement =
            self.conn.prepare_cached(&format!("{COLUMNS} >= ?1 AND start_ms < ?2 ORDER BY 4, 5, id"))?;
        Ok(statement.query_map([from_ms, until_ms], workout)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the workout of a number.
    pub fn workout(&self, id: i64) -> Result<Option<WorkoutRow>> {
        let mut statement = self.conn.prepare_cached(&format!("{COLUMNS} IS NOT NULL AND id = ?1"))?;
        Ok(statement.query_row([id], workout).optional()?)
    }

    /// Returns how many points the routes of each workout have.
    pub fn route_points(&self) -> Result<BTreeMap<WorkoutKey, u64>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT coalesce(body ->> '$.workout.activity', ''), coalesce(body ->> '$.workout.start', ''),
                    coalesce(body ->> '$.workout.end', ''), sum(coalesce(body ->> '$.points', 0))
             FROM entries WHERE kind = 'route' AND superseded_by IS NULL GROUP BY 1, 2, 3",
        )?;
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the packed points of the routes of a workout, by time.
    pub fn routes(&self, (activity, start, end): &WorkoutKey) -> Result<Vec<Vec<u8>>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT payload FROM entries
             WHERE kind = 'route' AND superseded_by IS NULL AND payload IS NOT NULL AND body ->> '$.workout.activity' = ?1
               AND body ->> '$.workout.start' = ?2 AND body ->> '$.workout.end' = ?3
             ORDER BY start_ms, identity, id",
        )?;
        Ok(statement.query_map(params![activity, start, end], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the birthday in the profile, as it stands there.
    pub fn date_of_birth(&self) -> Result<Option<String>> {
        let sql = "SELECT body ->> '$.date_of_birth' FROM entries WHERE kind = 'profile' AND superseded_by IS NULL
                   ORDER BY id DESC LIMIT 1";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.flatten())
    }
}

fn workout(row: &Row<'_>) -> rusqlite::Result<WorkoutRow> {
    Ok(WorkoutRow {
        id: row.get(0)?,
        activity: row.get(1)?,
        source_id: row.get(2)?,
        start_ms: row.get(3)?,
        end_ms: row.get(4)?,
        body: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing;

    fn filled() -> Store {
        let store = testing::filled();
        store
            .conn
            .execute_batch(
                r#"INSERT INTO entries (id, kind, identity, source_id, start_ms, end_ms, body, payload, import_id, superseded_by)
                   VALUES (1, 'workout', 'Run', 1, 5000, 6000, '{}', NULL, 1, NULL),
                   (2, 'workout', 'Walk', 1, 1000, 2000, '{}', NULL, 1, NULL),
                   (3, 'workout', 'Run', 1, 5000, 6000, '{}', NULL, 1, 1),
                   (4, 'route', '/b', 1, 5500, 6000, '{"points":3,"workout":{"activity":"Run","start":"a","end":"b"}}', x'02', 1, NULL),
                   (5, 'route', '/a', 1, 5000, 5400, '{"points":2,"workout":{"activity":"Run","start":"a","end":"b"}}', x'01', 1, NULL),
                   (6, 'route', '/c', 1, 5000, 5400, '{"points":9,"workout":{"activity":"Run","start":"a","end":"c"}}', x'03', 1, 1),
                   (7, 'route', '/d', 1, 5000, 5400, '{}', NULL, 1, NULL),
                   (8, 'profile', '', NULL, NULL, NULL, '{"date_of_birth":"1980-05-17"}', NULL, 1, NULL);"#,
            )
            .expect("rows");
        store
    }

    #[test]
    fn workouts_that_count_come_by_time() {
        let ids = |from, until| -> Vec<i64> {
            filled().workouts(from, until).expect("workouts").iter().map(|workout| workout.id).collect()
        };
        assert_eq!(ids(i64::MIN, i64::MAX), [2, 1]);
        assert_eq!(ids(1001, 5001), [1]);
        assert_eq!(ids(0, 1000), [0; 0]);
        let one = |id| filled().workout(id).expect("an answer").map(|workout| workout.activity);
        assert_eq!([one(1), one(3), one(4)], [Some("Run".to_owned()), None, None]);
    }

    #[test]
    fn a_workout_has_the_points_of_all_its_routes() {
        let key = |end: &str| ("Run".to_owned(), "a".to_owned(), end.to_owned());
        let points = filled().route_points().expect("points");
        assert_eq!((points.get(&key("b")), points.get(&key("c"))), (Some(&5), None));
        assert_eq!(filled().routes(&key("b")).expect("routes"), [vec![1], vec![2]]);
    }

    #[test]
    fn the_profile_tells_the_birthday() {
        assert_eq!(filled().date_of_birth().expect("a day").as_deref(), Some("1980-05-17"));
        assert_eq!(testing::empty().date_of_birth().expect("none"), None);
    }
}
