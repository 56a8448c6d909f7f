//! The manual: one page with every verb in it, or the page of one verb, from the same definition as the arguments.

use std::io::Write;

use app::{Code, Error, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man as Page;

use super::End;
use super::args::Args;
use super::out::Out;

/// Which page.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// A verb; without it everything is on one page
    verb: Option<String>,
}

pub(super) fn run(verb: &Man, out: &mut Out) -> Result<End> {
    let mut command = Args::command();
    command.build();
    match &verb.verb {
        None => whole(command, out.data())?,
        Some(name) => {
            let found = shown(&command).find(|verb| verb.get_name() == name).cloned();
            let unknown = || Error::new(Code::BadUsage, format!("There is no verb `{name}`."), HINT);
            page(found.ok_or_else(unknown)?, out.data())?;
        }
    }
    Ok(End::Done)
}

const HINT: &str = "`vitalog help` lists the verbs.";

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
}

/// Everything: the program's own part, then each verb with what it takes.
fn whole(command: Command, out: &mut dyn Write) -> Result<()> {
    let verbs: Vec<Command> = shown(&command).cloned().collect();
    let man = Page::new(command);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    writeln!(out, ".SH VERBS")?;
    verbs.iter().try_for_each(|verb| section(verb, "vitalog", out))?;
    man.render_extra_section(out)?;
    Ok(man.render_version_section(out)?)
}

/// One verb as a page of its own, with the verbs below it.
fn page(verb: Command, out: &mut dyn Write) -> Result<()> {
    let below: Vec<Command> = shown(&verb).cloned().collect();
    let name = format!("vitalog {}", verb.get_name());
    let man = Page::new(verb);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if !below.is_empty() {
        writeln!(out, ".SH VERBS")?;
    }
    below.iter().try_for_each(|verb| section(verb, &name, out))
}

/// A verb inside a page: how it is called, what it does and what it takes, and the same of the verbs below it.
fn section(verb: &Command, above: &str, out: &mut dyn Write) -> Result<()> {
    let name = format!("{above} {}", verb.get_name());
    writeln!(out, ".SS {}", plain(&name))?;
    let usage = verb.clone().render_usage().to_string();
    writeln!(out, "{}", plain(usage.trim_start_matches("Usage: ")))?;
    if let Some(about) = verb.get_about() {
        writeln!(out, ".PP\n{}", plain(&about.to_string()))?;
    }
    // Options of every verb stand once, at the top.
    let own = verb.get_arguments().filter(|argument| !argument.is_global_set() && !argument.is_hide_set());
    for argument in own.filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version")) {
        let help = argument.get_help().map(|help| help.to_string()).unwrap_or_default();
        writeln!(out, ".TP\n\\fB{}\\fR\n{}", plain(&argument.to_string()), plain(&help))?;
    }
    shown(verb).try_for_each(|verb| section(verb, &name, out))
}

/// A text in which nothing is an instruction to the typesetter.
fn plain(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let guarded =
        text.lines().map(|line| if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() });
    guarded.collect::<Vec<_>>().join("\n")
}
