//! Workouts with their statistics, events, legs and routes.

use serde_json::Value as Json;

use super::device;
use super::entries::{self, Found, Reference, provenance, source};
use super::node::{Known, Node};
use super::tally::Tally;
use crate::formats::body::Body;
use crate::formats::route;
use crate::kind;
use crate::unit::conversion;
use crate::{Entry, EntryKind};

const WORKOUT: Known = Known {
    attributes: &[
        "workoutActivityType",
        "duration",
        "durationUnit",
        "totalDistance",
        "totalDistanceUnit",
        "totalEnergyBurned",
        "totalEnergyBurnedUnit",
    ],
    is_sourced: true,
    children: &[
        "MetadataEntry",
        "WorkoutEvent",
        "WorkoutStatistics",
        "WorkoutActivity",
        "WorkoutRoute",
        "FileReference",
    ],
};

const ROUTE: Known = Known { attributes: &[], is_sourced: true, children: &["MetadataEntry", "FileReference"] };

const FILE: Known = Known { attributes: &["path"], is_sourced: false, children: &[] };

const LEG: Known = Known {
    attributes: &["uuid", "startDate", "endDate", "duration", "durationUnit"],
    is_sourced: false,
    children: &["MetadataEntry", "WorkoutEvent", "WorkoutStatistics"],
};

const EVENT: Known = Known {
    attributes: &["type", "date", "duration", "durationUnit"],
    is_sourced: false,
    children: &["MetadataEntry"],
};

const STATISTIC: Known = Known {
    attributes: &["type", "startDate", "endDate", "sum", "average", "minimum", "maximum", "unit"],
    is_sourced: false,
    children: &[],
};

const DURATION: (&str, &str, &str) = ("duration", "durationUnit", "s");

const TOTALS: [(&str, &str, &str); 3] =
    [DURATION, ("totalDistance", "totalDistanceUnit", "m"), ("totalEnergyBurned", "totalEnergyBurnedUnit", "kcal")];

/// Finds the entry of a workout, those of its old-style routes, and the files it refers to.
pub(super) fn read(node: &Node, tally: &mut Tally, found: &mut Found) {
    let activity = node.get("workoutActivityType").unwrap_or_default();
    let times = node.stamp("startDate").zip(node.stamp("endDate")).filter(|(start, end)| start <= end);
    let Some((start, end)) = times else {
        entries::reject(if node.is_bad() { "bad_shape" } else { "bad_time" }, node, tally);
        return keep_routes(node, tally, found);
    };
    let mut body = Body::default();
    body.set("activity", activity);
    body.number("duration_s", duration(node));
    body.number("distance_m", distance(node));
    body.number("energy_kcal", energy(node));
    node.keep_unreadable(&mut body, &["duration", "totalDistance", "totalEnergyBurned"], &["creationDate"], tally);
    node.keep_printed(&mut body, &TOTALS, tally);
    node.keep_unknown(&mut body, &WORKOUT, tally);
    for route in node.all("WorkoutRoute") {
        route.count_unknown(&ROUTE, tally);
        route.all("FileReference").for_each(|file| file.count_unknown(&FILE, tally));
    }
    details(&mut body, node, tally);
    body.set("activities", node.all("WorkoutActivity").map(|node| leg(node, tally)).collect::<Vec<_>>());
    let paths: Vec<Json> = routes(node).filter_map(|(_, path)| path).map(Json::from).collect();
    body.set("routes", paths);
    // The file of a route may be missing, and then nothing else remembers these.
    body.set("route_details", node.all("WorkoutRoute").filter_map(route_details).collect::<Vec<_>>());
    provenance(&mut body, node);

    let mut link = Body::default();
    link.set("activity", activity);
    link.instant("start", Some(start));
    link.instant("end", Some(end));
    let link = link.json();
    found.entries.push(Entry {
        kind: EntryKind::Workout,
        identity: activity.to_owned(),
        source: source(node),
        start_ms: Some(start),
        end_ms: Some(end),
        body: body.text(),
        payload: None,
        members: None,
    });
    read_routes(node, &link, tally, found);
}

