//! Nights as data, and what the charts of sleep share: colours and patterns of the stages.

use health::key;
use health::time::{Day, HOUR_MS};

use crate::layer::{Fill, Key, Pattern, Sign};
use crate::range::named_day;
use crate::theme::Hue;

/// A stage of the night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Awake between falling asleep and waking up.
    Awake,
    /// REM sleep.
    Rem,
    /// Core sleep.
    Core,
    /// Deep sleep.
    Deep,
    /// Asleep, nobody knows how deep.
    Unspecified,
}

impl Stage {
    /// Every stage, the lightest first.
    pub const ALL: [Self; 5] = [Self::Awake, Self::Rem, Self::Core, Self::Deep, Self::Unspecified];

    /// In words of the sources.
    pub fn name(self) -> &'static str {
        match self {
            Self::Awake => key!("Awake"),
            Self::Rem => key!("REM"),
            Self::Core => key!("Core"),
            Self::Deep => key!("Deep"),
            Self::Unspecified => key!("Asleep"),
        }
    }

    pub(crate) fn fill(self) -> Fill {
        match self {
            Self::Awake => Fill::new(Hue::Awake, Pattern::Solid),
            Self::Rem => Fill::new(Hue::Rem, Pattern::Dots),
            Self::Core => Fill::new(Hue::Core, Pattern::Solid),
            Self::Deep => Fill::new(Hue::Deep, Pattern::Diagonal),
            Self::Unspecified => Fill::new(Hue::Core, Pattern::Hatched),
        }
    }

    /// A key to its colour and pattern.
    pub(crate) fn key(self) -> Key {
        let label = if self == Self::Unspecified { key!("Asleep, stage unknown") } else { self.name() };
        Key::new(label, Sign::Box(self.fill()))
    }
}

/// A stretch of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Start in milliseconds since 1970.
    pub start_ms: i64,
    /// End in milliseconds since 1970.
    pub end_ms: i64,
    /// Stage.
    pub stage: Stage,
}

impl Segment {
    fn stretch(&self) -> Stretch {
        Stretch { start_ms: self.start_ms, end_ms: self.end_ms }
    }
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Start in milliseconds since 1970.
    pub start_ms: i64,
    /// End in milliseconds since 1970.
    pub end_ms: i64,
}

impl Stretch {
    /// Whether it ends after it starts, in our times, and is no longer than anybody sleeps.
    pub(crate) fn is_sound(&self) -> bool {
        const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
        const YEAR_9999_MS: i64 = 253_402_300_800_000;
        self.start_ms.unsigned_abs() < YEAR_9999_MS.unsigned_abs()
            && self.start_ms < self.end_ms
            && self.end_ms.saturating_sub(self.start_ms) <= WEEK_MS
    }
}

/// Minutes of each stage, found by the caller: of a night, or on average of several.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StageMinutes {
    /// Awake between falling asleep and waking up.
    pub awake: f64,
    /// REM.
    pub rem: f64,
    /// Core.
    pub core: f64,
    /// Deep.
    pub deep: f64,
    /// Asleep without a stage.
    pub unspecified: f64,
}

impl StageMinutes {
    /// Minutes of one stage; what is no number counts as none.
    pub fn of(&self, stage: Stage) -> f64 {
        let minutes = match stage {
            Stage::Awake => self.awake,
            Stage::Rem => self.rem,
            Stage::Core => self.core,
            Stage::Deep => self.deep,
            Stage::Unspecified => self.unspecified,
        };
        if minutes.is_finite() { minutes.clamp(0.0, MOST_MINUTES) } else { 0.0 }
    }

    /// Whether somebody looked for stages.
    pub fn has_stages(&self) -> bool {
        [Stage::Rem, Stage::Core, Stage::Deep].into_iter().any(|stage| self.of(stage) > 0.0)
    }

    /// Minutes asleep.
    pub fn asleep(&self) -> f64 {
        [Stage::Rem, Stage::Core, Stage::Deep, Stage::Unspecified].map(|stage| self.of(stage)).iter().sum()
    }
}

/// Nobody sleeps longer than a week.
const MOST_MINUTES: f64 = 7.0 * 24.0 * 60.0;

/// What a stretch of sleep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NightKind {
    /// The sleep of a night, or a part of it.
    Night,
    /// A nap.
    Nap,
    /// In bed, and nobody knows whether asleep: no sleep is counted.
    InBedOnly,
}

/// For which day a night counts, which goes from noon to noon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowDay {
    /// That on which it ends.
    Morning,
    /// That on which it begins.
    Evening,
}

/// One stretch of sleep.
#[derive(Debug, Clone, PartialEq)]
pub struct Night {
    /// The day that it is counted for.
    pub day: Day,
    /// What it is.
    pub kind: NightKind,
    /// Its stages, sorted, without overlaps.
    pub segments: Vec<Segment>,
    /// When somebody was in bed.
    pub in_bed: Vec<Stretch>,
    /// Between its stages, where nothing was written: it counts as awake.
    pub unwritten: Vec<Stretch>,
    /// How long each stage was.
    pub minutes: StageMinutes,
}

impl Night {
    /// What of it lies in a part of its hours.
    pub fn part(&self, from_ms: i64, until_ms: i64) -> Self {
        let cut = |s: &Stretch| Stretch { start_ms: s.start_ms.max(from_ms), end_ms: s.end_ms.min(until_ms) };
        let stretches = |all: &[Stretch]| all.iter().map(cut).filter(|s| s.start_ms < s.end_ms).collect::<Vec<_>>();
        let segments = self.segments.iter().map(|segment| {
            let Stretch { start_ms, end_ms } = cut(&segment.stretch());
            Segment { start_ms, end_ms, ..*segment }
        });
        let segments: Vec<Segment> = segments.filter(|segment| segment.start_ms < segment.end_ms).collect();
        let unwritten = stretches(&self.unwritten);
        let length = |s: &Stretch| (s.end_ms - s.start_ms) as f64 / 60_000.0;
        let of = |stage: Stage| segments.iter().filter(|s| s.stage == stage).map(|s| length(&s.stretch())).sum::<f64>();
        let minutes = StageMinutes {
            awake: of(Stage::Awake) + unwritten.iter().map(length).sum::<f64>(),
            rem: of(Stage::Rem),
            core: of(Stage::Core),
            deep: of(Stage::Deep),
            unspecified: of(Stage::Unspecified),
        };
        Self { day: self.day, kind: self.kind, segments, in_bed: stretches(&self.in_bed), unwritten, minutes }
    }

    /// First and last instant of what is known of it, or none of nothing.
    pub(crate) fn ends(&self) -> Option<(i64, i64)> {
        let stretches = || self.sound_segments().map(Segment::stretch).chain(self.sound_bed());
        Some((stretches().map(|s| s.start_ms).min()?, stretches().map(|s| s.end_ms).max()?))
    }

    /// Segments that end after they start and are no longer than anybody sleeps.
    pub(crate) fn sound_segments(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|s| s.stretch().is_sound())
    }

    /// The same of the time in bed.
    pub(crate) fn sound_bed(&self) -> impl Iterator<Item = Stretch> {
        self.in_bed.iter().filter(|s| s.is_sound()).copied()
    }

    /// `Tue 3 Mar`.
    pub(crate) fn label(&self) -> String {
        named_day(self.day)
    }
}
