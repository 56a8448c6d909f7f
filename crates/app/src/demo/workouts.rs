//! Workouts with their figures, rings, and the files beside the document: routes and electrocardiograms.

use std::fmt::Write as _;
use std::io::{self, Seek, Write};

use health::time::{HOUR_MS, format_day, format_instant};

use super::plan::{Plan, Sport, Training};
use super::random::Random;
use super::{Scribe, TrainingSums, WATCH, six_digits};

/// A large meadow in a city, where nobody lives: routes go round it.
const MEADOW: (f64, f64) = (52.4733, 13.4017);
/// Voltages per second of an electrocardiogram, and its length.
const ECG_HERTZ: usize = 512;
const ECG_SECONDS: usize = 30;

fn apple_name(sport: Sport) -> &'static str {
    match sport {
        Sport::Running => "Running",
        Sport::Cycling => "Cycling",
        Sport::Walking => "Walking",
        Sport::Strength => "TraditionalStrengthTraining",
        Sport::Yoga => "Yoga",
    }
}

fn is_outdoor(sport: Sport) -> bool {
    matches!(sport, Sport::Running | Sport::Cycling | Sport::Walking)
}

impl<W: Write + Seek> Scribe<'_, W> {
    fn training_of(&self, plan: &Plan) -> Option<Training> {
        plan.training.filter(|t| plan.worn && t.end_ms <= self.export_ms)
    }

    pub(super) fn workouts(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, index| match scribe.training_of(plan) {
            Some(training) => scribe.workout(&training, scribe.sums[index].training),
            None => Ok(()),
        })
    }

    fn workout(&mut self, t: &Training, sums: TrainingSums) -> io::Result<()> {
        let paused = t.pause.map_or(0, |(from, until)| until - from);
        let minutes = ((t.end_ms - t.start_ms - paused) as f64 / 60_000.0).to_string();
        let kind = format!("HKWorkoutActivityType{}", apple_name(t.sport));
        let created = (t.end_ms + 30_000).min(self.export_ms);
        let first = [("workoutActivityType", kind.as_str()), ("duration", &minutes), ("durationUnit", "min")];
        self.writer.open_span("Workout", &first, &WATCH, [t.start_ms, t.end_ms, created])?;
        let zone = self.options.zone;
        let indoor = if is_outdoor(t.sport) { "0" } else { "1" };
        for (key, value) in [("HKTimeZone", zone), ("HKIndoorWorkout", indoor), ("HKWeatherTemperature", "64.4 degF")] {
            self.writer.empty("MetadataEntry", &[("key", key), ("value", value)])?;
        }
        if let Some((from, until)) = t.pause {
            for (kind, at) in [("Pause", from), ("Resume", until)] {
                let (kind, at) = (format!("HKWorkoutEventType{kind}"), self.writer.stamp(at));
                self.writer.empty("WorkoutEvent", &[("type", &kind), ("date", &at)])?;
            }
        }
        self.statistics(t, sums)?;
        if is_outdoor(t.sport) {
            self.writer.open_span("WorkoutRoute", &[], &WATCH, [t.start_ms, t.end_ms, created])?;
            let path = format!("/workout-routes/route_{}.gpx", self.writer.file_time(t.end_ms));
            self.writer.empty("FileReference", &[("path", &path)])?;
            self.writer.close("WorkoutRoute")?;
        }
        self.truth.workouts += 1;
        self.writer.close("Workout")
    }

    fn statistics(&mut self, t: &Training, sums: TrainingSums) -> io::Result<()> {
        let (start, end) = (self.writer.stamp(t.start_ms), self.writer.stamp(t.end_ms));
        let distance = if t.sport == Sport::Cycling { "DistanceCycling" } else { "DistanceWalkingRunning" };
        for (kind, unit, sum) in [
            ("ActiveEnergyBurned", "kcal", sums.active_kcal),
            ("BasalEnergyBurned", "kcal", sums.basal_kcal),
            (distance, "km", sums.distance_km),
        ] {
            if sum > 0.0 {
                let (kind, sum) = (format!("HKQuantityTypeIdentifier{kind}"), six_digits(sum));
                let span = [("type", kind.as_str()), ("startDate", &start), ("endDate", &end)];
                self.writer.empty("WorkoutStatistics", &[&span[..], &[("sum", &sum), ("unit", unit)]].concat())?;
            }
        }
        if sums.heart_n == 0 {
            return Ok(());
        }
        let mean = six_digits(sums.heart_sum / f64::from(sums.heart_n));
        let (low, high) = (six_digits(sums.heart_min), six_digits(sums.heart_max));
        self.writer.empty(
            "WorkoutStatistics",
            &[
                ("type", "HKQuantityTypeIdentifierHeartRate"),
                ("startDate", &start),
                ("endDate", &end),
                ("average", &mean),
                ("minimum", &low),
                ("maximum", &high),
                ("unit", "count/min"),
            ],
        )
    }

    /// One summary per day, as the rings on the watch showed it.
    pub(super) fn rings(&mut self) -> io::Result<()> {
        for (index, day) in (self.first_day..=self.options.end_day).enumerate() {
            let sums = self.sums[index];
            let (day, active) = (format_day(day), six_digits(sums.active_kcal));
            let (exercise, stand) = (sums.exercise_minutes.to_string(), sums.stand_hours.to_string());
            let summary = [
                ("dateComponents", day.as_str()),
                ("activeEnergyBurned", &active),
                ("activeEnergyBurnedGoal", "520"),
                ("activeEnergyBurnedUnit", "kcal"),
                ("appleMoveTime", "0"),
                ("appleMoveTimeGoal", "0"),
                ("appleExerciseTime", &exercise),
                ("appleExerciseTimeGoal", "30"),
                ("appleStandHours", &stand),
                ("appleStandHoursGoal", "12"),
            ];
            self.writer.empty("ActivitySummary", &summary)?;
            self.truth.activity_days += 1;
        }
        Ok(())
    }

    pub(super) fn routes(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let Some(t) = scribe.training_of(plan).filter(|t| is_outdoor(t.sport)) else { return Ok(()) };
            let name = scribe.writer.file_time(t.end_ms);
            let text = gpx(&name, &t, &mut Random::new(scribe.seed(), 70, plan.day));
            scribe.truth.routes += 1;
            scribe.writer.file(&format!("workout-routes/route_{name}.gpx"), &text)
        })
    }

    /// An electrocardiogram every six weeks or so.
    pub(super) fn ecgs(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 71, plan.day);
            let at = plan.wake_ms + 2 * HOUR_MS;
            if !random.chance(1.0 / 40.0) || !plan.worn || at > scribe.export_ms {
                return Ok(());
            }
            let text = ecg(&scribe.writer.stamp(at), plan.resting + 12.0, &mut random);
            scribe.truth.ecgs += 1;
            scribe.writer.file(&format!("electrocardiograms/ecg_{}.csv", format_day(plan.day)), &text)
        })
    }
}