/// Finds the routes of a workout that was refused, which know their own times, and counts what is lost of them.
pub(super) fn keep_routes(node: &Node, tally: &mut Tally, found: &mut Found) {
    node.all("WorkoutRoute").for_each(|route| route.count_lost(tally));
    read_routes(node, &Json::Null, tally, found);
}

fn read_routes(node: &Node, workout: &Json, tally: &mut Tally, found: &mut Found) {
    for (route, path) in routes(node) {
        let Some(path) = path.filter(|_| admits(route, tally)) else { continue };
        if !found.refer(Reference::route(path, source(route), route_body(route, workout)), tally) {
            break;
        }
    }
    let drawn = node.all("WorkoutRoute").filter(|route| !route.points.is_empty());
    let drawn = drawn.filter(|route| admits(route, tally));
    found.entries.extend(drawn.map(|route| location_route(route, workout)));
}

/// Whether there is room for who wrote a route; without it the route is refused.
fn admits(route: &Node, tally: &mut Tally) -> bool {
    let room = tally.admits(&source(route));
    if !room {
        tally.reject("too_many_sources", Some(EntryKind::Route.as_str()), &route.raw);
    }
    room
}

fn routes(node: &Node) -> impl Iterator<Item = (&Node, Option<&str>)> {
    // In hand-made files a reference stands in the workout itself.
    let own = node.all("FileReference").map(move |file| (node, file.get("path")));
    own.chain(
        node.all("WorkoutRoute").flat_map(|route| route.all("FileReference").map(move |f| (route, f.get("path")))),
    )
}

fn route_body(route: &Node, workout: &Json) -> Body {
    let mut body = Body::default();
    body.set("workout", workout.clone());
    if route.name == "WorkoutRoute" {
        body.set("metadata", route.metadata());
        body.set("unknown", route.unknown(&ROUTE));
        provenance(&mut body, route);
    }
    body
}

/// What a route says about itself besides its file; none where it has its points with it or says nothing.
fn route_details(route: &Node) -> Option<Json> {
    let paths: Vec<Json> = route.all("FileReference").filter_map(|file| file.get("path")).map(Json::from).collect();
    let mut body = Body::default();
    body.instant("start", route.stamp("startDate"));
    body.instant("end", route.stamp("endDate"));
    body.set("source", route.get("sourceName"));
    body.set("metadata", route.metadata());
    body.set("unknown", route.unknown(&ROUTE));
    provenance(&mut body, route);
    if !route.points.is_empty() || body.is_empty() {
        return None;
    }
    body.set("paths", paths);
    Some(body.json())
}

fn location_route(route: &Node, workout: &Json) -> Entry {
    let mut body = route_body(route, workout);
    body.set("points", route.points.len());
    let times = || route.points.iter().filter_map(|point| point.time_ms);
    Entry {
        kind: EntryKind::Route,
        identity: "location".to_owned(),
        source: source(route),
        start_ms: route.stamp("startDate").or_else(|| times().min()),
        end_ms: route.stamp("endDate").or_else(|| times().max()),
        body: body.text(),
        payload: Some(route::pack(&route.points)),
        members: None,
    }
}

/// What a workout and its legs have in common.
fn details(body: &mut Body, node: &Node, tally: &mut Tally) {
    body.set("statistics", unique(node.all("WorkoutStatistics").map(|node| statistic(node, tally))));
    body.set("events", unique(node.all("WorkoutEvent").map(|node| event(node, tally))));
    body.set("metadata", node.metadata());
}

