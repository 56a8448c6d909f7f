//! The tables: one for each sort of record, columns by the keys of its JSON lines.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// An instant, to the millisecond.
    Instant,
    /// A local day.
    Day,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Whole,
    /// Yes or no.
    Flag,
    /// Numbers in their order; one that nobody knows is null.
    Numbers,
    /// What has parts of its own, as JSON.
    Parts,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Key of a JSON line.
    pub key: &'static str,
    /// What it holds.
    pub holds: Holds,
}

impl Column {
    /// Its name: the key, but for `start` and `end`, of which SQL has the second one for itself.
    pub fn name(&self) -> &'static str {
        match self.key {
            "start" => "start_time",
            "end" => "end_time",
            key => key,
        }
    }
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The key `record` of the lines that lie in it.
    pub record: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether every row has a start, which then is a part of the key: what cuts tables by time asks for it.
    pub by_time: bool,
    /// Columns beside `id` and `rest`.
    pub columns: &'static [Column],
}

impl Table {
    /// The names of all columns, in the order of a row.
    pub fn names(&self) -> Vec<&'static str> {
        let own = self.columns.iter().map(Column::name);
        std::iter::once("id").chain(own).chain([REST]).collect()
    }
}

/// The last column: keys that have no column of their own, as JSON, so that nothing is lost.
pub const REST: &str = "rest";

/// The table of a sort of record.
pub fn table(record: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.record == record)
}

