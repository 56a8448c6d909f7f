//! Which points are samples, and how long the buckets of the others are.
//!
//! ```text
//!   address says agg=raw ─────────────────► sample
//!   least and greatest value differ ──────► aggregate
//!   header names an interval ─────────────► aggregate of that length
//!   all stamps of the metric lie on a day's, hour's or minute's border of the clock ► aggregate of that length
//!   else ─────────────────────────────────► sample
//! ```
//!
//! A wrong guess does no harm to samples, because aggregates are kept apart.

use std::collections::HashMap;
use std::io::Read;

use super::Request;
use crate::formats::phone::fields::{self, Fields};
use crate::formats::phone::frame;
use crate::formats::phone::limits::{MAX_NAME, MAX_RECORD};
use crate::formats::phone::stamp::{self, When};
use crate::formats::phone::walk::Walker;
use crate::phone::Grain;
use crate::{ErrorKind, Result};

/// Metrics of one body; the app knows some 130.
const MAX_METRICS: usize = 10_000;

/// What the header `automation-aggregation` says: `Days`, `hours`, `None`.
pub(super) fn of_header(text: &str) -> Option<Grain> {
    let word = text.trim().to_lowercase();
    let word = word.strip_suffix('s').unwrap_or(&word);
    Grain::ALL.into_iter().filter(|grain| *grain != Grain::Event).find(|grain| grain.as_str() == word)
}

/// One object of `metrics`, before its points are read: name and units may stand behind them.
#[derive(Debug, Default, Clone)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) units: Option<String>,
    /// The longest bucket that all stamps of the name fit.
    pub(super) border: Option<Grain>,
}

/// The metrics of a body in their order.
#[derive(Debug, Default)]
pub(super) struct Grains {
    metrics: Vec<Metric>,
    borders: HashMap<String, Borders>,
}

impl Grains {
    /// Looks at the list of metrics.
    pub(super) fn survey<R: Read>(&mut self, walker: &mut Walker<R>, request: Request<'_>) -> Result<()> {
        frame::array(walker, |walker| {
            if self.metrics.len() >= MAX_METRICS {
                return Err(ErrorKind::TooLarge("metrics in one body").into());
            }
            let (mut metric, mut borders) = (Metric::default(), Borders::default());
            let is_object = frame::object(walker, |key, walker| match key {
                "name" | "units" => {
                    let raw = walker.value(MAX_NAME)?;
                    let text = fields::string(raw.text).filter(|_| raw.whole).unwrap_or_default().into_owned();
                    match key {
                        "name" => metric.name = text,
                        _ => metric.units = Some(text).filter(|text| !text.is_empty()),
                    }
                    Ok(())
                }
                "data" if walker.peek()? == Some(b'[') => borders.survey(walker, request).map(|_| ()),
                "data" => frame::list(walker, "data of a metric"),
                _ => walker.skip(),
            })?;
            if !is_object {
                return walker.skip();
            }
            self.borders.entry(metric.name.clone()).or_default().join(borders);
            self.metrics.push(metric);
            Ok(())
        })
        .map(|_| ())
    }

    /// The metrics, each with the border that all stamps of its name lie on.
    pub(super) fn iter(&self) -> impl Iterator<Item = Metric> {
        self.metrics.iter().map(|metric| {
            let border = self.borders.get(&metric.name).and_then(|borders| borders.longest());
            Metric { border, ..metric.clone() }
        })
    }
}

/// Where stamps lie on the clock that they print.
#[derive(Debug, Clone, Copy)]
struct Borders {
    day: bool,
    hour: bool,
    minute: bool,
    stamps: bool,
}

impl Default for Borders {
    fn default() -> Self {
        Self { day: true, hour: true, minute: true, stamps: false }
    }
}

impl Borders {
    fn survey<R: Read>(&mut self, walker: &mut Walker<R>, request: Request<'_>) -> Result<bool> {
        if request.grain.is_some() {
            walker.skip()?;
            return Ok(true);
        }
        frame::array(walker, |walker| {
            let raw = walker.value(MAX_RECORD)?;
            let fields = Fields::read(raw.text).filter(|_| raw.whole).unwrap_or_default();
            match fields.get("date").and_then(stamp::when) {
                Some(When::Instant(stamp)) => self.saw(stamp.local_ms()),
                Some(When::Day(_)) => self.saw(0),
                None => {}
            }
            Ok(())
        })
    }

    fn saw(&mut self, local_ms: i64) {
        let on = |grain: Grain| local_ms.rem_euclid(grain.length_ms()) == 0;
        self.day &= on(Grain::Day);
        self.hour &= on(Grain::Hour);
        self.minute &= on(Grain::Minute);
        self.stamps = true;
    }

    fn join(&mut self, other: Self) {
        self.day &= other.day;
        self.hour &= other.hour;
        self.minute &= other.minute;
        self.stamps |= other.stamps;
    }

    fn longest(self) -> Option<Grain> {
        let borders = [(self.day, Grain::Day), (self.hour, Grain::Hour), (self.minute, Grain::Minute)];
        borders.into_iter().find(|(on, _)| *on && self.stamps).map(|(_, grain)| grain)
    }
}

/// The length of the bucket of a point; `None` for a sample. `spread` is true where its least and greatest value
/// differ.
pub(super) fn of_point(request: Request<'_>, metric: &Metric, spread: bool) -> Option<Grain> {
    let told = request.grain.or(metric.border);
    match (request.raw, spread) {
        (true, false) => None,
        (_, true) => Some(told.unwrap_or(Grain::Second)),
        (false, false) => told,
    }
}

/// The length of the bucket of a count, which is never a sample.
pub(super) fn of_count(request: Request<'_>, metric: &Metric) -> Grain {
    if request.raw { Grain::Event } else { request.grain.or(metric.border).unwrap_or(Grain::Event) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_names_an_interval_in_any_case() {
        let words = ["Days", "hours", "Minutes", "Seconds", "weeks", "Months", "YEARS"].map(of_header);
        let grains = [Grain::Day, Grain::Hour, Grain::Minute, Grain::Second, Grain::Week, Grain::Month, Grain::Year];
        assert_eq!(words, grains.map(Some));
        assert_eq!(["None", "none", "", "Default", "Events"].map(of_header), [None; 5]);
    }

    #[track_caller]
    fn check(stamps: &[i64], expected: Option<Grain>) {
        let mut borders = Borders::default();
        stamps.iter().for_each(|stamp| borders.saw(*stamp));
        assert_eq!(borders.longest(), expected);
    }

    #[test]
    fn the_longest_border_counts() {
        check(&[], None);
        check(&[0, -86_400_000], Some(Grain::Day));
        check(&[0, 3_600_000], Some(Grain::Hour));
        check(&[0, 3_660_000], Some(Grain::Minute));
        check(&[0, 3_661_000], None);
    }
}
