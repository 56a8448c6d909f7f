//! Agents: answers one over standard input and output, shows what they asked, writes what starts the program for them.

use std::path::PathBuf;

use app::agent::{self, Call, Written};
use app::local::Clock;
use app::{Folder, Result};
use clap::Subcommand;

use super::End;
use super::out::{Out, Style};
use super::table::Table;

/// What to do; nothing answers an agent.
#[derive(Debug, clap::Args)]
pub struct Mcp {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what agents asked, the newest first
    Log {
        /// Only so many of the last calls
        #[arg(long, value_name = "N", default_value_t = 100)]
        newest: usize,
    },
    /// Print what a program that runs agents has to be told, or put it into its configuration
    Config {
        /// The configuration file of that program; what else is in it stays
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
}

pub(super) fn run(verb: &Mcp, folder: &Folder, out: &mut Out) -> Result<End> {
    match &verb.action {
        None => crate::agent::serve(folder.clone())?,
        Some(Action::Log { newest }) => log(&agent::calls(folder, *newest)?, out)?,
        Some(Action::Config { write: None }) => out.json(&agent::configuration(folder, &std::env::current_exe()?))?,
        Some(Action::Config { write: Some(file) }) => {
            written(&agent::write_configuration(folder, &std::env::current_exe()?, file)?, folder, out)?;
        }
    }
    Ok(End::Done)
}

fn log(calls: &[Call], out: &mut Out) -> Result<()> {
    let clock = Clock::here();
    out.rows(calls, || {
        let heading = ["at", "agent", "tool", "arguments", "outcome", "bytes"];
        let mut table = Table::new(&heading).or_else("No agent has asked anything.");
        for call in calls {
            let [agent, tool, arguments] = [&call.agent, &call.tool, &call.arguments].map(Clone::clone);
            let (outcome, bytes) = (call.outcome.clone(), call.bytes.to_string());
            table.row([clock.time(&call.at), agent, tool, arguments, outcome, bytes]);
        }
        table
    })
}

fn written(written: &Written, folder: &Folder, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Json => out.json(written)?,
        Style::Csv => out.pairs(written)?,
        Style::Words => out.line(&format!("The entry `vitalog` is in {}. Start that program again.", written.file))?,
    }
    if !agent::is_on(folder)? {
        out.say("Agents are switched off; `vitalog settings set mcp on` lets them in.");
    }
    Ok(())
}
