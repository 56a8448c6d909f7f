//! Lines of everything that is no sample: the body that the sender stored, with its bulk packed again.

use serde_json::{Map, Value as Json};

use super::PER_STORE;
use super::sample::{draft, times, who};
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{self, Fields};
use crate::formats::phone::parts::{Track, entry};
use crate::formats::phone::stamp;
use crate::formats::{ecg, route};
use crate::phone::{Flags, Marks};
use crate::{Batch, Entry, EntryKind, Result, Source, kind};

/// Keys that are the entry's own and stand in no body.
const OWN: [&str; 8] = ["start", "end", "source", "bundle", "device_hw", "uuid", "flags", "row"];

/// What a line is about.
pub(super) fn kind_of(word: &str) -> Option<EntryKind> {
    EntryKind::ALL.into_iter().chain(EntryKind::PHONE).find(|kind| kind.as_str() == word)
}

/// One entry.
pub(super) fn read(line: &[u8], kind: EntryKind, fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    match make(kind, fields, builder) {
        Ok((entry, mut marks)) => {
            builder.call(&mut marks, fields.word("row").as_deref());
            builder.entry(entry, marks)?;
            builder.item(line, Some(kind.as_str()), Ok(()))
        }
        Err(reason) => builder.item(line, Some(kind.as_str()), Err(reason)),
    }
}

fn make(
    kind: EntryKind,
    fields: &Fields<'_>,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<(Entry, Marks), Reject> {
    let timed = fields.get("start").is_some();
    let (times, marks) = if timed {
        let (start, end, flags) = times(fields)?;
        let mut marks = builder.marks(fields.id("uuid").as_deref(), start, end);
        marks.flags.join(flags);
        ((Some(start.ms), end.map(|end| end.ms)), marks)
    } else {
        let end = fields.get("end").and_then(stamp::instant).map(|end| end.ms);
        ((None, end), builder.named(fields.id("uuid").as_deref(), Flags::default()))
    };
    let has_source = fields.word("source").is_some();
    let who = who(fields, builder)?;
    let source = if has_source { builder.source_of(who) } else { Source::default() };
    let mut made = entry(kind, String::new(), source, times);
    let mut body = rest(fields);
    match kind {
        EntryKind::Workout => workout(&mut body),
        EntryKind::Route => track(fields, &mut body, &mut made)?,
        EntryKind::Ecg => trace(fields, &mut body, &mut made)?,
        EntryKind::ActivitySummary => rename(&mut body, "day", "date"),
        EntryKind::ClinicalRecord => resource(&mut body, &mut made),
        EntryKind::Correlation => made.members = Some(Box::new(members(fields, &mut body, builder)?)),
        _ => {}
    }
    if let Some(Json::String(hex)) = body.remove("payload_hex") {
        made.payload = Some(bytes(&hex).ok_or("bad_value")?);
    }
    made.identity = identity(kind, &body, &made);
    made.body = Json::Object(body).to_string();
    Ok((made, marks))
}

/// What stands in the body: everything but the entry's own keys and those of the sender's store.
fn rest(fields: &Fields<'_>) -> Map<String, Json> {
    let bulk = ["points", "voltages", "members"];
    let kept = fields.iter().filter(|(key, value)| {
        !OWN.contains(key) && !PER_STORE.contains(key) && !bulk.contains(key) && *value != b"null"
    });
    kept.map(|(key, value)| (key.to_owned(), fields::json(value))).collect()
}

fn rename(body: &mut Map<String, Json>, from: &str, to: &str) {
    if let Some(value) = body.remove(from) {
        body.insert(to.to_owned(), value);
    }
}

/// A line has Apple's number and the word that was sent; a body has Apple's identifier, and the word where it is
/// another.
fn workout(body: &mut Map<String, Json>) {
    body.remove("route_points");
    let number = body.remove("activity").and_then(|number| number.as_i64());
    let raw = body.get("activity_raw").and_then(Json::as_str).unwrap_or_default().to_owned();
    if raw.starts_with("HKWorkoutActivityType") {
        rename(body, "activity_raw", "activity");
    } else if let Some(identifier) = number.and_then(kind::activity_identifier) {
        body.insert("activity".to_owned(), identifier.into());
    }
}

