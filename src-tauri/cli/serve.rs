//! Receives from phones until it is told to stop.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use app::receiver::{Event, Events, Options, Receiver};
use app::words::count;
use app::{Folder, Result};

use super::End;
use super::certificate::who_could_read;
use super::out::{Out, Style};

/// Where to listen.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// An address of this computer in a private network, or several
    #[arg(long, value_name = "ADDR", num_args = 1..)]
    bind: Vec<IpAddr>,
    /// The port; 0 takes a free one
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Tell nobody on the network that we are here
    #[arg(long)]
    no_mdns: bool,
}

/// What the loop hears.
enum News {
    Happened(Event),
    /// Ctrl-C, or the system wants an end.
    Stop,
}

pub(super) fn run(verb: &Serve, folder: &Folder, out: &mut Out) -> Result<End> {
    let options = Options { bind: verb.bind.clone(), port: verb.port, is_silent: verb.no_mdns };
    let (tell, told) = mpsc::channel();
    stop_by_signal(tell.clone());
    let mut receiver = Receiver::start(folder, &options, Arc::new(super::now_ms))?;
    let sends = app::remotes::Runner::start(folder, Arc::new(super::now_ms));
    let events = receiver.events();
    let forward = std::thread::spawn(move || forward(events, &tell));
    let at = receiver.listening();
    let mut teller = Teller { out, refused: HashSet::new() };
    teller.tell(&Event::Listening { port: at.port, urls: at.urls })?;
    if let Some(trouble) = receiver.trouble() {
        teller.out.warn(&format!("The network is not told that this computer is here: {trouble}"));
    }
    teller.out.say(who_could_read(receiver.fingerprint().is_some()));
    teller.out.say("Ctrl-C ends it.");
    while let Ok(News::Happened(event)) = told.recv() {
        if let Err(error) = receiver.heard(&event) {
            // Phones are received all the same; only `status` tells an old address.
            teller.out.warn(&error.to_string());
        }
        teller.tell(&event)?;
    }
    drop(sends);
    receiver.stop();
    let _ = forward.join();
    // What happened until the last connection was closed.
    told.try_iter().try_for_each(|news| match news {
        News::Happened(event) => teller.tell(&event),
        News::Stop => Ok(()),
    })?;
    Ok(End::Done)
}

/// The first signal asks for an end, a second one does not wait for it: what was acknowledged is on the disk.
fn stop_by_signal(tell: mpsc::Sender<News>) {
    let asked = AtomicBool::new(false);
    let _ = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::AcqRel) {
            std::process::exit(super::CANCELLED.into());
        }
        let _ = tell.send(News::Stop);
    });
}

fn forward(mut events: Events, tell: &mpsc::Sender<News>) {
    while let Some(event) = events.wait() {
        if tell.send(News::Happened(event)).is_err() {
            return;
        }
    }
}

/// Prints what happens: a line each.
struct Teller<'a> {
    out: &'a mut Out,
    /// Who was told to be turned away, and why: for people once is enough.
    refused: HashSet<(String, &'static str)>,
}

/// So many of them are remembered.
const MAX_REFUSED: usize = 1_000;

impl Teller<'_> {
    fn tell(&mut self, event: &Event) -> Result<()> {
        match self.out.style {
            Style::Json => self.out.json_line(event)?,
            _ => {
                for line in self.words(event) {
                    self.out.line(&line)?;
                }
            }
        }
        self.out.flush()
    }

    fn words(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::Listening { urls, .. } => urls.iter().map(|url| format!("Listening at {url}")).collect(),
            Event::Delivery { label, app, state, new, known, replaced, rejected, bytes, .. } => {
                let what = match *state {
                    "pending" => format!("{bytes} bytes wait until the phone is let in"),
                    "unreadable" => "could not be read: `vitalog deliveries` says why".to_owned(),
                    _ => format!("{new} new, {known} known, {replaced} replaced, {rejected} rejected"),
                };
                vec![format!("{label} ({app}): {what}")]
            }
            Event::Paired { label, number: Some(number), .. } => {
                vec![format!("{label} used a code and shows {number}; `vitalog pair` lets it in")]
            }
            Event::Paired { label, device, .. } => {
                let device = device.map(|id| id.to_string()).unwrap_or_default();
                vec![format!("{label} used a code; `vitalog devices accept {device}` lets it in")]
            }
            Event::Refused { address, reason } => {
                let is_new = self.refused.len() < MAX_REFUSED && self.refused.insert((address.clone(), reason));
                if is_new { vec![format!("{address} was turned away ({reason})")] } else { Vec::new() }
            }
            Event::Stopped => vec![format!("Stopped; {}", turned_away(self.refused.len()))],
        }
    }
}

fn turned_away(times: usize) -> String {
    match times {
        0 => "nobody was turned away.".to_owned(),
        n => format!("{} turned away.", count(n as u64, "sort of visitor was", "sorts of visitors were")),
    }
}