/// Rounds of the meadow, one point a second; the pause is a gap.
fn gpx(name: &str, t: &Training, random: &mut Random) -> String {
    let speed = match t.sport {
        Sport::Running => 2.9,
        Sport::Cycling => 6.1,
        _ => 1.45,
    };
    // Degrees per metre, north and east.
    let degrees = (1.0 / 111_320.0, 1.0 / (111_320.0 * MEADOW.0.to_radians().cos()));
    let (north, east) = (random.between(240.0, 420.0), random.between(500.0, 900.0));
    let around = std::f64::consts::TAU * ((north * north + east * east) / 2.0).sqrt();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"Apple Health Export\" \
         xmlns=\"http://www.topografix.com/GPX/1/1\">\n  <metadata>\n    <time>{}</time>\n  </metadata>\n  <trk>\n    \
         <name>Route {name}</name>\n    <trkseg>\n",
        seconds(t.end_ms)
    );
    let mut way = random.between(0.0, around);
    for at in (t.start_ms..t.end_ms).step_by(1000) {
        if t.pause.is_some_and(|(from, until)| (from..until).contains(&at)) {
            continue;
        }
        let angle = way / around * std::f64::consts::TAU;
        let lat = MEADOW.0 + degrees.0 * (north * angle.sin() + random.around(0.0, 0.4));
        let lon = MEADOW.1 + degrees.1 * (east * angle.cos() + random.around(0.0, 0.4));
        let pace = random.around(speed, speed / 30.0);
        let course = (360.0 - angle.to_degrees()).rem_euclid(360.0);
        let _ = writeln!(
            text,
            "      <trkpt lon=\"{lon:.6}\" lat=\"{lat:.6}\"><ele>{:.6}</ele><time>{}</time><extensions><speed>{pace:.6}\
             </speed><course>{course:.6}</course><hAcc>2.1</hAcc><vAcc>1.8</vAcc></extensions></trkpt>",
            49.0 + 1.5 * (2.0 * angle).sin(),
            seconds(at),
        );
        way += pace;
    }
    text.push_str("    </trkseg>\n  </trk>\n</gpx>\n");
    text
}

/// `2019-09-24T10:22:37Z`: routes have whole seconds.
fn seconds(at_ms: i64) -> String {
    format_instant(at_ms).replace(".000Z", "Z")
}

/// A regular heart, drawn with five bumps per beat.
fn ecg(recorded: &str, bpm: f64, random: &mut Random) -> String {
    // Place within the beat, width, height in microvolts: P, Q, R, S, T.
    let bumps =
        [(0.18, 0.025, 90.0), (0.265, 0.008, -110.0), (0.28, 0.009, 950.0), (0.3, 0.01, -210.0), (0.5, 0.05, 230.0)];
    let mut text = format!(
        "Name,Kim Example\nDate of Birth,14 Mar 1988\nRecorded Date,{recorded}\nClassification,Sinus Rhythm\n\
         Symptoms,\nSoftware Version,2.0\nDevice,\"Watch7,3\"\nSample Rate,{ECG_HERTZ} hertz\n\n\nLead,Lead I\n\
         Unit,µV\n\n"
    );
    let mut place = random.unit();
    let mut step = bpm / 60.0 / ECG_HERTZ as f64;
    for _ in 0..ECG_HERTZ * ECG_SECONDS {
        let shape: f64 =
            bumps.iter().map(|(at, width, high)| high * (-((place - at) / width).powi(2) / 2.0).exp()).sum();
        let _ = writeln!(text, "{:.3}", shape + random.around(0.0, 6.0));
        place += step;
        if place >= 1.0 {
            place -= 1.0;
            // No two beats are equally long.
            step = bpm * random.around(1.0, 0.03) / 60.0 / ECG_HERTZ as f64;
        }
    }
    text
}