fn track(fields: &Fields<'_>, body: &mut Map<String, Json>, made: &mut Entry) -> std::result::Result<(), Reject> {
    rename(body, "route_points", "points");
    let Some(points) = fields.get("points") else { return Ok(()) };
    if !fields::is_array(points) {
        return Err("bad_shape");
    }
    let mut track = Track::default();
    track.places(points);
    made.payload = track.entry(Json::Null, Source::default()).payload;
    let n = made.payload.as_deref().and_then(route::unpack).map_or(0, |points| points.len());
    body.insert("points".to_owned(), n.into());
    Ok(())
}

fn trace(fields: &Fields<'_>, body: &mut Map<String, Json>, made: &mut Entry) -> std::result::Result<(), Reject> {
    rename(body, "classification_raw", "classification");
    rename(body, "hz", "sample_rate_hz");
    rename(body, "voltage_count", "n");
    let Some(voltages) = fields.get("voltages") else { return Ok(()) };
    let one = |text: &[u8]| match fields::number(text).known() {
        None if text.trim_ascii() != b"null" => Err("bad_value"),
        voltage => Ok(voltage),
    };
    let voltages = fields::items(voltages).map(one).collect::<std::result::Result<Vec<_>, Reject>>()?;
    made.payload = Some(ecg::pack(&voltages));
    Ok(())
}

fn resource(body: &mut Map<String, Json>, made: &mut Entry) {
    if let Some(Json::String(text)) = body.remove("resource_text") {
        made.payload = Some(text.into_bytes());
    }
}

/// The members of a correlation. They come as samples of their own, too.
fn members(
    fields: &Fields<'_>,
    body: &mut Map<String, Json>,
    builder: &Builder<'_, '_>,
) -> std::result::Result<Batch, Reject> {
    let mut batch = Batch::default();
    let mut take = |part: crate::phone::PhoneBatch| {
        batch = part.batch;
        Ok(())
    };
    let mut inner = Builder::new(builder.feed, &mut take);
    for text in fields::items(fields.get("members").unwrap_or(b"[]")) {
        let member = Fields::read(text).ok_or("bad_shape")?;
        let draft = draft(&member, &mut inner)?;
        inner.sample(draft).map_err(|_| "bad_shape")?;
    }
    inner.finish(Map::new()).map_err(|_| "bad_shape")?;
    body.remove("members");
    (batch.records_read, batch.bytes_read) = (0, 0);
    Ok(batch)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks_exact(2).map(|pair| Some(pair.first()? << 4 | pair.last()?)).collect()
}

/// What tells an entry from others, as the readers of files and phones have it.
fn identity(kind: EntryKind, body: &Map<String, Json>, made: &Entry) -> String {
    let text = |key: &str| body.get(key).and_then(Json::as_str).unwrap_or_default();
    match kind {
        EntryKind::Workout if text("activity").is_empty() => text("activity_raw").to_owned(),
        EntryKind::Workout => text("activity").to_owned(),
        EntryKind::Route if text("path").is_empty() => "location".to_owned(),
        EntryKind::Route => text("path").to_owned(),
        EntryKind::Ecg => "ecg".to_owned(),
        EntryKind::ActivitySummary => text("date").to_owned(),
        EntryKind::Profile => "me".to_owned(),
        EntryKind::ClinicalRecord => match text("identifier") {
            "" => format!("{} {}", text("type"), text("received")),
            identifier => format!("{} {identifier}", text("type")),
        },
        EntryKind::Correlation => {
            let food = body.get("metadata").and_then(|metadata| metadata.get("HKFoodType"));
            let food = food.map(ToString::to_string).unwrap_or_default();
            let mut kinds = made.members.as_ref().map(|members| members.kinds.clone()).unwrap_or_default();
            kinds.sort_unstable();
            format!("{}|{food}|{}", text("type"), kinds.join(" "))
        }
        EntryKind::MedicationDose | EntryKind::Medication => kind::fold(text("name")),
        EntryKind::StateOfMind => text("kind").to_owned(),
        EntryKind::SleepSummary => text("day").to_owned(),
        _ if text("type").is_empty() => kind.as_str().to_owned(),
        _ => text("type").to_owned(),
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_digits() {
        assert_eq!(bytes("ff01"), Some(vec![255, 1]));
        assert_eq!(bytes(""), Some(vec![]));
        assert_eq!([bytes("f"), bytes("zz")], [None, None]);
    }
}
