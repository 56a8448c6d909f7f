//! Meals and water, blood pressure, sound, quiet minutes.

use std::io::{self, Seek, Write};

use health::formats::apple_export::write::{Author, Record};
use health::time::HOUR_MS;

use super::plan::{MINUTE_MS, Plan, waking_hours};
use super::random::Random;
use super::{BY_HAND, CUFF, LARDER, Line, STILLNESS, Scribe, WATCH, six_digits};

/// What a meal holds: short kind, unit, amount.
type Nutrients = [(&'static str, &'static str, f64); 4];
/// The nutrients, in the order in which the document lists them.
const NUTRIENTS: [&str; 4] = ["DietaryEnergyConsumed", "DietaryCarbohydrates", "DietaryFatTotal", "DietaryProtein"];

struct Meal {
    at_ms: i64,
    name: &'static str,
    nutrients: Nutrients,
}

fn meals(seed: u64, plan: &Plan) -> Vec<Meal> {
    let mut random = Random::new(seed, 50, plan.day);
    let menu = [
        (40, ["Porridge", "Toast and egg", "Muesli"], 420.0),
        (330, ["Lentil soup", "Rice and vegetables", "Sandwich"], 640.0),
        (690, ["Pasta", "Fish and potatoes", "Bean stew"], 760.0),
    ];
    let mut found = Vec::new();
    for (minutes, names, kcal) in menu {
        let name = names[random.whole(0, 2) as usize];
        let kcal = random.around(kcal, kcal / 9.0).round();
        let at_ms = plan.wake_ms + (minutes + random.whole(0, 50)) * MINUTE_MS;
        // The wearer forgets a meal now and then.
        if random.chance(0.85) {
            let nutrients = [
                (NUTRIENTS[0], "kcal", kcal),
                (NUTRIENTS[1], "g", (kcal * 0.125).round()),
                (NUTRIENTS[2], "g", (kcal * 0.034).round()),
                (NUTRIENTS[3], "g", (kcal * 0.046).round()),
            ];
            found.push(Meal { at_ms, name, nutrients });
        }
    }
    found
}

/// A reading of the cuff: instant, upper, lower.
fn pressure(seed: u64, plan: &Plan) -> Option<(i64, f64, f64)> {
    let mut random = Random::new(seed, 51, plan.day);
    let at_ms = plan.wake_ms + random.whole(30, 90) * MINUTE_MS;
    let values = (random.around(119.0, 5.0).round(), random.around(77.0, 4.0).round());
    random.chance(0.3).then_some((at_ms, values.0, values.1))
}

impl<W: Write + Seek> Scribe<'_, W> {
    /// Members of correlations stand here, among the other records, and once more inside their correlation.
    pub(super) fn food(&mut self) -> io::Result<()> {
        for (kind, upper) in [("BloodPressureSystolic", true), ("BloodPressureDiastolic", false)] {
            self.each_day(|scribe, plan, _| {
                let Some((at, high, low)) = pressure(scribe.seed(), plan) else { return Ok(()) };
                let line = Line::new(kind, &CUFF, "mmHg", (at, at));
                scribe.quantity(&line, if upper { high } else { low }).map(drop)
            })?;
        }
        for index in 0..NUTRIENTS.len() {
            self.each_day(|scribe, plan, _| {
                for meal in meals(scribe.seed(), plan) {
                    let (kind, unit, amount) = meal.nutrients[index];
                    let metadata = [("HKFoodType", meal.name), ("HKWasUserEntered", "1")];
                    let span = (meal.at_ms, meal.at_ms);
                    scribe.quantity(&Line { metadata: &metadata, ..Line::new(kind, &LARDER, unit, span) }, amount)?;
                }
                Ok(())
            })?;
        }
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 52, plan.day);
            let typed = [("HKWasUserEntered", "1")];
            for hour in waking_hours(plan).step_by(3) {
                let at = hour + random.whole(0, 100) * MINUTE_MS;
                let line = Line { metadata: &typed, ..Line::new("DietaryWater", &BY_HAND, "mL", (at, at)) };
                scribe.quantity(&line, [200.0, 250.0, 330.0, 500.0][random.whole(0, 3) as usize])?;
            }
            Ok(())
        })
    }

    /// Blood pressure and meals, each a correlation with its members.
    pub(super) fn correlations(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let Some((at, high, low)) = pressure(scribe.seed(), plan) else { return Ok(()) };
            let members = [("BloodPressureSystolic", "mmHg", high), ("BloodPressureDiastolic", "mmHg", low)];
            scribe.correlation("BloodPressure", &CUFF, at, &[], &members)
        })?;
        self.each_day(|scribe, plan, _| {
            for meal in meals(scribe.seed(), plan) {
                let metadata = [("HKFoodType", meal.name), ("HKWasUserEntered", "1")];
                scribe.correlation("Food", &LARDER, meal.at_ms, &metadata, &meal.nutrients)?;
            }
            Ok(())
        })
    }

    fn correlation(
        &mut self,
        kind: &str,
        author: &Author,
        at: i64,
        metadata: &[(&str, &str)],
        members: &[(&str, &str, f64)],
    ) -> io::Result<()> {
        if at > self.export_ms {
            return Ok(());
        }
        let created_ms = (at + (at / 1000 % 540 + 8) * 1000).min(self.export_ms);
        let kind = format!("HKCorrelationTypeIdentifier{kind}");
        self.writer.open_span("Correlation", &[("type", &kind)], author, [at, at, created_ms])?;
        for (key, value) in metadata {
            self.writer.empty("MetadataEntry", &[("key", key), ("value", value)])?;
        }
        for (kind, unit, value) in members {
            let (kind, value) = (format!("HKQuantityTypeIdentifier{kind}"), six_digits(*value));
            let (unit, value) = (Some(*unit), Some(value.as_str()));
            let (start_ms, end_ms, kind) = (at, at, kind.as_str());
            let beats = &[];
            let record = Record { kind, author, unit, value, start_ms, end_ms, created_ms, metadata, beats };
            self.writer.record(&record)?;
        }
        self.truth.correlations += 1;
        self.writer.close("Correlation")
    }

    /// How loud it was, around the wearer and in their ears.
    pub(super) fn sound(&mut self) -> io::Result<()> {
        for (kind, topic, middle, share) in
            [("EnvironmentalAudioExposure", 53, 62.0, 0.8), ("HeadphoneAudioExposure", 54, 70.0, 0.2)]
        {
            self.each_day(|scribe, plan, _| {
                let mut random = Random::new(scribe.seed(), topic, plan.day);
                for hour in waking_hours(plan) {
                    let from = hour + random.whole(0, 9) * MINUTE_MS;
                    let span = (from, from + random.whole(5, 30) * MINUTE_MS);
                    let level = random.around(middle, 7.0);
                    if random.chance(share) && plan.watch_sees(span.0, span.1) {
                        scribe.quantity(&Line::new(kind, &WATCH, "dBASPL", span), level)?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Some quiet minutes; such records have no value.
    pub(super) fn mindful(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 55, plan.day);
            let from = plan.wake_ms + HOUR_MS + random.whole(0, 120) * MINUTE_MS;
            let span = (from, from + random.whole(3, 15) * MINUTE_MS);
            if random.chance(0.4) {
                scribe.category(&Line::new("MindfulSession", &STILLNESS, "", span), None)?;
            }
            Ok(())
        })
    }
}