/// The table of a name.
pub fn named(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Every table.
pub const TABLES: &[Table] = &[
    Table {
        record: "sample",
        name: "samples",
        by_time: true,
        columns: &[
            instant("start"),
            instant("end"),
            text("type"),
            text("kind"),
            number("value"),
            text("unit"),
            text("meaning"),
            text("label"),
            text("source"),
            text("bundle"),
            text("device_hw"),
            text("device"),
            text("source_version"),
            instant("created"),
            number("original_value"),
            text("original_unit"),
            text("uuid"),
            whole("copies"),
            whole("repeats"),
            parts("metadata"),
        ],
    },
    Table {
        record: "aggregate",
        name: "aggregates",
        by_time: true,
        columns: &[
            instant("start"),
            instant("end"),
            text("type"),
            text("grain"),
            parts("stats"),
            text("unit"),
            text("source"),
            text("bundle"),
            text("device_hw"),
            text("feed"),
            text("label"),
        ],
    },
    Table {
        record: "workout",
        name: "workouts",
        by_time: true,
        columns: &[
            instant("start"),
            instant("end"),
            whole("activity"),
            text("activity_raw"),
            number("duration_s"),
            number("distance_m"),
            number("energy_kcal"),
            text("source"),
            text("source_bundle"),
            text("device"),
            text("source_version"),
            instant("created"),
            text("uuid"),
            parts("statistics"),
            parts("events"),
            parts("metadata"),
        ],
    },
    Table {
        record: "correlation",
        name: "correlations",
        by_time: false,
        columns: &[
            instant("start"),
            instant("end"),
            text("type"),
            text("source"),
            text("source_version"),
            instant("created"),
            parts("members"),
            parts("metadata"),
        ],
    },
    Table {
        record: "route",
        name: "routes",
        by_time: false,
        columns: &[
            instant("start"),
            instant("end"),
            text("source"),
            text("device"),
            parts("workout"),
            whole("route_points"),
            parts("points"),
        ],
    },
    Table {
        record: "ecg",
        name: "ecgs",
        by_time: false,
        columns: &[
            instant("start"),
            instant("end"),
            text("source"),
            text("device"),
            text("classification_raw"),
            text("symptoms"),
            number("avg_hr"),
            number("hz"),
            text("lead"),
            text("unit"),
            whole("voltage_count"),
            numbers("voltages"),
        ],
    },
    Table {
        record: "activity_summary",
        name: "activity_summaries",
        by_time: false,
        columns: &[
            day("day"),
            number("active_energy_kcal"),
            number("active_energy_goal_kcal"),
            number("move_min"),
            number("move_goal_min"),
            number("exercise_min"),
            number("exercise_goal_min"),
            number("stand_hours"),
            number("stand_goal_hours"),
        ],
    },
    Table {
        record: "clinical_record",
        name: "clinical_records",
        by_time: false,
        columns: &[
            instant("start"),
            text("type"),
            text("identifier"),
            instant("received"),
            text("fhir_version"),
            text("source"),
            text("source_url"),
            text("resource_text"),
        ],
    },
    Table {
        record: "audiogram",
        name: "audiograms",
        by_time: false,
        columns: &[instant("start"), instant("end"), text("source"), parts("sensitivity_point"), parts("metadata")],
    },
    Table {
        record: "vision_prescription",
        name: "vision_prescriptions",
        by_time: false,
        columns: &[
            instant("start"),
            instant("end"),
            text("source"),
            instant("date_issued"),
            instant("expiration_date"),
            parts("left_eye"),
            parts("right_eye"),
        ],
    },
    Table {
        record: "profile",
        name: "profiles",
        by_time: false,
        columns: &[
            day("date_of_birth"),
            text("biological_sex"),
            text("blood_type"),
            text("fitzpatrick_skin_type"),
            text("cardio_fitness_medications_use"),
        ],
    },
    Table {
        record: "medication_dose",
        name: "medication_doses",
        by_time: false,
        columns: &[
            instant("start"),
            instant("end"),
            text("name"),
            text("nickname"),
            text("status"),
            number("dose"),
            number("scheduled_dose"),
            text("unit"),
            flag("scheduled"),
            instant("scheduled_at"),
            text("source"),
        ],
    },
    Table {
        record: "medication",
        name: "medications",
        by_time: false,
        columns: &[text("name"), text("nickname"), text("form"), flag("archived"), flag("scheduled"), text("source")],
    },
    Table {
        record: "state_of_mind",
        name: "states_of_mind",
        by_time: false,
        columns: &[
            instant("start"),
            instant("end"),
            number("valence"),
            parts("valence_classification"),
            parts("labels"),
            parts("associations"),
            text("source"),
        ],
    },
    Table {
        record: "sleep_summary",
        name: "sleep_summaries",
        by_time: false,
        columns: &[
            day("day"),
            instant("start"),
            instant("end"),
            instant("in_bed_start"),
            instant("in_bed_end"),
            parts("stats"),
            text("source"),
            text("feed"),
        ],
    },
];

const fn instant(key: &'static str) -> Column {
    Column { key, holds: Holds::Instant }
}

const fn day(key: &'static str) -> Column {
    Column { key, holds: Holds::Day }
}

const fn text(key: &'static str) -> Column {
    Column { key, holds: Holds::Text }
}

const fn number(key: &'static str) -> Column {
    Column { key, holds: Holds::Number }
}

const fn whole(key: &'static str) -> Column {
    Column { key, holds: Holds::Whole }
}

const fn flag(key: &'static str) -> Column {
    Column { key, holds: Holds::Flag }
}

const fn numbers(key: &'static str) -> Column {
    Column { key, holds: Holds::Numbers }
}

const fn parts(key: &'static str) -> Column {
    Column { key, holds: Holds::Parts }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::EntryKind;

    #[test]
    fn every_sort_of_record_has_a_table_and_every_column_a_name_of_its_own() {
        let kinds = EntryKind::ALL.into_iter().chain(EntryKind::PHONE).map(|kind| kind.as_str());
        for record in kinds.chain(["sample", "aggregate"]) {
            let table = table(record).unwrap_or_else(|| panic!("{record} has no table"));
            assert_eq!(named(table.name), Some(table));
            let names = table.names();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{record}");
            assert!(!table.by_time || table.columns[0] == instant("start"), "{record}");
        }
    }
}
