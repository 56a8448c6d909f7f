//! Receives from phones until it is told to stop.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

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
    let mut teller = Teller { out, refusals: Refusals::default(), sorts: 0 };
    teller.tell(&Event::Listening { port: at.port, urls: at.urls })?;
    if let Some(trouble) = receiver.trouble() {
        teller.out.warn(&format!("The network is not told that this computer is here: {trouble}"));
    }
    teller.out.say(who_could_read(receiver.fingerprint().is_some()));
    teller.out.say("Ctrl-C ends it.");
    loop {
        let event = match told.recv_timeout(MINUTE) {
            Ok(News::Happened(event)) => event,
            Err(RecvTimeoutError::Timeout) => {
                teller.catch_up(super::now_ms())?;
                continue;
            }
            Ok(News::Stop) | Err(RecvTimeoutError::Disconnected) => break,
        };
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

/// Prints what happens: a line each; of those who are turned away again and again a line a minute.
struct Teller<'a> {
    out: &'a mut Out,
    refusals: Refusals,
    /// Who was told to be turned away, and why: for people once is enough.
    sorts: usize,
}

/// How long the same refusal is only counted.
const MINUTE: Duration = Duration::from_secs(60);
const MINUTE_MS: i64 = 60_000;
/// So many sorts of visitors are told apart; of others there is one line a minute.
const MAX_SORTS: usize = 1_000;

/// Who was turned away and why, counted: whoever knocks all day writes no log.
#[derive(Debug, Default)]
struct Refusals {
    /// When each was told last, and how often it came since.
    told: BTreeMap<(String, &'static str), (i64, u64)>,
}

impl Refusals {
    /// Somebody was turned away. Tells how often, where that is to be told now, and of whom.
    fn count(&mut self, address: &str, reason: &'static str, now_ms: i64) -> Option<Event> {
        let mut key = (address.to_owned(), reason);
        if self.told.len() >= MAX_SORTS && !self.told.contains_key(&key) {
            self.told.retain(|_, (at_ms, times)| *times > 0 || now_ms - *at_ms < MINUTE_MS);
            if self.told.len() >= MAX_SORTS {
                key = (String::new(), "many");
            }
        }
        let (at_ms, times) = self.told.entry(key.clone()).or_insert((i64::MIN / 2, 0));
        *times += 1;
        if now_ms - *at_ms < MINUTE_MS {
            return None;
        }
        *at_ms = now_ms;
        Some(refused(key, std::mem::take(times)))
    }

    /// All that was counted and is to be told by now.
    fn due(&mut self, now_ms: i64) -> Vec<Event> {
        let due = self.told.iter_mut().filter(|(_, (at_ms, times))| *times > 0 && now_ms - *at_ms >= MINUTE_MS);
        let told = due.map(|(key, (at_ms, times))| {
            *at_ms = now_ms;
            refused(key.clone(), std::mem::take(times))
        });
        told.collect()
    }
}

fn refused((address, reason): (String, &'static str), times: u64) -> Event {
    Event::Refused { address, reason, times }
}

impl Teller<'_> {
    fn tell(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Refused { address, reason, .. } => match self.refusals.count(address, reason, super::now_ms()) {
                Some(event) => self.line(&event),
                None => Ok(()),
            },
            Event::Stopped => {
                // What was counted in the last minute is told, too.
                self.catch_up(i64::MAX / 2)?;
                self.line(event)
            }
            event => self.line(event),
        }
    }

    /// Tells what was only counted until now.
    fn catch_up(&mut self, now_ms: i64) -> Result<()> {
        self.refusals.due(now_ms).iter().try_for_each(|event| self.line(event))
    }

    fn line(&mut self, event: &Event) -> Result<()> {
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
            Event::Refused { address, reason, times } => {
                let who = if address.is_empty() { "Somebody else" } else { address };
                let again = if *times > 1 { format!(", {times} times") } else { String::new() };
                self.sorts = self.refusals.told.len();
                vec![format!("{who} was turned away ({reason}{again})")]
            }
            Event::Stopped => vec![format!("Stopped; {}", turned_away(self.sorts))],
        }
    }
}

fn turned_away(times: usize) -> String {
    match times {
        0 => "nobody was turned away.".to_owned(),
        n => format!("{} turned away.", count(n as u64, "sort of visitor was", "sorts of visitors were")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knocks_all_day_is_told_once_a_minute_with_how_often() {
        let mut refusals = Refusals::default();
        let mut told = Vec::new();
        for second in 0..180 {
            told.extend(refusals.count("10.0.0.7", "token", second * 1_000));
        }
        told.extend(refusals.due(i64::MAX / 2));
        let times: Vec<u64> = told
            .iter()
            .map(|event| match event {
                Event::Refused { times, .. } => *times,
                _ => 0,
            })
            .collect();
        assert_eq!(times, [1, 60, 60, 59]);
        assert!(refusals.due(i64::MAX / 2).is_empty(), "nothing twice");
        assert!(refusals.count("10.0.0.7", "host", 180_000).is_some(), "another reason is another line");
    }

    #[test]
    fn who_comes_from_thousands_of_addresses_has_one_line_a_minute_too() {
        let mut refusals = Refusals::default();
        let mut lines = |from: i64, now_ms: i64| {
            (from..from + 5_000).filter(|n| refusals.count(&format!("fd00::{n:x}"), "token", now_ms).is_some()).count()
        };
        assert_eq!(lines(0, 0), MAX_SORTS + 1);
        assert_eq!(lines(10_000, 30_000), 0);
        // What is a minute old makes room for others.
        assert!(lines(20_000, 60_000) <= MAX_SORTS + 1);
        assert!(refusals.told.len() <= MAX_SORTS + 1);
    }
}
