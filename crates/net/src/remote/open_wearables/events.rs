//! Workouts and nights that the server has: the only things that it can be asked to take away.

use health::time::{format_instant, parse_stamp};
use serde_json::Value as Json;

use super::{API, Access, Said, Server, verdict};
use crate::remote::client::Request;
use crate::remote::protocol::Verdict;

/// A page of events, which is the most that the server gives.
const PAGE: u32 = 100;
/// Pages of one stretch of time that are looked at.
const MOST_PAGES: u32 = 100;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Workouts.
    Workout,
    /// Sessions of sleep.
    Night,
}

impl Event {
    fn word(self) -> &'static str {
        match self {
            Self::Workout => "workouts",
            Self::Night => "sleep",
        }
    }
}

/// An event that the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Model of its source.
    pub model: Option<&'a str>,
    /// Name of its source.
    pub name: Option<&'a str>,
    /// Start and end, milliseconds since 1970 in UTC.
    pub times: (i64, i64),
}

impl Server<'_> {
    /// Takes away the events that are meant, of those that lie within a stretch of time. Returns how many.
    /// A workout that changed is sent anew after this: the server keeps the first one. Of a night, what it had is
    /// merged with what comes, so a stage that is gone stays unless the night is taken away before.
    pub async fn take_away(
        &mut self,
        event: Event,
        (from_ms, until_ms): (i64, i64),
        is_meant: &dyn Fn(Found<'_>) -> bool,
    ) -> Said<u64> {
        if !self.access.can_look() {
            return Ok(Err(Verdict::Stop("needs_key", String::new())));
        }
        let mut found: Vec<String> = Vec::new();
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            // The end is outside, and what ends there is meant.
            let (from, until) = (format_instant(from_ms), format_instant(until_ms.saturating_add(1)));
            let word = event.word();
            let path =
                format!("/users/{}/events/{word}?start_date={from}&end_date={until}&limit={PAGE}{cursor}", self.user);
            let told = match self.get(&path).await? {
                Ok(told) => told,
                Err(verdict) => return Ok(Err(verdict)),
            };
            let rows = told["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            let is_ours = |row: &&Json| {
                let at = |key: &str| row[key].as_str().and_then(parse_stamp);
                let (Some(start), Some(end)) = (at("start_time"), at("end_time")) else { return false };
                let (model, name) = (row["source"]["device"].as_str(), row["source"]["source"].as_str());
                start >= from_ms && end <= until_ms && is_meant(Found { model, name, times: (start, end) })
            };
            found.extend(rows.iter().filter(is_ours).filter_map(|row| row["id"].as_str().map(str::to_owned)));
            match told["pagination"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut gone = 0;
        for id in found {
            let path = format!("{API}/users/{}/events/{}/{id}", self.user, event.word());
            let request = |access: &Access| Request {
                method: "DELETE",
                path: path.clone(),
                secret: access.to_look(),
                content_type: None,
                body: Vec::new(),
            };
            let answer = self.ask(&request).await?;
            match answer.status {
                // One that is gone is what was asked for.
                204 | 404 => gone += u64::from(answer.status == 204),
                _ => return Ok(Err(verdict(&answer))),
            }
        }
        Ok(Ok(gone))
    }
}
