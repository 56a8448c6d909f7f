//! Where several sources wrote of the same days, by type: how many days, who, and what would have counted twice.

use std::collections::BTreeMap;

use health::kind;
use health::language::word;
use health::series::rule::Rule;
use serde::Serialize;
use store::query::OverlapRow;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::find_kind;
use crate::sources::labels;

/// One type that several sources wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OverlapAnswer {
    /// Apple's identifier.
    #[serde(rename = "type")]
    pub kind: String,
    /// What an address calls it.
    pub word: String,
    /// What people call it.
    pub name: String,
    /// Days with data.
    pub days: i64,
    /// Days on which two or more sources wrote.
    pub shared_days: i64,
    /// The part of what sums of all sources would count twice on days that were merged, 0 to 1; null for what is no
    /// sum.
    pub twice: Option<f64>,
    /// Who wrote on the same days, the most frequent first.
    pub shared: Vec<SharedAnswer>,
}

/// Sources that wrote on the same days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedAnswer {
    /// Their names.
    pub sources: Vec<String>,
    /// On how many days.
    pub days: i64,
}

/// Lists the types that several sources wrote on one day, those with most such days first.
pub fn overlaps(folder: &Folder) -> Result<Vec<OverlapAnswer>> {
    let labels = labels(folder)?;
    let store = folder.read()?;
    let kinds = store.kinds()?;
    let mut answers = Vec::new();
    for row in store.overlaps()? {
        let Some(stored) = kinds.iter().find(|kind| kind.id == row.kind_id) else { continue };
        let found = find_kind(&store, &stored.identifier)?;
        answers.push(OverlapAnswer {
            word: kind::slug(&stored.identifier),
            name: word(&found.kind.name),
            kind: stored.identifier.clone(),
            days: row.days,
            shared_days: row.shared_days(),
            twice: twice(&row, Rule::of(&found.kind)),
            shared: row.shared.iter().map(|(sources, days)| shared(sources, *days, &labels)).collect(),
        });
    }
    answers.sort_by_key(|answer| std::cmp::Reverse(answer.shared_days));
    Ok(answers)
}

fn twice(row: &OverlapRow, rule: Rule) -> Option<f64> {
    let is_sum = rule.is_sum() && row.naive > 0.0;
    is_sum.then(|| (1.0 - row.total / row.naive).max(0.0))
}

fn shared(sources: &[i64], days: i64, labels: &BTreeMap<i64, String>) -> SharedAnswer {
    let name = |id: &i64| labels.get(id).cloned().unwrap_or_else(|| id.to_string());
    SharedAnswer { sources: sources.iter().map(name).collect(), days }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    fn record(kind: &str, unit: &str, source: &str, day: u32, value: f64) -> String {
        format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"{source}\" unit=\"{unit}\" value=\"{value}\" \
             startDate=\"2026-03-{day:02} 10:00:00 +0000\" endDate=\"2026-03-{day:02} 11:00:00 +0000\"/>"
        )
    }

    #[test]
    fn types_say_who_wrote_of_the_same_days_and_what_would_count_twice() {
        let steps = |source, day, value| record("StepCount", "count", source, day, value);
        let mass = |source, day| record("BodyMass", "kg", source, day, 70.0);
        let rows = [
            steps("Watch", 1, 600.0),
            steps("Phone", 1, 400.0),
            steps("Watch", 2, 600.0),
            steps("Phone", 2, 400.0),
            steps("Phone", 3, 400.0),
            mass("Scale", 1),
            mass("Phone", 1),
            record("Height", "m", "Phone", 1, 1.7),
        ];
        let folder = TestFolder::of_rows("overlaps", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let found = overlaps(&folder).expect("an answer");
        let told: Vec<_> = found.iter().map(|row| (row.word.as_str(), row.days, row.shared_days)).collect();
        assert_eq!(told, [("step_count", 3, 2), ("body_mass", 1, 1)]);
        assert!(found[0].twice.is_some_and(|part| (0.39..0.61).contains(&part)), "{found:?}");
        assert_eq!((found[1].twice, found[0].shared.len()), (None, 1));
        let mut names = found[0].shared[0].sources.clone();
        names.sort();
        assert_eq!((names, found[0].shared[0].days), (vec!["Phone".to_owned(), "Watch".to_owned()], 2));
    }
}
