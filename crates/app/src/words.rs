//! Words for people that the command line and the window share: `ui/src/words/en.ts` says the same, and a test
//! compares.

use health::time::parse_stamp;
use store::{EntryCounts, ProblemCount, Report};

use crate::export::Exported;
use crate::import::HomeMoved;

/// Every code of a problem in a report, and what it means.
pub const PROBLEMS: &[(&str, &str)] = &[
    ("bad_time", "Records with a time that could not be read, or that end before they start, left out"),
    ("bad_value", "Records with a value that is unreadable or far too large, left out"),
    ("bad_shape", "Entries that are not put together as they should be, left out"),
    ("bad_part", "Times and values inside entries that could not be read, kept as text"),
    ("bad_markup", "Broken XML, skipped"),
    ("truncated", "The file ends too early; what was there is kept"),
    ("bad_checksum", "The checksum of the document is wrong: parts of it may differ from what was exported"),
    ("after_the_end", "Something after the end of the document, left out"),
    ("no_records", "The file has no records"),
    ("broken_doctype", "A broken document head, repaired"),
    ("control_characters", "Characters that XML does not allow, left out"),
    ("invalid_utf8", "Broken letters, replaced"),
    ("duplicate_attribute", "Attributes that stood twice; the first was taken"),
    ("duplicate_metadata", "Details that stood twice with different values; the first was taken"),
    ("unknown_attribute", "Attributes that Vitalog does not know, left out"),
    ("unknown_element", "Elements that Vitalog does not know, left out"),
    ("unknown_entity", "Character codes that Vitalog does not know, kept as text"),
    ("unknown_unit", "Values in a unit that does not fit; kept as they were printed"),
    ("unknown_value", "Values that Vitalog does not know, kept as text"),
    ("percent_hundredfold", "Percentages a hundred times too large, put right"),
    ("implausible_date", "Days of rings with an impossible date, left out"),
    ("too_much_metadata", "Records with too many details; the first are kept"),
    ("too_many_beats", "Records with too many heartbeats; the first are kept"),
    ("too_many_children", "Entries with too many parts; the first are kept"),
    ("too_many_references", "Too many attached files; the first are kept"),
    ("too_many_kinds", "Records of too many types that Vitalog does not know, left out"),
    ("too_many_sources", "Records and entries of too many sources, left out"),
    ("too_many_alike", "More records of one time, type and source than can be told apart, left out"),
    ("too_many_names", "Apps or devices with so many names that renamed ones are not looked for"),
    ("too_large_file", "Files in the export that are larger than the limit, left out"),
    ("another_person", "The profile differs from the one in the store: another person? An import can be undone"),
    ("missing_file", "Files that the export names and that are not in it"),
    ("damaged_file", "Damaged files in the export; what could be read is kept"),
    ("unsafe_entry_name", "Links, and files with an unsafe name or in too many folders, never opened"),
    ("duplicate_entry", "Files that are twice in the export, never opened"),
    ("encrypted_entry", "Encrypted files in the archive, never opened"),
];

/// Why one record or entry was left out, by the code of the problem that it counts to.
pub const REJECTS: &[(&str, &str)] = &[
    ("bad_time", "a time that cannot be read"),
    ("bad_value", "an unreadable or far too large value"),
    ("bad_shape", "not put together as it should be"),
    ("truncated", "cut off by the end of the file"),
    ("too_many_kinds", "a type too many"),
    ("too_many_sources", "a source too many"),
    ("too_many_alike", "more of one time, type and source than can be told apart"),
];

/// What an export has besides records, by the key of the report: one and many.
pub const ENTRIES: &[(&str, &str, &str)] = &[
    ("workouts", "workout", "workouts"),
    ("routes", "route", "routes"),
    ("ecgs", "electrocardiogram", "electrocardiograms"),
    ("correlations", "group of records", "groups of records"),
    ("activity_days", "day of rings", "days of rings"),
    ("clinical_records", "clinical record", "clinical records"),
    ("audiograms", "audiogram", "audiograms"),
    ("vision_prescriptions", "vision prescription", "vision prescriptions"),
];

/// A number and its noun.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// What records an export has written, by the key `record`: one and many.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("sample", "sample", "samples"),
    ("workout", "workout", "workouts"),
    ("route", "route", "routes"),
    ("ecg", "electrocardiogram", "electrocardiograms"),
    ("correlation", "group of records", "groups of records"),
    ("activity_summary", "day of rings", "days of rings"),
    ("clinical_record", "clinical record", "clinical records"),
    ("audiogram", "audiogram", "audiograms"),
    ("vision_prescription", "vision prescription", "vision prescriptions"),
    ("profile", "profile", "profiles"),
    ("sleep_summary", "summary of sleep", "summaries of sleep"),
    ("aggregate", "sum of an app", "sums of apps"),
];

