//! Draws a chart.

use std::path::{Path, PathBuf};

use app::charts::picture::{Format, SCALE, picture, write};
use app::charts::{Question, Reach, Subject, chart, day, write_csv};
use app::{Code, Error, Folder, Model, Result, Size, Theme};
use clap::ValueEnum;

use super::End;
use super::out::{Out, Style};

const SUBJECTS: &str = "\
What can be drawn:
  TYPE                  as in `vitalog types`: bars of what adds up, else dots; heart rate as capsules
  heart_rate:raw        every reading of up to a week; also heart_rate:capsules, heart_rate:zones
  blood_glucose:profile a typical day of 14 and more
  TYPE:calendar         a calendar of days
  TYPE:years            up to five calendar years over each other; TYPE:years:weeks by weeks
  TYPE,TYPE             one against the other; sleep may be one of them. With :next or :before behind it
                        the second one is that of the next day or of the day before
  sleep                 a night of a day, nights of a week or month, stages of longer ranges;
                        also sleep:night, sleep:nights, sleep:stages, sleep:regularity, sleep:calendar;
                        sleep:night:heart_rate+respiratory_rate for lanes below a night
  heart_zones           time in heart-rate zones, of all workouts
  blood_pressure        readings and the means of days
  rings                 activity rings of a day, or a page of days
  workout:ID            the route of a workout; workout:ID:profiles for heart rate, pace and elevation
  ecg:ID                an electrocardiogram";

/// What to draw, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = SUBJECTS)]
pub struct Chart {
    /// A type, sleep, rings, workout:ID, ecg:ID and more; see below
    #[arg(value_name = "WHAT")]
    what: String,
    /// How long a stretch (else a month; a year for calendars and pairs)
    #[arg(long, value_enum)]
    range: Option<Span>,
    /// Its last day, as 2026-03-14 (else the last one with data)
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    /// The file, by its ending .svg or .png; - writes SVG to standard output
    #[arg(long, value_name = "FILE|-")]
    out: Option<PathBuf>,
    /// Colours
    #[arg(long, value_enum, default_value = "light")]
    theme: Colours,
    /// Width and height, from 240x140 to 4000x2000
    #[arg(long, value_name = "WxH", default_value = "1200x600", value_parser = size)]
    size: Size,
    /// Pixels of a PNG to one of the size
    #[arg(long, value_name = "N", default_value_t = SCALE, value_parser = scale)]
    scale: f32,
    /// Page of an electrocardiogram
    #[arg(long, value_name = "N", default_value_t = 1)]
    page: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Span {
    Day,
    Week,
    Month,
    #[value(name = "6m")]
    HalfYear,
    Year,
    All,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Colours {
    Light,
    Dark,
}

fn size(text: &str) -> std::result::Result<Size, String> {
    let numbers = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let (width, height) = numbers.ok_or("write it as 1200x600")?;
    let size = Size::new(width, height);
    let fits = (size.width, size.height) == (width, height);
    fits.then_some(size).ok_or_else(|| "from 240x140 to 4000x2000".to_owned())
}

fn scale(text: &str) -> std::result::Result<f32, String> {
    let fits = |scale: &f32| (0.1..=8.0).contains(scale);
    text.parse().ok().filter(fits).ok_or_else(|| "from 0.1 to 8".to_owned())
}

pub(super) fn run(verb: &Chart, folder: &Folder, out: &mut Out) -> Result<End> {
    let subject = Subject::parse(&verb.what)?;
    if verb.out.is_none() && out.style == Style::Words {
        let hint = "Name a file with --out, such as chart.svg or chart.png, or ask for numbers with --json or --csv.";
        return Err(Error::new(Code::BadUsage, "There is no place to draw to.", hint));
    }
    // What cannot be written need not be drawn.
    let target = verb.out.as_deref().map(|path| Target::of(path, out.style)).transpose()?;
    let reach = verb.range.map(|span| match span {
        Span::Day => Reach::Day,
        Span::Week => Reach::Week,
        Span::Month => Reach::Month,
        Span::HalfYear => Reach::HalfYear,
        Span::Year => Reach::Year,
        Span::All => Reach::All,
    });
    let last = verb.date.as_deref().map(day).transpose()?;
    let question = Question { subject, reach, last, page: verb.page, now_ms: super::now_ms() };
    let model = chart(folder, &question)?;
    if let Some(target) = target {
        draw(verb, &model, target, out)?;
    }
    match out.style {
        Style::Json => out.json(&model)?,
        Style::Csv => write_csv(&model, out.data())?,
        Style::Words => {}
    }
    Ok(End::Done)
}

/// Where the picture goes.
#[derive(Clone, Copy)]
enum Target<'a> {
    Stream,
    File(&'a Path, Format),
}

impl<'a> Target<'a> {
    fn of(path: &'a Path, style: Style) -> Result<Self> {
        match path.as_os_str() == "-" {
            true if style == Style::Words => Ok(Self::Stream),
            true => Err(Error::new(
                Code::BadUsage,
                "The picture and its numbers cannot both go to standard output.",
                "Name a file with --out, or leave it out.",
            )),
            false => Ok(Self::File(path, Format::of(path)?)),
        }
    }
}

fn draw(verb: &Chart, model: &Model, target: Target<'_>, out: &mut Out) -> Result<()> {
    let theme = match verb.theme {
        Colours::Light => Theme::Light,
        Colours::Dark => Theme::Dark,
    };
    let bytes = |format| picture(model, verb.size, theme, format, verb.scale);
    match target {
        Target::Stream => out.data().write_all(&bytes(Format::Svg)?)?,
        Target::File(path, format) => {
            write(path, &bytes(format)?)?;
            out.say(&model.summary);
        }
    }
    Ok(())
}