fn unique(list: impl Iterator<Item = Json>) -> Vec<Json> {
    // Adjacent doubles only: a whole list printed twice is cut in half below.
    let list: Vec<Json> = list.collect();
    let (first, second) = list.split_at(list.len() / 2);
    if !first.is_empty() && first == second { first.to_vec() } else { list }
}

fn leg(node: &Node, tally: &mut Tally) -> Json {
    let mut body = Body::default();
    body.set("uuid", node.get("uuid"));
    body.instant("start", node.stamp("startDate"));
    body.instant("end", node.stamp("endDate"));
    body.number("duration_s", duration(node));
    node.keep_unreadable(&mut body, &["duration"], &["startDate", "endDate"], tally);
    node.keep_printed(&mut body, &[DURATION], tally);
    node.keep_unknown(&mut body, &LEG, tally);
    details(&mut body, node, tally);
    body.json()
}

const FIGURES: [&str; 4] = ["sum", "average", "minimum", "maximum"];

fn statistic(node: &Node, tally: &mut Tally) -> Json {
    let kind = node.get("type").unwrap_or_default();
    let known = kind::get(kind);
    let printed = node.get("unit");
    let found = known.zip(printed).and_then(|(known, unit)| Some((conversion(unit, &known.unit)?, &known.unit)));
    let mut body = Body::default();
    body.set("type", kind);
    body.set("unit", found.map(|(_, unit)| unit.as_str()).or(printed));
    body.instant("start", node.stamp("startDate"));
    body.instant("end", node.stamp("endDate"));
    node.keep_unreadable(&mut body, &FIGURES, &["startDate", "endDate"], tally);
    node.keep_unknown(&mut body, &STATISTIC, tally);
    for key in FIGURES {
        let value = node.number(key).map(|value| found.map_or(value, |(conversion, _)| conversion.apply(value)));
        body.number(key, value);
    }
    if let Some((_, unit)) = found {
        node.keep_printed(&mut body, &FIGURES.map(|key| (key, "unit", unit.as_str())), tally);
    }
    body.json()
}

fn event(node: &Node, tally: &mut Tally) -> Json {
    let mut body = Body::default();
    node.keep_unreadable(&mut body, &["duration"], &["date"], tally);
    node.keep_printed(&mut body, &[DURATION], tally);
    node.keep_unknown(&mut body, &EVENT, tally);
    body.set("type", node.get("type"));
    body.instant("at", node.stamp("date"));
    body.number("duration_s", duration(node));
    body.set("metadata", node.metadata());
    body.json()
}

/// Excludes pauses, unlike end minus start.
fn duration(node: &Node) -> Option<f64> {
    converted(node.number("duration")?, node.get("durationUnit").unwrap_or("min"), "s")
}

fn converted(value: f64, from: &str, to: &str) -> Option<f64> {
    conversion(from, to).map(|conversion| conversion.apply(value))
}

fn distance(node: &Node) -> Option<f64> {
    total(node, "totalDistance", "m", |kind| kind::short_name(kind).starts_with("Distance"))
}

fn energy(node: &Node) -> Option<f64> {
    // Active energy only: some files have basal energy beside it.
    total(node, "totalEnergyBurned", "kcal", |kind| kind::short_name(kind) == "ActiveEnergyBurned")
}

fn total(node: &Node, attribute: &str, unit: &str, is_it: fn(&str) -> bool) -> Option<f64> {
    let printed = node
        .number(attribute)
        .and_then(|value| converted(value, node.get(&format!("{attribute}Unit")).unwrap_or(unit), unit));
    printed.or_else(|| {
        let mut statistics = node.all("WorkoutStatistics").filter(|s| s.get("type").is_some_and(is_it));
        statistics.find_map(|s| converted(s.number("sum")?, s.get("unit").unwrap_or(unit), unit))
    })
}

/// The hardware of an element's device.
pub(super) fn hardware(node: &Node) -> Option<String> {
    node.get("device").and_then(device::canonical).as_deref().and_then(device::hardware).map(str::to_owned)
}