/// What an export has written, such as `12 records: 10 samples, 3 of them hidden, 2 workouts`, and a remark about what
/// it has not.
pub fn exported(done: &Exported) -> (String, Option<String>) {
    let part = |(record, n): (&&str, &u64)| {
        let known = WRITTEN.iter().find(|(known, ..)| known == record);
        let hidden = if *record == "sample" && done.hidden > 0 { hidden(done.hidden, *n) } else { String::new() };
        known.map_or_else(|| format!("{n} {}", record.replace('_', " ")), |(_, one, many)| count(*n, one, many))
            + &hidden
    };
    let mut parts: Vec<(&&str, &u64)> = done.counts.iter().collect();
    parts.sort_by_key(|(record, _)| WRITTEN.iter().position(|(known, ..)| known == *record));
    let parts: Vec<String> = parts.into_iter().map(part).collect();
    let records = count(done.records, "record", "records");
    let written = if parts.is_empty() { records } else { format!("{records} ({})", parts.join(", ")) };
    let left_out = (done.deleted > 0).then(|| {
        let (rows, are) = (count(done.deleted, "row", "rows"), if done.deleted == 1 { "was" } else { "were" });
        format!("Not written: {rows} that {are} deleted and can be brought back until 30 days later.")
    });
    (written, left_out)
}

fn hidden(n: u64, of: u64) -> String {
    if of == 1 { ", hidden".to_owned() } else { format!(", {n} of them hidden") }
}

/// One line for a problem: what, its code, how often and where.
pub fn problem(problem: &ProblemCount) -> String {
    let code = problem.reason.as_str();
    let meaning = PROBLEMS.iter().find(|(known, _)| *known == code).map_or("Something else", |(_, meaning)| meaning);
    let often = if problem.count == 1 { "once".to_owned() } else { format!("{} times", problem.count) };
    let place = match problem.first_position {
        Some(position) if problem.count == 1 => format!(", at byte {position}"),
        Some(position) => format!(", first at byte {position}"),
        None => String::new(),
    };
    format!("{meaning} ({code}): {often}{place}")
}

/// Why one record was left out, in a few words.
pub fn reject(reason: &str) -> &str {
    REJECTS.iter().find(|(code, _)| *code == reason).map_or(reason, |(_, words)| words)
}

/// The same of a record whose text is known: times that can be read but are the wrong way round are told as that.
pub fn reject_of<'a>(reason: &'a str, text: &str) -> &'a str {
    let at = |name: &str| parse_stamp(text.split_once(name)?.1.split_once('"')?.0);
    match (at("startDate=\""), at("endDate=\"")) {
        (Some(start), Some(end)) if reason == "bad_time" && end < start => "it ends before it starts",
        _ => reject(reason),
    }
}

/// What happened to files beside the document, in a word or two.
const LOST_FILES: [(&str, &str); 3] =
    [("missing_file", "not in the export"), ("damaged_file", "damaged"), ("too_large_file", "too large")];

/// What happened to a file beside the document.
pub fn lost_file(reason: &str) -> &str {
    LOST_FILES.iter().find(|(code, _)| *code == reason).map_or(reason, |(_, words)| words)
}

/// Says where everything that an import refused is listed; nothing where nothing was, or where nothing was kept of it.
pub fn see_rejects(report: &Report) -> Option<String> {
    let is_file = |problem: &ProblemCount| LOST_FILES.iter().any(|(reason, _)| *reason == problem.reason);
    let import = report.import.filter(|_| report.rejects() > 0 || report.problems.iter().any(is_file))?;
    Some(format!("`vitalog imports {import}` lists what could not be read."))
}

/// Says what to do about an import of a damaged file, once there is a better one.
pub fn in_doubt(report: &Report) -> Option<String> {
    let damaged = |problem: &ProblemCount| ["truncated", "bad_checksum"].contains(&problem.reason.as_str());
    let import = report.import.filter(|_| report.problems.iter().any(damaged))?;
    Some(format!(
        "What was read of a damaged file may be wrong, too. Once there is a good copy, `vitalog undo {import}` takes this \
         import back."
    ))
}

/// Says that an import has moved the home zone, and how it is held.
pub fn home_zone(moved: &HomeMoved) -> String {
    let HomeMoved { was, now } = moved;
    let moved =
        format!("The home zone is {now} now (was {was}): most nights and workouts tell it, and days moved with it.");
    match crate::settings::place(was) {
        Some(was) => format!("{moved} `vitalog settings set home_zone {was}` holds the old one."),
        None => moved,
    }
}

/// `2 workouts, 1 route`, from counts by the keys of [`ENTRIES`]; empty where there is nothing.
pub fn entries(count_of: impl Fn(&str) -> u64) -> String {
    let named = ENTRIES.iter().map(|(key, one, many)| (count_of(key), one, many)).filter(|(n, ..)| *n > 0);
    named.map(|(n, one, many)| count(n, one, many)).collect::<Vec<_>>().join(", ")
}

/// What an import read besides records, and how much of it is new where not all of it is.
pub fn besides(report: &Report) -> String {
    let read = |key: &str| of(report, key).read.saturating_sub(of(report, key).rejected);
    let total = |of: &dyn Fn(&str) -> u64| ENTRIES.iter().map(|(key, ..)| of(key)).sum::<u64>();
    match (total(&read), total(&|key| of(report, key).new)) {
        (0, _) => String::new(),
        (all, new) if new >= all => entries(read),
        (_, 0) => format!("{} (none of it new)", entries(read)),
        (_, new) => format!("{} ({new} of these new)", entries(read)),
    }
}

