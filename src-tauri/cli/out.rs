//! Where answers go: data to stdout, words to stderr; nothing from the data can steer the terminal.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};

use app::{Error, Result};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::args::Global;
use super::table::Table;

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// For people.
    Words,
}

/// Standard output and standard error of one run.
pub struct Out {
    writer: BufWriter<Stdout>,
    /// How to answer.
    pub style: Style,
    quiet: bool,
    /// Whether headings may be bold.
    pub color: bool,
}

/// Standard output that remembers whether its reader went away, as `head` does.
struct Stdout {
    inner: io::Stdout,
    gone: bool,
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes);
        self.gone |= matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Out {
    /// By the options and the environment.
    pub fn new(global: &Global) -> Self {
        let style = match global {
            Global { json: true, .. } => Style::Json,
            Global { csv: true, .. } => Style::Csv,
            _ => Style::Words,
        };
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            writer: BufWriter::new(Stdout { inner: io::stdout(), gone: false }),
            style,
            quiet: global.quiet,
            color: !global.no_color && !unwanted && io::stdout().is_terminal(),
        }
    }

    /// Whether the reader of the answer went away.
    pub fn reader_is_gone(&self) -> bool {
        self.writer.get_ref().gone
    }

    /// The stream of data.
    pub fn data(&mut self) -> &mut dyn Write {
        &mut self.writer
    }

    /// Whether progress may be shown.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Answers with one JSON document.
    pub fn json(&mut self, answer: &impl Serialize) -> Result<()> {
        serde_json::to_writer_pretty(&mut self.writer, answer).map_err(io::Error::from)?;
        Ok(writeln!(self.writer)?)
    }

    /// Says one thing of many with one line of JSON.
    pub fn json_line(&mut self, answer: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.writer, answer).map_err(io::Error::from)?;
        Ok(writeln!(self.writer)?)
    }

    /// Answers with rows: JSON, CSV, or `table` for people. A table without rows still has the heading that a row of
    /// defaults would have.
    pub fn rows<T: Serialize + Default>(&mut self, rows: &[T], table: impl FnOnce() -> Table) -> Result<()> {
        self.rows_like(&T::default(), rows, table)
    }

    /// The same where a row of defaults has not every column.
    pub fn rows_like<T: Serialize>(&mut self, one: &T, rows: &[T], table: impl FnOnce() -> Table) -> Result<()> {
        match self.style {
            Style::Json => self.json(&rows),
            Style::Csv => self.csv(one, rows),
            Style::Words => self.table(&table()),
        }
    }

    /// Answers with CSV where the answer is no table: a row for each key, those of parts as `part.key`.
    pub fn pairs(&mut self, answer: &impl Serialize) -> Result<()> {
        use app::export::csv::line;
        let mut pairs = Vec::new();
        flatten("", &serde_json::to_value(answer).map_err(io::Error::from)?, &mut pairs);
        line(&mut self.writer, ["key", "value"].map(str::to_owned).into_iter())?;
        Ok(pairs.into_iter().try_for_each(|pair| line(&mut self.writer, pair.into_iter()))?)
    }

    /// Prints a table for people.
    pub fn table(&mut self, table: &Table) -> Result<()> {
        Ok(table.print(&mut self.writer, self.color)?)
    }

    /// Prints one line for people.
    pub fn line(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.writer, "{}", escaped(text))?)
    }

    /// Says something that is no data, on stderr.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            // Nobody to say it to is no failure.
            let _ = writeln!(io::stderr(), "{}", escaped(text));
        }
    }

    /// Says something that must be heard, on stderr.
    pub fn warn(&self, text: &str) {
        let _ = writeln!(io::stderr(), "vitalog: {}", escaped(text));
    }

    /// Prints an error: a sentence, and for programs a line of JSON after it.
    pub fn error(&mut self, error: &Error) {
        let _ = self.writer.flush();
        tell_error(error, self.style);
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.writer.flush()?)
    }

    fn csv<T: Serialize>(&mut self, one: &T, rows: &[T]) -> Result<()> {
        use app::export::csv::{cell, line};
        let heading = columns(rows.first().unwrap_or(one))?;
        line(&mut self.writer, heading.into_iter().map(|(name, _)| name))?;
        for row in rows {
            line(&mut self.writer, columns(row)?.iter().map(|(_, value)| cell(value)))?;
        }
        Ok(())
    }
}

/// The names and values of a row.
fn columns(row: &impl Serialize) -> io::Result<Vec<(String, Value)>> {
    let text = serde_json::to_string(row)?;
    let Columns(columns) = serde_json::from_str(&text)?;
    Ok(columns)
}

/// The keys of an object and of the objects in it, with their values as cells.
fn flatten(prefix: &str, value: &Value, pairs: &mut Vec<[String; 2]>) {
    match value {
        Value::Object(keys) => keys.iter().for_each(|(key, value)| {
            let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            flatten(&name, value, pairs);
        }),
        value => pairs.push([prefix.to_owned(), app::export::csv::cell(value)]),
    }
}

/// A row's keys in the order in which they are declared; a JSON object would sort them.
struct Columns(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = Columns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Columns, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Columns(columns))
            }
        }
        deserializer.deserialize_map(Row)
    }
}

/// Says on stderr what went wrong.
pub fn tell_error(error: &Error, style: Style) {
    let _ = writeln!(io::stderr(), "vitalog: {}", escaped(&error.to_string()));
    if style == Style::Json {
        error_line(error);
    }
}

/// The last line of stderr for programs.
pub fn error_line(error: &Error) {
    let _ = writeln!(io::stderr(), "{}", serde_json::json!({ "error": error }));
}

/// A text in which nothing steers the terminal: control and bidi characters are shown as escapes.
pub fn escaped(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if steers(c) {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(escaped("a\u{1b}[31mb\u{202e}c\nd\u{a0}é"), "a\\u{1b}[31mb\\u{202e}c\\u{a}d\u{a0}é");
    }
}
