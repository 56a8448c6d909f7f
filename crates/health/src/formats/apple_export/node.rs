//! Small trees for what is not a record: workouts, correlations and so on. They are rare, so plain strings will do.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::attributes::{Attributes, unescape};
use super::builder::{number, text};
use super::limits::MAX_VALUE;
use super::tally::Tally;
use crate::formats::body::Body;
use crate::formats::route::Point;
use crate::kind;
use crate::time::parse_stamp;
use crate::unit::conversion;

/// An element with its attributes unescaped.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    /// The attributes as they stand, kept for nested records and for the report of rejects.
    pub(super) raw: String,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) children: Vec<Node>,
    /// The `Location` children of old exports.
    pub(super) points: Vec<Point>,
    /// How much of these could not be read.
    pub(super) bad_points: usize,
    bad_shape: bool,
}

impl Node {
    fn read(name: &str, tag: &str, keep_raw: bool, tally: &mut Tally) -> Self {
        let mut node = Self { name: name.to_owned(), ..Self::default() };
        // It is read once more, from its text, and tells its damage then.
        let is_record = name == "Record";
        for (i, pair) in Attributes::new(tag).enumerate() {
            let Some((name, value)) = pair.ok().filter(|_| i < tally.limits.attributes) else {
                node.bad_shape = true;
                break;
            };
            if node.fields.contains_key(name) {
                tally.count("duplicate_attribute", Some(name));
            } else {
                let value = if is_record { unescape(value).0 } else { text(value, tally) }.into_owned();
                node.fields.insert(name.to_owned(), value);
            }
        }
        if node.bad_shape && !keep_raw {
            tally.count("bad_shape", None);
        }
        if keep_raw {
            node.raw = tag.to_owned();
        }
        node
    }

    /// Whether the attributes could not be read.
    pub(super) fn is_bad(&self) -> bool {
        self.bad_shape
    }

    /// An attribute, if it is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An attribute as a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(number).filter(|number| number.abs() <= MAX_VALUE)
    }

    /// An attribute as an instant.
    pub(super) fn stamp(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(parse_stamp)
    }

    /// The children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The records inside, however deep, in their order.
    pub(super) fn records(&self) -> Vec<&Node> {
        let own = |child: &'_ Node| child.name == "Record";
        let mut records = Vec::new();
        for child in &self.children {
            records.extend(Some(child).filter(|child| own(child)));
            records.extend(child.records());
        }
        records
    }

    /// The metadata as a set: workouts print it twice. Of two values of a key the first wins.
    pub(super) fn metadata(&self) -> Json {
        let mut map = Map::new();
        for entry in self.all("MetadataEntry") {
            if let Some(key) = entry.get("key") {
                map.entry(key.to_owned()).or_insert(Json::from(entry.metadata_value()));
            }
        }
        Json::Object(map)
    }

    fn metadata_value(&self) -> &str {
        self.fields.get("value").map_or("", String::as_str)
    }

    /// Counts what is lost of an element besides what whoever reads it counts: metadata without a key, with a second
    /// value for one or with more than these, and places of old routes. Nested records are read on their own.
    pub(super) fn count_lost(&self, tally: &mut Tally) {
        let mut first = BTreeMap::new();
        for entry in self.all("MetadataEntry") {
            let value = entry.metadata_value();
            entry.count_unknown(&Known { attributes: &["key", "value"], ..Known::default() }, tally);
            match entry.get("key") {
                None => tally.count("bad_part", Some(&entry.name)),
                Some(key) if *first.entry(key).or_insert(value) != value => {
                    tally.count("duplicate_metadata", Some(key));
                }
                Some(_) => {}
            }
        }
        let position = tally.position;
        tally.add("bad_part", Some("Location"), self.bad_points as u64, Some(position));
        self.children.iter().filter(|child| child.name != "Record").for_each(|child| child.count_lost(tally));
    }

    /// Counts numbers and instants that are there and cannot be read, and keeps them as text.
    pub(super) fn keep_unreadable(&self, body: &mut Body, numbers: &[&str], stamps: &[&str], tally: &mut Tally) {
        let bad_numbers = numbers.iter().filter(|name| self.number(name).is_none());
        let bad_stamps = stamps.iter().filter(|name| self.stamp(name).is_none());
        let mut kept = Body::default();
        for (name, text) in bad_numbers.chain(bad_stamps).filter_map(|name| Some((name, self.get(name)?))) {
            tally.count("bad_part", Some(&self.name));
            kept.set(&kind::slug(name), text);
        }
        body.set("unreadable", kept.json());
    }

    /// Counts attributes and children that nobody asks for, and keeps them as they stand.
    pub(super) fn keep_unknown(&self, body: &mut Body, known: &Known, tally: &mut Tally) {
        self.count_unknown(known, tally);
        body.set("unknown", self.unknown(known));
    }

    /// Counts attributes and children that nobody asks for.
    pub(super) fn count_unknown(&self, known: &Known, tally: &mut Tally) {
        self.fields.keys().filter(|name| !known.has(name)).for_each(|n| tally.count("unknown_attribute", Some(n)));
        let children = self.children.iter().filter(|child| !known.children.contains(&child.name.as_str()));
        children.for_each(|child| tally.count("unknown_element", Some(&child.name)));
    }

    /// Attributes by their name and children by theirs, as far as nobody asks for them.
    pub(super) fn unknown(&self, known: &Known) -> Json {
        let mut attributes = Body::default();
        for (name, text) in self.fields.iter().filter(|(name, _)| !known.has(name)) {
            attributes.set(name, text.as_str());
        }
        let mut elements = BTreeMap::<_, Vec<Json>>::new();
        for child in self.children.iter().filter(|child| !known.children.contains(&child.name.as_str())) {
            elements.entry(child.name.as_str()).or_default().push(child.unknown(&Known::default()));
        }
        let mut children = Body::default();
        elements.into_iter().for_each(|(name, list)| children.set(name, list));
        let mut unknown = Body::default();
        unknown.set("attributes", attributes.json());
        unknown.set("elements", children.json());
        unknown.json()
    }

    /// Counts units that nobody knows, and keeps numbers as they were printed where ours differ: in `numbers` each with
    /// the attribute of its unit, and the unit in which we keep it.
    pub(super) fn keep_printed(&self, body: &mut Body, numbers: &[(&str, &str, &str)], tally: &mut Tally) {
        let mut printed = Body::default();
        for (name, unit_name, ours) in numbers {
            let (Some(value), Some(unit)) = (self.number(name), self.get(unit_name)) else { continue };
            let converted = conversion(unit, ours).map(|conversion| conversion.apply(value));
            if converted.is_none() {
                tally.count("unknown_unit", Some(&self.name));
            }
            // Apple prints all lengths of time in minutes, and sixty times a number is not another one.
            if converted != Some(value) && (unit, *ours) != ("min", "s") {
                printed.set(name, self.get(name));
                printed.set(unit_name, unit);
            }
        }
        body.set("printed", printed.json());
    }
}

