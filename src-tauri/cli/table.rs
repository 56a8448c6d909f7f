//! Tables for people.

use std::io::{self, Write};

use super::out::escaped;

/// A heading and rows; numbers stand to the right.
pub struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Starts a table.
    pub fn new(heading: &[&'static str]) -> Self {
        Self { heading: heading.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| escaped(&cell)).collect());
    }

    /// Prints it; an empty one is one line.
    pub fn print(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        if self.rows.is_empty() {
            return writeln!(out, "Nothing.");
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
        let heading = line(self.heading.iter().map(|h| (*h).to_owned()), &shape);
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
        let width = *width;
        if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn is_number(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && cell.chars().all(|c| c.is_ascii_digit() || "-.".contains(c))
}

/// Two decimals at most.
pub fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The day of an instant that is RFC 3339, or nothing.
pub fn day_of(stamp: Option<&String>) -> String {
    stamp.and_then(|stamp| stamp.get(..10)).unwrap_or_default().to_owned()
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
    fn numbers_have_two_decimals_at_most() {
        assert_eq!([97.5, 72.0, 0.126, -0.001].map(number), ["97.5", "72", "0.13", "0"]);
    }
}
