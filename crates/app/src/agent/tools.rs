//! The tools that there are, with what they take. Names and arguments are those of Open Wearables' own where it has
//! them; `user_id` is taken everywhere and means nothing, because one person's data are here.

use serde_json::{Value, json};

use crate::error::{Code, Error, Result};

/// One tool.
#[derive(Debug)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it answers, for who chooses among them.
    pub description: &'static str,
    /// What it takes.
    arguments: &'static [Argument],
}

/// One argument of a tool.
#[derive(Debug)]
pub(super) struct Argument {
    pub name: &'static str,
    shape: Shape,
    pub required: bool,
    description: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    Texts,
    Number,
    Switch,
    Words(&'static [&'static str]),
}

const fn needed(name: &'static str, shape: Shape, description: &'static str) -> Argument {
    Argument { name, shape, required: true, description }
}

const fn optional(name: &'static str, shape: Shape, description: &'static str) -> Argument {
    Argument { name, shape, required: false, description }
}

/// What every tool takes besides.
const EVERYWHERE: [Argument; 2] = [
    optional("user_id", Shape::Text, "Taken and not looked at: there is one person here"),
    optional("cursor", Shape::Text, "`next_cursor` of the answer before, for what follows it"),
];

const TYPE: &str = "A type as list_types names it, e.g. step_count or heart_rate";
const FIRST_DAY: Argument = needed("start_date", Shape::Text, "First local day, YYYY-MM-DD");
const LAST_DAY: Argument = needed("end_date", Shape::Text, "Last local day, inclusive, YYYY-MM-DD");
const START: Argument = needed("start", Shape::Text, "First local day, YYYY-MM-DD");
const END: Argument = needed("end", Shape::Text, "Last local day, inclusive, YYYY-MM-DD");
const OF_TYPE: Argument = needed("type", Shape::Text, TYPE);
const TYPES: &str = "Types as list_types names them; without them the main ones";

const DAILY: &[Argument] = &[FIRST_DAY, LAST_DAY, optional("types", Shape::Texts, TYPES)];

/// Widths of `get_timeseries`.
const RESOLUTIONS: Shape = Shape::Words(&["raw", "1hour", "1day", "1week", "1month", "1year"]);
/// Widths of `get_trend`.
const BUCKETS: Shape = Shape::Words(&["day", "week", "month", "year"]);
/// Which day of the second type belongs to a day of the first.
const LAGS: Shape = Shape::Words(&["same", "next", "before"]);
/// Lengths of a chart.
const RANGES: Shape = Shape::Words(&["day", "week", "month", "6m", "year", "all"]);

