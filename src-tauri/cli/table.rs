//! Tables for people.

use std::io::{self, Write};

use super::out::escaped;

/// Characters of one cell that are shown.
const LONGEST_CELL: usize = 400;

/// A heading and rows; numbers stand to the right.
pub struct Table {
    heading: Vec<String>,
    nothing: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Starts a table.
    pub fn new(heading: &[&str]) -> Self {
        let heading = heading.iter().map(|name| escaped(name)).collect();
        Self { heading, nothing: "Nothing.".to_owned(), rows: Vec::new() }
    }

    /// What to say where there are no rows.
    pub fn or_else(self, nothing: &str) -> Self {
        Self { nothing: nothing.to_owned(), ..self }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| shortened(escaped(&cell))).collect());
    }

    /// Prints it; an empty one is one line.
    pub fn print(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        if self.rows.is_empty() {
            return writeln!(out, "{}", self.nothing);
        }
        let columns = 0..self.heading.len();
        let column = |i: usize| self.rows.iter().filter_map(move |row| row.get(i));
        let shape: Vec<(usize, bool)> = columns
            .map(|i| {
                let heading = self.heading.get(i).map_or(0, |h| h.chars().count());
                let width = column(i).map(|cell| cell.chars().count()).max().unwrap_or(0).max(heading);
                (width, column(i).all(|cell| cell.is_empty() || is_number(cell)))
            })
            .collect();
        let heading = line(self.heading.iter().cloned(), &shape);
        if color {
            writeln!(out, "\u{1b}[1m{heading}\u{1b}[0m")?
        } else {
            writeln!(out, "{heading}")?
        }
        for row in &self.rows {
            writeln!(out, "{}", line(row.iter().cloned(), &shape))?;
        }
        Ok(())
    }
}

fn line(cells: impl Iterator<Item = String>, shape: &[(usize, bool)]) -> String {
    let padded = cells.zip(shape).map(|(cell, (width, right))| {
        let blanks = " ".repeat(width.saturating_sub(cell.chars().count()));
        if *right { blanks + &cell } else { cell + &blanks }
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// A longer text would push everything beside it out of sight; `--json` and `--csv` have the whole.
fn shortened(cell: String) -> String {
    match cell.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}...", cell.get(..end).unwrap_or_default()),
        None => cell,
    }
}

fn is_number(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && cell.chars().all(|c| c.is_ascii_digit() || "-.:".contains(c))
}

/// Two decimals at most.
pub fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// How a number is made, in words.
pub fn stat(stat: &str) -> String {
    stat.replace('_', " ")
}

/// Says that there is nothing of a type: `No heart rate.`
pub fn none_of(name: &str) -> String {
    // `UV` and `VO2` keep their capitals.
    let keeps = |word: &str| word.chars().skip(1).any(|c| c.is_uppercase() || c.is_ascii_digit());
    let words = name.split(' ').map(|word| if keeps(word) { word.to_owned() } else { word.to_lowercase() });
    format!("No {}.", words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right() {
        let mut table = Table::new(&["name", "n"]);
        table.row(["a".to_owned(), "5".to_owned()]);
        table.row(["bcdef".to_owned(), "1000".to_owned()]);
        let mut out = Vec::new();
        table.print(&mut out, false).expect("printed");
        assert_eq!(String::from_utf8_lossy(&out), "name      n\na         5\nbcdef  1000\n");
    }

    #[test]
    fn a_long_text_is_cut_and_takes_nothing_with_it() {
        let mut table = Table::new(&["name", "n"]);
        table.row(["é".repeat(70_000), "5".to_owned()]);
        table.row(["b".repeat(LONGEST_CELL), "7".to_owned()]);
        let mut out = Vec::new();
        table.print(&mut out, false).expect("printed");
        let text = String::from_utf8_lossy(&out).into_owned();
        assert!(text.contains(&format!("{}...  5", "é".repeat(LONGEST_CELL))), "{text}");
        assert!(text.contains(&format!("{}     7", "b".repeat(LONGEST_CELL))), "{text}");
    }

    #[test]
    fn an_empty_table_says_what_there_is_none_of() {
        let mut out = Vec::new();
        Table::new(&["day"]).or_else(&none_of("Heart Rate")).print(&mut out, false).expect("printed");
        assert_eq!(String::from_utf8_lossy(&out), "No heart rate.\n");
        assert_eq!(none_of("UV Index"), "No UV index.");
    }

    #[test]
    fn numbers_have_two_decimals_at_most() {
        assert_eq!([97.5, 72.0, 0.126, -0.001].map(number), ["97.5", "72", "0.13", "0"]);
    }
}
