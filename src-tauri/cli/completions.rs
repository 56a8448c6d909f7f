//! Shell completions, from the same definition as the arguments.

use app::Result;
use clap::CommandFactory;

use super::End;
use super::args::Args;
use super::out::Out;

/// Which shell.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(verb: &Completions, out: &mut Out) -> Result<End> {
    let mut text = Vec::new();
    clap_complete::generate(verb.shell, &mut Args::command(), "vitalog", &mut text);
    out.data().write_all(&text)?;
    Ok(End::Done)
}
