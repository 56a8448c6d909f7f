//! Small trees for what is not a record: workouts, correlations and so on. They are rare, so plain strings will do.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::attributes::Attributes;
use super::builder::{number, text};
use super::tally::Tally;
use crate::formats::route::Point;
use crate::time::parse_stamp;

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
    bad_shape: bool,
}

impl Node {
    fn read(name: &str, tag: &str, keep_raw: bool, tally: &mut Tally) -> Self {
        let mut node = Self { name: name.to_owned(), ..Self::default() };
        for (i, pair) in Attributes::new(tag).enumerate() {
            let Some((name, value)) = pair.ok().filter(|_| i < tally.limits.attributes) else {
                node.bad_shape = true;
                break;
            };
            if node.fields.contains_key(name) {
                tally.count("duplicate_attribute", Some(name));
            } else {
                let value = text(value, tally).into_owned();
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
        self.get(name).and_then(number)
    }

    /// An attribute as an instant.
    pub(super) fn stamp(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(parse_stamp)
    }

    /// The children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The metadata as a set: workouts print it twice.
    pub(super) fn metadata(&self) -> Json {
        let mut map = Map::new();
        for entry in self.all("MetadataEntry") {
            if let Some(key) = entry.get("key") {
                let value = entry.fields.get("value").cloned().unwrap_or_default();
                map.entry(key.to_owned()).or_insert(Json::from(value));
            }
        }
        Json::Object(map)
    }

    /// Counts children that nobody asks for.
    pub(super) fn expect_children(&self, known: &[&str], tally: &mut Tally) {
        for child in self.children.iter().filter(|child| !known.contains(&child.name.as_str())) {
            tally.count("unknown_element", Some(&child.name));
        }
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
            parent.points.extend(point);
        } else if !node.name.is_empty() {
            parent.children.push(node);
        }
        None
    }

    /// The first element's name and attributes, for the report of a cut file.
    pub(super) fn first(&self) -> Option<&Node> {
        self.stack.first()
    }
}

fn location(node: &Node) -> Option<Point> {
    Some(Point {
        lat: node.number("latitude")?,
        lon: node.number("longitude")?,
        ele: node.number("altitude"),
        time_ms: node.stamp("date"),
        speed: node.number("speed"),
        course: node.number("course"),
        h_acc: node.number("horizontalAccuracy"),
        v_acc: node.number("verticalAccuracy"),
    })
}