/// Every tool.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "get_status",
        description: "What is there: span of days, freshness, sources, time zone, and which areas the owner keeps back.",
        arguments: &[],
    },
    Tool {
        name: "list_types",
        description: "Types with unit, how a day's number is made (sum, mean, ...), rows, first and last day.",
        arguments: &[
            optional("with_data", Shape::Switch, "Only types that have data; true where not told"),
            optional("search", Shape::Text, "Only types whose name or identifier contains this"),
        ],
    },
    Tool {
        name: "get_daily_summary",
        description: "One row a local day with the merged number of each type, samples, sources and completeness.",
        arguments: DAILY,
    },
    Tool { name: "get_activity_summary", description: "The same as get_daily_summary.", arguments: DAILY },
    Tool {
        name: "get_sleep_summary",
        description: "Nights with stages, naps and time in bed only, each with the day that it counts for.",
        arguments: &[FIRST_DAY, LAST_DAY],
    },
    Tool {
        name: "get_workout_events",
        description: "Workouts by start, with duration, distance, energy and heart rate. Those with `same_as` are the \
                      same activity written by another source and should not be counted.",
        arguments: &[FIRST_DAY, LAST_DAY, optional("workout_type", Shape::Text, "Only this activity, e.g. running")],
    },
    Tool {
        name: "get_workout",
        description: "One workout with splits, heart-rate zones, pauses and where its numbers come from. No route.",
        arguments: &[needed("id", Shape::Number, "The id of get_workout_events")],
    },
    Tool {
        name: "get_timeseries",
        description: "Types over time in buckets, merged over all sources; raw rows up to 500.",
        arguments: &[
            needed("types", Shape::Texts, "Types as list_types names them"),
            needed("start_time", Shape::Text, "First local day, or an instant such as 2026-03-14T07:00:00Z"),
            needed("end_time", Shape::Text, "Last local day, or the instant before which samples or buckets start"),
            optional("resolution", RESOLUTIONS, "Width of a bucket; 1day where not told"),
        ],
    },
    Tool {
        name: "get_trend",
        description: "Averages with their samples by bucket, and whether the last 28 days differ from the 28 before.",
        arguments: &[OF_TYPE, optional("bucket", BUCKETS, "Width; week where not told"), START, END],
    },
    Tool {
        name: "compare_periods",
        description: "Averages of a type in two periods, their difference, and the days that have data.",
        arguments: &[
            OF_TYPE,
            needed("a_start", Shape::Text, "First day of the first period"),
            needed("a_end", Shape::Text, "Its last day"),
            needed("b_start", Shape::Text, "First day of the second period"),
            needed("b_end", Shape::Text, "Its last day"),
        ],
    },
    Tool {
        name: "correlate",
        description: "Spearman's rank correlation of two types by day, with its 95 % interval, the days, and a caveat.",
        arguments: &[
            needed("type_a", Shape::Text, TYPE),
            needed("type_b", Shape::Text, "The other type; sleep may be either"),
            START,
            END,
            optional("lag", LAGS, "Which day of the second type; the same where not told"),
        ],
    },
    Tool {
        name: "explain_value",
        description: "Where the number of a day comes from: its rule, and of each source the rows that count.",
        arguments: &[OF_TYPE, needed("date", Shape::Text, "The local day, YYYY-MM-DD")],
    },
    Tool {
        name: "render_chart",
        description: "A chart as SVG with a sentence that says what it shows, and its numbers as rows.",
        arguments: &[
            needed("type", Shape::Text, "A type, sleep, rings, blood_pressure, heart_zones or a pair `a,b`"),
            optional("range", RANGES, "How long a stretch; a month where not told"),
            optional("date", Shape::Text, "Its last day; the last one with data where not told"),
        ],
    },
];

/// The tool of a name.
pub(super) fn find(name: &str) -> Result<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| unknown(name))
}

/// The error of a name that is no tool's.
pub(super) fn unknown(name: &str) -> Error {
    let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    let name = super::answer::cleaned(name);
    Error::new(Code::BadUsage, format!("There is no tool `{name}`."), format!("There are: {}.", names.join(", ")))
}

impl Tool {
    /// What it takes, the common ones last.
    pub(super) fn takes(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().chain(&EVERYWHERE)
    }

    /// What it takes, as a JSON schema.
    pub fn schema(&self) -> Value {
        let properties: serde_json::Map<String, Value> =
            self.takes().map(|argument| (argument.name.to_owned(), argument.schema())).collect();
        let required: Vec<&str> = self.takes().filter(|argument| argument.required).map(|one| one.name).collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }
}

impl Argument {
    fn schema(&self) -> Value {
        let mut schema = match self.shape {
            Shape::Text => json!({ "type": "string" }),
            Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Shape::Number => json!({ "type": "integer" }),
            Shape::Switch => json!({ "type": "boolean" }),
            Shape::Words(words) => json!({ "type": "string", "enum": words }),
        };
        schema["description"] = self.description.into();
        schema
    }

    /// Whether a value has its shape.
    pub fn fits(&self, value: &Value) -> bool {
        match self.shape {
            Shape::Text => value.is_string(),
            Shape::Texts => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            Shape::Number => value.is_i64(),
            Shape::Switch => value.is_boolean(),
            Shape::Words(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        }
    }

    /// What its shape is, in words.
    pub fn wanted(&self) -> String {
        match self.shape {
            Shape::Text => "It is a text.".to_owned(),
            Shape::Texts => "It is a list of texts.".to_owned(),
            Shape::Number => "It is a whole number.".to_owned(),
            Shape::Switch => "It is true or false.".to_owned(),
            Shape::Words(words) => format!("It is one of {}.", words.join(", ")),
        }
    }
}
