//! The table of a chart for programs and spreadsheets: plain numbers, lengths of time in minutes, days as ISO 8601
//! writes them, units in the heads, and nothing where there are no data. What is said in words stays as it is.

use crate::model::{Model, Table};
use crate::range::MONTHS;

/// What a table says where there is nothing.
const NO_DATA: &str = "no data";
/// Columns whose numbers have the unit of the chart.
const MEASURED: [&str; 6] = ["Sum", "Average a day", "Value", "Lowest", "Highest", "Mean"];

/// Returns the table of a chart as programs want it. The numbers are those of the chart in English, `model`; what is
/// said in words is that of the same chart in whatever language, `said`.
pub fn table(model: &Model, said: &Model) -> Table {
    let rows = &model.table.rows;
    let columns = model.table.columns.iter().enumerate().map(|(place, name)| {
        let lasts = rows.iter().filter_map(|row| row.get(place)).any(|cell| minutes(cell).is_some());
        let head = said.table.columns.get(place).unwrap_or(name);
        match name.as_str() {
            _ if lasts => format!("{head} (min)"),
            name if MEASURED.contains(&name) && !model.unit.is_empty() => format!("{head} ({})", said.unit),
            _ => head.clone(),
        }
    });
    let words = |row: usize, place: usize| said.table.rows.get(row).and_then(|row| row.get(place));
    let cell = |row: usize, (place, cell): (usize, &String)| match plain(cell) {
        same if same == *cell && same.parse::<f64>().is_err() => words(row, place).cloned().unwrap_or(same),
        found => found,
    };
    let cells = |(row, cells): (usize, &Vec<String>)| cells.iter().enumerate().map(|of| cell(row, of)).collect();
    Table { columns: columns.collect(), rows: rows.iter().enumerate().map(cells).collect() }
}

/// `−1,234.5` as `-1234.5`, `7 h 5 min` as `425`, `Mon 9 Mar 2026` as `2026-03-09`; anything else as it is.
fn plain(cell: &str) -> String {
    if cell == NO_DATA {
        return String::new();
    }
    let bare = cell.replace('\u{2212}', "-").replace(',', "");
    if bare.parse::<f64>().is_ok() {
        return bare;
    }
    let lasts = minutes(cell).map(|minutes| minutes.to_string());
    lasts.or_else(|| day(cell)).or_else(|| week(cell)).or_else(|| month(cell)).unwrap_or_else(|| cell.to_owned())
}

/// `7 h 5 min`, `7 h`, `5 min`.
fn minutes(cell: &str) -> Option<u64> {
    let words: Vec<&str> = cell.split(' ').collect();
    let (hours, minutes) = match words.as_slice() {
        [hours, "h", minutes, "min"] => (*hours, *minutes),
        [hours, "h"] => (*hours, "0"),
        [minutes, "min"] => ("0", *minutes),
        _ => return None,
    };
    Some(hours.parse::<u64>().ok()?.checked_mul(60)? + minutes.parse::<u64>().ok()?)
}

/// `Mon 9 Mar 2026` or `9 Mar 2026`.
fn day(cell: &str) -> Option<String> {
    let words: Vec<&str> = cell.split(' ').collect();
    let (of_month, name, year) = match words.as_slice() {
        [_, of_month, name, year] | [of_month, name, year] => (*of_month, *name, *year),
        _ => return None,
    };
    iso(year.parse().ok()?, name, of_month)
}

/// `9 Mar – 15 Mar 2026`: both days, with a stroke between them.
fn week(cell: &str) -> Option<String> {
    let (first, last) = cell.split_once(" \u{2013} ")?;
    let (of_month, name) = first.split_once(' ')?;
    let last = day(last)?;
    let year: i32 = last.get(..4)?.parse().ok()?;
    let in_year = iso(year, name, of_month)?;
    // One that begins later in its year than it ends began in the year before.
    let first = if in_year > last { iso(year - 1, name, of_month)? } else { in_year };
    Some(format!("{first}/{last}"))
}

/// `Mar 2026`.
fn month(cell: &str) -> Option<String> {
    let (name, year) = cell.split_once(' ')?;
    Some(iso(year.parse().ok()?, name, "1")?.get(..7)?.to_owned())
}

fn iso(year: i32, month: &str, of_month: &str) -> Option<String> {
    let number = MONTHS.iter().position(|name| *name == month)? + 1;
    Some(format!("{year:04}-{number:02}-{:02}", of_month.parse::<u8>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, expected: &str) {
        assert_eq!(plain(cell), expected, "{cell}");
    }

    #[test]
    fn cells_are_what_a_spreadsheet_reads() {
        check("\u{2212}1,234.5", "-1234.5");
        check("no data", "");
        check("none", "none");
        check("7 h 5 min", "425");
        check("8 h", "480");
        check("45 min", "45");
        check("Mon 9 Mar 2026", "2026-03-09");
        check("22 Oct 2025", "2025-10-22");
        check("9 Mar \u{2013} 15 Mar 2026", "2026-03-09/2026-03-15");
        check("29 Dec \u{2013} 4 Jan 2026", "2025-12-29/2026-01-04");
        check("Mar 2026", "2026-03");
        check("2026", "2026");
        check("08:00\u{2013}09:00", "08:00\u{2013}09:00");
        check("788 of 500 kcal", "788 of 500 kcal");
        check("58 \u{2013} 61", "58 \u{2013} 61");
        check("Nothing written (awake)", "Nothing written (awake)");
    }
}
