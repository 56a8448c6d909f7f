//! The tool that draws: an SVG where it is small enough, the sentence of the chart, and its numbers as records.

use health::kind::fold;
use serde_json::{Map, Value};

use super::Desk;
use super::answer::Answer;
use crate::charts::{Question, Reach, Subject, chart, day};
use crate::error::{Code, Error, Result};
use crate::local::find_kind;
use crate::{Size, Theme, render};

/// Width and height of a picture that fits into an answer.
const SIZE: (u32, u32) = (640, 320);

impl Desk<'_> {
    /// Draws a chart.
    pub fn chart(&self) -> Result<Answer> {
        let subject = Subject::parse(self.arguments.needed("type"))?;
        self.check_subject(&subject)?;
        let reach = self.arguments.text("range").map(|range| match range {
            "day" => Reach::Day,
            "week" => Reach::Week,
            "6m" => Reach::HalfYear,
            "year" => Reach::Year,
            "all" => Reach::All,
            _ => Reach::Month,
        });
        let last = self.arguments.text("date").map(day).transpose()?;
        let model = chart(self.folder, &Question { subject, reach, last, page: 1, now_ms: self.now_ms })?;
        let drawn = render(&model, Size::new(SIZE.0, SIZE.1), Theme::Light)
            .map_err(|_| Error::new(Code::File, "The chart cannot be drawn.", "`get_timeseries` has its numbers."))?;
        let rows: Vec<Value> = model.table.rows.iter().map(|cells| row(&model.table.columns, cells)).collect();
        let answer = Answer::of_rows(&rows)?.with("title", model.title).with("unit", model.unit);
        let answer = answer.with("days", model.days).with("summary", model.summary);
        Ok(answer.with_picture(drawn.svg).or_rather("Ask for a shorter or a coarser chart, or for get_timeseries."))
    }

    /// Refuses what tells of a type or a place that is kept back.
    fn check_subject(&self, subject: &Subject) -> Result<()> {
        let check = |word: &String| match fold(word).as_str() {
            "sleep" => Ok(()),
            _ => self.areas.check(&find_kind(&self.folder.read()?, word)?.kind.identifier),
        };
        match subject {
            Subject::Type(word) | Subject::Calendar(word) | Subject::Years(word, _) => check(word),
            Subject::Pair(first, second, _) => check(first).and_then(|()| check(second)),
            Subject::Route(_) => self.areas.check_routes(),
            _ => Ok(()),
        }
    }
}

/// A row of the table by its heads, which are ours.
fn row(columns: &[String], cells: &[String]) -> Value {
    let keys = columns.iter().zip(cells).map(|(head, cell)| (head.clone(), Value::from(cell.as_str())));
    Value::Object(keys.collect::<Map<String, Value>>())
}
