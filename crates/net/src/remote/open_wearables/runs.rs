//! What became of a batch: the run that was not there before it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value as Json;

use super::{Fate, Patience, Said, Saved, Server};
use crate::error::Result;
use crate::remote::protocol::Verdict;

/// Runs that are looked at; one at a time is ours, others may send as well.
const LOOKED_AT: u32 = 50;
/// After the first look; a short batch is stored by then.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Letters of a server's own words that are kept.
const MOST_WORDS: usize = 300;

impl Server<'_> {
    /// The runs of the user that are known; none where nobody can look.
    pub(super) async fn runs(&mut self) -> Said<Option<BTreeSet<String>>> {
        if !self.access.can_look() {
            return Ok(Ok(None));
        }
        Ok(self.events().await?.map(|events| Some(events.iter().map(run_of).collect())))
    }

    async fn events(&mut self) -> Said<Vec<Json>> {
        let told = self.get(&format!("/users/{}/sync/recent?limit={LOOKED_AT}", self.user)).await?;
        Ok(told.and_then(|told| match told {
            Json::Array(events) => Ok(events),
            _ => Err(Verdict::Stop("not_there", String::new())),
        }))
    }

    /// Waits for the end of the run that is not among those from before.
    pub(super) async fn wait(&mut self, before: &BTreeSet<String>, patience: Patience) -> Result<Fate> {
        for look in 0..patience.looks {
            if look > 0 {
                tokio::time::sleep(patience.pause.min(FIRST_PAUSE.saturating_mul(look))).await;
            }
            let events = match self.events().await? {
                Ok(events) => events,
                // The batch may be stored: what the server says now is no word about it.
                Err(Verdict::Later(..)) => continue,
                Err(verdict) => return Ok(Fate::Not(verdict)),
            };
            let ours = |event: &&Json| event["source"] == "sdk" && !before.contains(&run_of(event));
            if let Some(fate) = events.iter().filter(ours).find_map(fate) {
                return Ok(fate);
            }
        }
        let waited = "the server took the batch and does not say what became of it";
        Ok(Fate::Not(Verdict::Later(None::<Duration>, waited.to_owned())))
    }
}

fn run_of(event: &Json) -> String {
    event["run_id"].as_str().unwrap_or_default().to_owned()
}

/// What an event says of its run; none of one that goes on.
fn fate(event: &Json) -> Option<Fate> {
    let counted = |key: &str| event["metadata"][key].as_u64().unwrap_or_default();
    match event["status"].as_str()? {
        "success" | "partial" => Some(match counted("dropped_count") {
            0 => Fate::Stored(Saved {
                records: counted("records_saved"),
                workouts: counted("workouts_saved"),
                sleep: counted("sleep_saved"),
            }),
            _ => Fate::Not(Verdict::Refused(words(event["message"].as_str()))),
        }),
        "failed" | "cancelled" => Some(Fate::Not(Verdict::Refused(words(event["error"].as_str())))),
        _ => None,
    }
}

/// The first line: after it stands SQL, with values in it.
fn words(text: Option<&str>) -> String {
    let first = text.unwrap_or_default().lines().next().unwrap_or_default();
    first.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_says_what_became_of_a_batch() {
        let event = |status: &str, dropped: u64| {
            json!({"status": status, "message": "Apple batch saved (2 record(s) dropped by validation)",
                "error": "Import failed: (psycopg.errors.X) overflow\nDETAIL: 61.5\n[SQL: ...]",
                "metadata": {"records_saved": 3, "workouts_saved": 1, "sleep_saved": 2, "dropped_count": dropped}})
        };
        assert_eq!(fate(&event("in_progress", 0)), None);
        assert_eq!(fate(&json!({})), None);
        let saved = Saved { records: 3, workouts: 1, sleep: 2 };
        assert_eq!(fate(&event("success", 0)), Some(Fate::Stored(saved)));
        let refused = |text: &str| Some(Fate::Not(Verdict::Refused(text.to_owned())));
        assert_eq!(fate(&event("success", 2)), refused("Apple batch saved (2 record(s) dropped by validation)"));
        // The line with a value in it is not shown.
        assert_eq!(fate(&event("failed", 0)), refused("Import failed: (psycopg.errors.X) overflow"));
    }
}
