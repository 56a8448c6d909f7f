//! One night with what else was measured while it lasted: heart rate, blood oxygen, breathing, wrist temperature.

use chart::sleep::Stretch as Over;
use chart::traces::{Trace, Traced};
use chart::{Model, Range, hypnogram};
use store::Store;
use store::query::Point;

use super::Overlay;
use super::measure::{Shown, most};
use super::sleep::{night_of, row_day};
use super::view::View;
use crate::error::Result;
use crate::local::find_kind;

/// Returns the night that ends a stretch, with a lane for each kind of readings that it has.
pub(super) fn chart(view: &View<'_>, overlays: &[Overlay]) -> Result<Model> {
    let night = night_of(view)?;
    let row_day = row_day(view)?;
    let range = hypnogram::model(&night, row_day, view.zones).range;
    let lanes: Vec<Lane> = overlays.iter().map(|overlay| Lane::read(view, *overlay, &range)).collect::<Result<_>>()?;
    let traces: Vec<Trace<'_>> = lanes.iter().map(Lane::trace).collect();
    Ok(hypnogram::with(&night, row_day, &traces, view.zones))
}

/// What was measured in the hours of a night.
pub(crate) fn measured(store: &Store, range: &Range) -> Result<Vec<Overlay>> {
    let mut found = Vec::new();
    for overlay in Overlay::ALL {
        if points(store, overlay, range)?.iter().any(|point| point.value.is_some()) {
            found.push(overlay);
        }
    }
    Ok(found)
}

fn points(store: &Store, overlay: Overlay, range: &Range) -> Result<Vec<Point>> {
    let Some(id) = find_kind(store, overlay.word())?.id else { return Ok(Vec::new()) };
    Ok(store.points(id, range.start_ms, range.end_ms)?)
}

/// The readings of one kind, in the unit in which they are shown.
struct Lane {
    shown: Shown,
    readings: Vec<Traced>,
}

impl Lane {
    fn read(view: &View<'_>, overlay: Overlay, range: &Range) -> Result<Self> {
        let found = find_kind(view.store, overlay.word())?;
        let points = points(view.store, overlay, range)?;
        let shown = Shown::new(&found.kind, &view.units, most(points.iter().filter_map(|point| point.value)));
        let traced = |point: &Point| {
            let over = Over { start_ms: point.start_ms, end_ms: point.end_ms };
            Some(Traced { over, value: shown.value(point.value?) })
        };
        let readings = points.iter().filter_map(traced).collect();
        Ok(Self { shown, readings })
    }

    fn trace(&self) -> Trace<'_> {
        Trace { measure: self.shown.measure(), readings: &self.readings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::{self, Question, Subject};
    use crate::testing::TestFolder;

    fn record(kind: &str, unit: &str, value: &str, from: &str, until: &str) -> String {
        format!(
            "<Record type=\"{kind}\" {unit} value=\"{value}\" sourceName=\"Watch\" \
             startDate=\"2026-03-{from}:00 +0000\" endDate=\"2026-03-{until}:00 +0000\"/>"
        )
    }

    fn quantity(name: &str, unit: &str, value: &str, from: &str, until: &str) -> String {
        record(&format!("HKQuantityTypeIdentifier{name}"), &format!("unit=\"{unit}\""), value, from, until)
    }

    fn night_folder(name: &str) -> TestFolder {
        let asleep = |from, until| {
            record("HKCategoryTypeIdentifierSleepAnalysis", "", "HKCategoryValueSleepAnalysisAsleepCore", from, until)
        };
        let rows = [
            asleep("10 23:00", "11 06:00"),
            quantity("HeartRate", "count/min", "52", "11 01:00", "11 01:00"),
            quantity("HeartRate", "count/min", "47", "11 04:00", "11 04:00"),
            quantity("HeartRate", "count/min", "150", "11 18:00", "11 18:00"),
            quantity("AppleSleepingWristTemperature", "degC", "35.5", "10 23:10", "11 05:50"),
            quantity("RespiratoryRate", "count/min", "15", "11 12:00", "11 12:00"),
        ];
        let folder = TestFolder::of_rows(name, &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        folder
    }

    #[track_caller]
    fn check(subject: &str, units: &str, expected: &[&str]) {
        let folder = night_folder(&format!("night-{}", subject.len()));
        crate::settings::set(&folder, "units", units).expect("set");
        let subject = Subject::parse(subject).expect("a subject");
        let last = charts::day("2026-03-11").ok();
        let question = Question { subject, reach: None, last, page: 1, now_ms: 1_777_629_600_000 };
        let model = charts::chart(&folder, &question).expect("a chart");
        let row = model.table.rows.first().expect("a stage");
        assert_eq!(row.get(4..).unwrap_or_default(), expected);
        assert_eq!(model.panels.len(), expected.len());
    }

    #[test]
    fn a_night_is_drawn_with_the_readings_of_its_hours() {
        check("sleep:night:heart_rate", "metric", &["47\u{2013}52"]);
        check("sleep:night:heart_rate+apple_sleeping_wrist_temperature", "imperial", &["47\u{2013}52", "95.9"]);
        check("sleep:night:respiratory_rate", "metric", &[]);
    }

    #[test]
    fn what_was_measured_in_a_night_is_told() {
        let folder = night_folder("night-measured");
        let store = folder.read().expect("a store");
        let day_ms = 86_400_000;
        let start_ms = 20_523 * day_ms;
        let range = Range::new(start_ms, start_ms + day_ms / 3, chart::Step::Hour);
        let found = measured(&store, &range).expect("an answer");
        assert_eq!(found, [Overlay::HeartRate, Overlay::WristTemperature]);
    }
}
