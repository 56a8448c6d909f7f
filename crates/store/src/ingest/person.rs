//! Whether an export is about the person whose data the store holds. It only warns: people correct their birth dates.

use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;

use crate::error::Result;

/// What hardly ever changes about a person, as far as the profile tells it.
#[derive(Debug, Default, Deserialize)]
struct Person {
    date_of_birth: Option<String>,
    biological_sex: Option<String>,
}

impl Person {
    fn of(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_default()
    }

    fn differs(&self, other: &Self) -> bool {
        let differ = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => a != b && !a.ends_with("NotSet") && !b.ends_with("NotSet"),
            _ => false,
        };
        differ(&self.date_of_birth, &other.date_of_birth) || differ(&self.biological_sex, &other.biological_sex)
    }
}

/// Whether the profile in the store is somebody else's.
pub(super) fn is_another(conn: &Connection, body: &str) -> Result<bool> {
    let stored: Option<String> = conn
        .prepare_cached("SELECT body FROM entries WHERE kind = 'profile' AND superseded_by IS NULL ORDER BY id DESC")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(stored.is_some_and(|stored| Person::of(&stored).differs(&Person::of(body))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: bool) {
        assert_eq!(Person::of(a).differs(&Person::of(b)), expected, "{a} {b}");
        assert_eq!(Person::of(b).differs(&Person::of(a)), expected, "{b} {a}");
    }

    #[test]
    fn people_differ_in_what_both_profiles_tell() {
        let born = |date: &str| format!("{{\"date_of_birth\":\"{date}\"}}");
        let sex = |sex: &str| format!("{{\"biological_sex\":\"HKBiologicalSex{sex}\"}}");
        check(&born("1984-02-29"), &born("1984-02-29"), false);
        check(&born("1984-02-29"), &born("1995-01-15"), true);
        check(&born("1984-02-29"), "{}", false);
        check(&sex("Female"), &sex("Male"), true);
        check(&sex("Female"), &sex("NotSet"), false);
        check("no JSON", &sex("Male"), false);
    }
}
