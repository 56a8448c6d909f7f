//! Who wrote the samples, which names are one source, and whose numbers count first.

use app::local::Clock;
use app::overlaps::OverlapAnswer;
use app::source_order::{OrderAnswer, order, set_order};
use app::sources::SourceAnswer;
use app::stays::StaysAnswer;
use app::{Folder, Result};
use clap::Subcommand;

use super::End;
use super::out::{Out, Style};
use super::table::Table;

/// List, link or put in order.
#[derive(Debug, clap::Args)]
pub struct Sources {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say that two names are one source, for good
    Link {
        /// One: a name or a number of `vitalog sources`
        #[arg(value_name = "A")]
        one: String,
        /// The other; its rows become the first one's
        #[arg(value_name = "B")]
        other: String,
    },
    /// Show on which days several sources wrote, by type
    Overlaps,
    /// Show in which time zones you were, and what told them
    Stays,
    /// Show whose numbers count first for a type, or choose it
    Order {
        /// The type
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Names or numbers, the best first, with commas between; "" goes back to the default
        #[arg(value_name = "A,B,C")]
        sources: Option<String>,
        /// Go back to the default
        #[arg(long, conflicts_with = "sources")]
        reset: bool,
    },
}

pub(super) fn run(verb: &Sources, folder: &Folder, out: &mut Out) -> Result<End> {
    match &verb.action {
        None => list(&app::sources::sources(folder)?, folder, out)?,
        Some(Action::Overlaps) => overlaps(&app::overlaps::overlaps(folder)?, out)?,
        Some(Action::Stays) => stays(&app::stays::stays(folder)?, out)?,
        Some(Action::Link { one, other }) => link(&app::sources::link(folder, one, other)?, out)?,
        Some(Action::Order { kind, reset: true, .. }) => tell(&set_order(folder, kind, "")?, out)?,
        Some(Action::Order { kind, sources: Some(sources), .. }) => tell(&set_order(folder, kind, sources)?, out)?,
        Some(Action::Order { kind, .. }) => tell(&order(folder, kind)?, out)?,
    }
    Ok(End::Done)
}

fn list(rows: &[SourceAnswer], folder: &Folder, out: &mut Out) -> Result<()> {
    let clock = Clock::of(folder)?;
    out.rows(rows, || {
        let mut table = Table::new(&["id", "source", "hardware", "records", "first", "last"]);
        for row in rows {
            table.row([
                row.id.to_string(),
                row.source.clone(),
                row.hardware.clone().unwrap_or_default(),
                row.records.to_string(),
                clock.day(row.first.as_ref()),
                clock.day(row.last.as_ref()),
            ]);
        }
        table
    })
}

fn overlaps(rows: &[OverlapAnswer], out: &mut Out) -> Result<()> {
    out.rows(rows, || {
        let heading = ["type", "days", "of several", "counted twice, %", "most often by"];
        let mut table = Table::new(&heading).or_else("No type has days of several sources.");
        for row in rows {
            let twice = row.twice.map(|part| format!("{:.0}", part * 100.0)).unwrap_or_default();
            let most = row.shared.first().map(|shared| shared.sources.join(", ")).unwrap_or_default();
            table.row([row.name.clone(), row.days.to_string(), row.shared_days.to_string(), twice, most]);
        }
        table
    })
}

fn stays(answer: &StaysAnswer, out: &mut Out) -> Result<()> {
    if out.style == Style::Json {
        return out.json(answer);
    }
    out.rows(&answer.stays, || {
        let mut table = Table::new(&["from", "to", "zone", "sleep", "workouts", "sources"]);
        for stay in &answer.stays {
            let (from, to) = (stay.from.clone().unwrap_or_default(), stay.to.clone().unwrap_or_default());
            let (sleep, workouts) = (stay.sleep.to_string(), stay.workouts.to_string());
            table.row([from, to, stay.zone.clone(), sleep, workouts, stay.sources.join(", ")]);
        }
        table
    })?;
    out.say(&format!("Home is {}.", answer.home_zone));
    Ok(())
}

fn link(source: &SourceAnswer, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Json => out.json(source),
        _ => {
            let records = app::words::count(source.records.unsigned_abs(), "record", "records");
            out.line(&format!("These are one source now, with {records}: {}.", source.names.join(", ")))
        }
    }
}

fn tell(answer: &OrderAnswer, out: &mut Out) -> Result<()> {
    if out.style == Style::Json {
        return out.json(answer);
    }
    out.rows(&answer.order, || {
        let mut table = Table::new(&["id", "source", "hardware", "named"]).or_else("No source has rows of this type.");
        for place in &answer.order {
            let named = if place.named { "yes" } else { "" };
            let hardware = place.hardware.clone().unwrap_or_default();
            table.row([place.id.to_string(), place.source.clone(), hardware, named.to_owned()]);
        }
        table
    })?;
    out.say(if answer.chosen { "You chose this order." } else { "This is the default order." });
    Ok(())
}