fn of(report: &Report, key: &str) -> EntryCounts {
    match key {
        "workouts" => report.workouts,
        "routes" => report.routes,
        "ecgs" => report.ecgs,
        "correlations" => report.correlations,
        "activity_days" => report.activity_days,
        "clinical_records" => report.clinical_records,
        "audiograms" => report.audiograms,
        "vision_prescriptions" => report.vision_prescriptions,
        _ => EntryCounts::default(),
    }
}

/// The sentence over the counts of a report: what became of the file, and of its records.
pub fn outcome(report: &Report) -> String {
    let file = report.file.as_deref().unwrap_or("standard input");
    let records = count(report.records, "record", "records");
    if report.outcome == "already_imported" {
        return format!("{} was imported before, {records}; nothing was changed.", capital(file));
    }
    let verb = if report.outcome == "dry_run" { "Looked into" } else { "Imported" };
    let end = if report.outcome == "dry_run" { "; nothing was changed" } else { "" };
    format!("{verb} {file}, {records}: {}{end}.", parts(report))
}

/// What a phone has brought in all of its deliveries.
pub fn brought(device: &str, report: &Report) -> String {
    format!("{device} brought {}: {}.", count(report.records, "record", "records"), parts(report))
}

fn parts(report: &Report) -> String {
    let counts = report.counts;
    let parts = [
        (counts.new, "new"),
        (counts.known, "known before"),
        (counts.replaced, "updated"),
        (counts.duplicates, "repeated in the file"),
        (counts.rejected, "could not be read"),
    ];
    let parts = parts.iter().filter(|(n, word)| *n > 0 || *word == "new").map(|(n, word)| format!("{n} {word}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// What became of records of other exports; empty where nothing did. An import that is newer than others says what it
/// has not.
pub fn earlier(report: &Report) -> String {
    if report.outcome == "already_imported" {
        return String::new();
    }
    let parts = [
        (report.superseded, "rewritten by this one (they count no more)"),
        (report.restored, "rewritten before and back in this one (they count again)"),
        (report.kept, "not in this one (they stay)"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// Only our own words begin a sentence with a capital; a file keeps its name.
fn capital(file: &str) -> &str {
    if file == "standard input" { "Standard input" } else { file }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reason: &str, count: u64, first_position: Option<u64>, expected: &str) {
        let found = ProblemCount { reason: reason.to_owned(), count, first_position };
        assert_eq!(problem(&found), expected);
    }

    #[test]
    fn a_problem_is_a_sentence_with_code_count_and_place() {
        check("no_records", 1, None, "The file has no records (no_records): once");
        check(
            "truncated",
            1,
            Some(42),
            "The file ends too early; what was there is kept (truncated): once, at byte 42",
        );
        check("bad_markup", 3, Some(7), "Broken XML, skipped (bad_markup): 3 times, first at byte 7");
        check("of_tomorrow", 2, None, "Something else (of_tomorrow): 2 times");
    }

    #[test]
    fn only_a_zone_that_can_be_set_is_told_with_the_command_that_sets_it() {
        let moved = |was: &str| home_zone(&HomeMoved { was: was.to_owned(), now: "Europe/Berlin".to_owned() });
        assert!(moved("Asia/Tokyo").ends_with("`vitalog settings set home_zone Asia/Tokyo` holds the old one."));
        assert!(moved("GMT").ends_with("(was GMT): most nights and workouts tell it, and days moved with it."));
    }

    #[test]
    fn a_record_that_ends_before_it_starts_is_told_as_that() {
        let times = |start: &str, end: &str| format!("<Record startDate=\"{start}\" endDate=\"{end}\"/>");
        let (early, late) = ("2026-03-14 08:00:00 +0100", "2026-03-14 09:00:00 +0100");
        assert_eq!(reject_of("bad_time", &times(late, early)), "it ends before it starts");
        assert_eq!(reject_of("bad_time", &times("yesterday", early)), "a time that cannot be read");
        assert_eq!(reject_of("bad_value", &times(early, late)), "an unreadable or far too large value");
    }

    #[test]
    fn what_became_of_earlier_exports_is_told() {
        let report = |superseded, restored, kept| Report { superseded, restored, kept, ..Report::default() };
        assert_eq!(earlier(&report(0, 0, 0)), "");
        let again = Report { outcome: "already_imported".to_owned(), ..report(2, 1, 5) };
        assert_eq!(earlier(&again), "");
        assert_eq!(
            earlier(&report(2, 0, 5)),
            "2 rewritten by this one (they count no more), 5 not in this one (they stay)"
        );
        assert_eq!(earlier(&report(0, 1, 0)), "1 rewritten before and back in this one (they count again)");
    }

    #[test]
    fn what_there_is_besides_is_counted_in_words() {
        let counts = |key: &str| match key {
            "workouts" => 6,
            "routes" => 1,
            _ => 0,
        };
        assert_eq!(entries(counts), "6 workouts, 1 route");
    }
}
