//! What may be typed.

use std::path::PathBuf;

use app::Result;
use app::local::Days;
use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand};

const AFTER: &str = "\
Exit codes: 0 done, 1 failed and nothing changed, 2 wrong arguments, 3 nothing to do,
            4 done but some input was rejected or lost, 130 stopped by Ctrl-C";

/// Your Apple Health data on your own computer
#[derive(Debug, Parser)]
#[command(name = "vitalog", version, propagate_version = true, after_help = AFTER)]
pub struct Args {
    /// What to do; nothing opens the window.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// How to answer.
    #[command(flatten)]
    pub global: Global,
}

/// Options of every verb.
#[derive(Debug, Clone, ClapArgs)]
pub struct Global {
    /// Answer with JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Answer with CSV, where the answer is a table
    #[arg(long, global = true, conflicts_with = "json")]
    pub csv: bool,
    /// No progress and no remarks on stderr; answers and errors stay
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// No colours (NO_COLOR does the same)
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    pub no_color: bool,
    /// The data folder (else VITALOG_DATA_DIR, else the system's place)
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Every verb.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Open the window, and import a file there
    Open(super::open::Open),
    /// Import an export: a zip, a folder, an XML, or - for standard input
    Import(super::import::Import),
    /// List what was imported, or show one import and what could not be read of it
    Imports(super::imports::Imports),
    /// Take an import back
    Undo(super::undo::Undo),
    /// Hide rows of a type, or delete them
    Hide(super::hide::Hide),
    /// Say what a session of sleep is: split, merge, nap, night or nothing
    Night(super::night::Night),
    /// List what you hid, deleted, edited or put in order, or take one of these back
    History(super::history::History),
    /// Show how much is there and where it lies
    Status,
    /// List the types in the store
    Types,
    /// List who wrote the samples, link two names, or choose whose numbers count first
    Sources(super::sources::Sources),
    /// Receive from phones until Ctrl-C
    Serve(super::serve::Serve),
    /// Let a phone in by a code that its camera reads, or that is typed
    Pair(super::pair::Pair),
    /// Show, save or renew the certificate by which phones send encrypted
    Certificate(super::certificate::Certificate),
    /// Add phones that may send, list them, let one wait, or shut one out
    Devices(super::devices::Devices),
    /// List what phones delivered
    Deliveries(super::deliveries::Deliveries),
    /// Add servers that get what you choose, list them, try one, let one wait, or remove it
    Remote(super::remote::Remote),
    /// Send to your servers what they do not have yet
    Push(super::push::Push),
    /// Show what waits for your servers
    Outbox,
    /// Show one type: raw rows or buckets of time
    Query(super::query::Query),
    /// Show one number per day and type
    Daily(super::daily::Daily),
    /// Show nights and naps
    Sleep(super::sleep::Sleep),
    /// List workouts, or show one with splits and heart-rate zones
    Workouts(super::workouts::Workouts),
    /// Explain one number: its rule, and of each source what counts
    Explain(super::explain::Explain),
    /// Draw a chart: SVG, PNG, or its numbers
    Chart(super::chart::Chart),
    /// Compare our numbers with Apple's own: rings and workouts
    Check(super::check::Check),
    /// Take everything out, rows that you hid as well: each of them says so
    Export(super::export::Export),
    /// Run one SELECT on the store
    Sql(super::sql::Sql),
    /// Show settings, or set one
    Settings(super::settings::Settings),
    /// Answer an agent over standard input and output (MCP), or show what agents asked
    Mcp(super::mcp::Mcp),
    /// Fill the sample store with a generated person's data
    Demo(super::demo::Demo),
    /// Look whether everything is in order on this computer
    Doctor,
    /// Check that the store is whole
    Verify(super::verify::Verify),
    /// Write a copy of the store into one file
    Backup(super::backup::Backup),
    /// Put a backup in the store's place; what was there is kept for 30 days
    Restore(super::restore::Restore),
    /// Give the room of deleted rows back to the disk
    Compact,
    /// Delete everything in the data folder, for good
    DeleteAll(super::delete_all::DeleteAll),
    /// Print completions for a shell
    Completions(super::completions::Completions),
    /// Print the manual: one page with every verb, or that of one verb
    Man(super::man::Man),
}

/// A range of days.
#[derive(Debug, Clone, ClapArgs)]
pub struct Range {
    /// First local day, as 2026-03-14
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Last local day, inclusive
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
}

impl Range {
    /// Reads the days.
    pub fn days(&self) -> Result<Days> {
        Days::parse(self.from.as_deref(), self.to.as_deref())
    }
}