/// What somebody asks for of an element; the default is nothing.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Known {
    /// Attributes besides those that `is_sourced` says.
    pub(super) attributes: &'static [&'static str],
    /// Whether it says who wrote it and when.
    pub(super) is_sourced: bool,
    /// Elements inside.
    pub(super) children: &'static [&'static str],
}

impl Known {
    fn has(&self, name: &str) -> bool {
        const SOURCED: [&str; 6] = ["sourceName", "sourceVersion", "device", "creationDate", "startDate", "endDate"];
        self.attributes.contains(&name) || self.is_sourced && SOURCED.contains(&name)
    }
}

/// Builds one tree from events.
#[derive(Debug)]
pub(super) struct Tree {
    stack: Vec<Node>,
    nodes: usize,
    bytes: usize,
    points: usize,
}

/// What an element and the JSON made of it take in memory, about: short attributes cost far more than their letters.
fn memory_of(tag: &str) -> usize {
    const NODE: usize = 100;
    const ATTRIBUTE: usize = 120;
    NODE + 2 * tag.len() + ATTRIBUTE * memchr::memchr_iter(b'=', tag.as_bytes()).count()
}

impl Tree {
    /// Starts with an element below the root.
    pub(super) fn new(name: &str, tag: &str, tally: &mut Tally) -> Self {
        Self { stack: vec![Node::read(name, tag, true, tally)], nodes: 0, bytes: 0, points: 0 }
    }

    /// An element begins.
    pub(super) fn open(&mut self, name: &str, tag: &str, tally: &mut Tally) {
        // A long walk has tens of thousands of places: they become points, not nodes.
        let is_place = name == "Location";
        let (weight, limits) = (if is_place { 0 } else { memory_of(tag) }, &tally.limits);
        let full = if is_place {
            self.points >= limits.points
        } else {
            self.nodes >= limits.nodes || self.bytes + weight > limits.entry_bytes
        };
        if full {
            tally.count("too_many_children", None);
            return self.stack.push(Node::default());
        }
        self.nodes += usize::from(!is_place);
        self.bytes += weight;
        self.stack.push(Node::read(name, tag, name == "Record", tally));
    }

    /// An element ends; gives the tree once it is the first one.
    pub(super) fn close(&mut self) -> Option<Node> {
        let node = self.stack.pop()?;
        let Some(parent) = self.stack.last_mut() else { return Some(node) };
        if node.name == "Location" {
            let point = location(&node);
            self.points += usize::from(point.is_some());
            parent.bad_points += usize::from(point.is_none()) + unreadable(&node);
            parent.points.extend(point);
        } else if !node.name.is_empty() {
            parent.children.push(node);
        }
        None
    }

    /// The tree as far as it came, of a cut file.
    pub(super) fn cut(mut self) -> Option<Node> {
        (0..self.stack.len()).find_map(|_| self.close())
    }

    /// The first element's name and attributes.
    pub(super) fn first(&self) -> Option<&Node> {
        self.stack.first()
    }
}

/// Numbers of a `Location` besides its place.
const NUMBERS: [&str; 5] = ["altitude", "speed", "course", "horizontalAccuracy", "verticalAccuracy"];

fn location(node: &Node) -> Option<Point> {
    let [ele, speed, course, h_acc, v_acc] = NUMBERS.map(|name| node.number(name));
    let place = Point::at(node.number("latitude")?, node.number("longitude")?)?;
    Some(Point { ele, time_ms: node.stamp("date"), speed, course, h_acc, v_acc, ..place })
}

fn unreadable(node: &Node) -> usize {
    let numbers = NUMBERS.iter().filter(|name| node.get(name).is_some() && node.number(name).is_none());
    numbers.count() + usize::from(node.get("date").is_some() && node.stamp("date").is_none())
}
