//! Time in heart-rate zones: what every workout of a stretch was in them, summed.

use chart::Model;
use chart::heart_zones::{self, Begin, ZoneSlot};
use health::key;
use health::series::buckets::Grain;

use super::view::View;
use crate::error::Result;
use crate::local::find_kind;
use crate::workouts::{Desk, ZoneTime};

/// Returns the chart of a stretch.
pub(super) fn chart(view: &View<'_>) -> Result<Model> {
    let stretch = view.stretch_of(&find_kind(view.store, "heart_rate")?)?;
    // A day of workouts has one column, not 24.
    let range =
        if stretch.grain == Grain::Hour { stretch.range_of_days(view.zones) } else { stretch.range(view.zones) };
    let times = Desk::new(view.store)?.zone_times(view.zones, stretch.days())?;
    let slots = summed(&times, range.slots(view.zones), view.now_ms);
    let begin = times.last().map(|last| Begin { bpm: last.zones.limits, by: by(last.zones.method) });
    Ok(heart_zones::model(&slots, begin, range, view.zones))
}

/// Each workout in one slot, though days of a journey overlap.
fn summed(times: &[ZoneTime], slots: Vec<(i64, i64)>, now_ms: i64) -> Vec<ZoneSlot> {
    let empty =
        |(start_ms, end_ms)| ZoneSlot { start_ms, end_ms, minutes: [0.0; 5], workouts: 0, complete: end_ms <= now_ms };
    let mut slots: Vec<ZoneSlot> = slots.into_iter().map(empty).collect();
    for time in times {
        let holds = |slot: &&mut ZoneSlot| (slot.start_ms..slot.end_ms).contains(&time.start_ms);
        let Some(slot) = slots.iter_mut().rev().find(holds) else { continue };
        slot.workouts += 1;
        for (sum, minutes) in slot.minutes.iter_mut().zip(time.zones.minutes) {
            *sum += minutes;
        }
    }
    slots
}

fn by(method: &str) -> &'static str {
    match method {
        "set" => key!("as set by you"),
        "age" => key!("by the highest heart rate that is usual at that age"),
        _ => key!("by the highest minute of the two years before"),
    }
}

#[cfg(test)]
mod tests {
    use crate::charts::{self, Question, Reach, Subject};
    use crate::testing::TestFolder;

    fn pulse(at: &str, bpm: u32) -> String {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierHeartRate\" unit=\"count/min\" sourceName=\"Watch\" \
             startDate=\"2026-03-{at}:00 +0000\" endDate=\"2026-03-{at}:00 +0000\" value=\"{bpm}\"/>"
        )
    }

    fn run(from: &str, until: &str) -> String {
        format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"Watch\" \
             startDate=\"2026-03-{from}:00 +0000\" endDate=\"2026-03-{until}:00 +0000\"/>"
        )
    }

    #[track_caller]
    fn check(reach: Reach, expected: &[[&str; 4]]) {
        let rows = [
            pulse("02 10:00", 110),
            pulse("02 10:05", 130),
            pulse("02 10:10", 130),
            run("02 10:00", "02 10:10"),
            pulse("04 10:00", 110),
            pulse("04 10:05", 110),
            run("04 10:00", "04 10:05"),
            run("05 10:00", "05 10:05"),
        ];
        let folder = TestFolder::of_rows(&format!("heart-zones-{reach:?}"), &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        crate::settings::set(&folder, "heart_zones", "120, 140, 160, 180").expect("set");
        let subject = Subject::parse("heart_zones").expect("a subject");
        let question = Question { subject, reach: Some(reach), last: None, page: 1, now_ms: 1_777_629_600_000 };
        let model = charts::chart(&folder, &question).expect("a chart");
        let told = |row: &Vec<String>| [0, 1, 2, 7].map(|place| row[place].clone());
        assert_eq!(model.table.rows.iter().map(told).collect::<Vec<_>>(), expected);
        assert!(model.summary.ends_with("began at 120, 140, 160 and 180 bpm, as set by you."), "{}", model.summary);
    }

    #[test]
    fn zones_of_a_stretch_are_those_of_its_workouts() {
        let days = [["Mon 2 Mar 2026", "5 min", "5 min", "1"], ["Wed 4 Mar 2026", "5 min", "0 min", "1"]];
        check(Reach::Week, &days);
        check(Reach::Day, &days[1..]);
        check(Reach::Year, &[["Mar 2026", "10 min", "5 min", "2"]]);
    }
}
