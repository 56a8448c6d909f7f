//! Which of the rows that lie side by side are put together, the surest first.

use std::cmp::Ordering;

use super::{ABSOLUTE, BESIDE_MS, Known, RELATIVE, Stamp, Told, Way};

/// Two that can be one, and how near they are.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// How well their stamps fit, the better the greater.
    rank: u8,
    /// One of them is told by its identifier.
    sure: bool,
    /// They are called the same.
    named: bool,
    difference: f64,
    apart_ms: i64,
    nodes: (usize, usize),
}

impl Pair {
    fn order(&self, other: &Self) -> Ordering {
        (other.rank, other.sure)
            .cmp(&(self.rank, self.sure))
            .then_with(|| (self.apart_ms, other.named).cmp(&(other.apart_ms, self.named)))
            .then_with(|| self.difference.total_cmp(&other.difference))
            .then_with(|| self.nodes.cmp(&other.nodes))
    }
}

/// Puts nodes together as long as two are one; they come in the order of what they tell.
pub(super) fn joined(rows: &[&Told], mut nodes: Vec<Known>) -> Vec<Known> {
    let mut pairs = pairs(rows, &nodes);
    pairs.sort_by(Pair::order);
    let mut part_of: Vec<usize> = (0..nodes.len()).collect();
    for pair in pairs {
        let (a, b) = (root(&part_of, pair.nodes.0), root(&part_of, pair.nodes.1));
        if a == b {
            continue;
        }
        // What is one by its identifier stays the one that is joined; else the first.
        let (kept, gone) = if nodes[b].uuid.is_some() { (b, a) } else { (a, b) };
        let fits = fit(rows, &nodes[kept], &nodes[gone]).is_some() && !told_apart(rows, &nodes[kept], &nodes[gone]);
        if fits {
            let other = nodes[gone].clone();
            nodes[kept].join(&other);
            part_of[gone] = kept;
        }
    }
    let stands = |(at, node): (usize, Known)| (part_of.get(at) == Some(&at)).then_some(node);
    nodes.into_iter().enumerate().filter_map(stands).collect()
}

fn root(part_of: &[usize], mut at: usize) -> usize {
    while let Some(of) = part_of.get(at).filter(|of| **of != at) {
        at = *of;
    }
    at
}

/// Every two that can be one. By their values: only near ones are looked at.
fn pairs(rows: &[&Told], nodes: &[Known]) -> Vec<Pair> {
    let value = |at: usize| nodes.get(at).and_then(|node| rows.get(node.value_of)).and_then(|row| row.value);
    let mut by_value: Vec<usize> = (0..nodes.len()).collect();
    by_value.sort_by(|a, b| {
        let (a, b) = (value(*a), value(*b));
        a.is_some().cmp(&b.is_some()).then_with(|| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)))
    });
    let mut found = Vec::new();
    for (place, one) in by_value.iter().enumerate() {
        for other in by_value.get(place + 1..).unwrap_or_default() {
            if let (Some(a), Some(b)) = (value(*one), value(*other))
                && near(a, b).is_none()
            {
                break;
            }
            let (a, b) = ((*one).min(*other), (*one).max(*other));
            if let (Some(first), Some(second)) = (nodes.get(a), nodes.get(b))
                && !told_apart(rows, first, second)
                && let Some(pair) = fit(rows, first, second)
            {
                found.push(Pair { nodes: (a, b), ..pair });
            }
        }
    }
    found
}

/// Whether what tells them says that they are two: two rows of a file, two instants of one delivery, two identifiers.
fn told_apart(rows: &[&Told], a: &Known, b: &Known) -> bool {
    let apart = |one: &usize, other: &usize| match (rows.get(*one), rows.get(*other)) {
        (Some(x), Some(y)) if x.uuid.is_none() || y.uuid.is_none() => match (x.way, y.way) {
            (Way::File, Way::File) => true,
            (Way::Feed { feed, deliveries }, Way::Feed { feed: of, deliveries: (first, last) }) => {
                let at_once = deliveries.0 == first || deliveries.1 == last;
                one == other || (feed == of && at_once && (x.is_instant() || y.is_instant()))
            }
            _ => false,
        },
        _ => false,
    };
    (a.uuid.is_some() && b.uuid.is_some()) || a.rows.iter().any(|one| b.rows.iter().any(|other| apart(one, other)))
}

/// How well two fit, or none where they are two.
fn fit(rows: &[&Told], a: &Known, b: &Known) -> Option<Pair> {
    let (x, y) = (rows.get(a.value_of)?, rows.get(b.value_of)?);
    if (x.exactly, x.category, x.left_out) != (y.exactly, y.category, y.left_out) {
        return None;
    }
    if a.perhaps.zip(b.perhaps).is_some_and(|(one, other)| one != other) {
        return None;
    }
    let start = stamps(a.start, b.start)?;
    let end = match (a.end, b.end) {
        (Some(one), Some(other)) => stamps(one, other)?,
        _ => 0,
    };
    let difference = match (x.value, y.value) {
        (Some(one), Some(other)) if x.category => (one == other).then_some(0.0)?,
        (Some(one), Some(other)) => near(one, other)?,
        (None, None) => 0.0,
        _ => return None,
    };
    if !a.teller.can_be(&b.teller) {
        return None;
    }
    Some(Pair {
        rank: start * 3 + end,
        sure: a.uuid.is_some() || b.uuid.is_some(),
        named: a.teller.shares_a_name(&b.teller),
        difference,
        apart_ms: (a.start.ms - b.start.ms).abs(),
        nodes: (0, 0),
    })
}

/// How well two stamps fit: 2, or 1 where one was rounded into the next second; none where they are two moments.
pub(super) fn stamps(a: Stamp, b: Stamp) -> Option<u8> {
    let (whole, fine) = match (a.fine, b.fine) {
        _ if a.ms == b.ms => return Some(2),
        (true, true) => return ((a.ms - b.ms).abs() <= BESIDE_MS).then_some(2),
        (false, false) => return None,
        (false, true) => (a.ms, b.ms),
        (true, false) => (b.ms, a.ms),
    };
    let second = fine.div_euclid(1000) * 1000;
    let rest = fine - second;
    match whole - second {
        0 => Some(2),
        // An exact second belongs to its own second only.
        _ if rest == 0 => None,
        1000 if rest >= 1000 - BESIDE_MS => Some(1),
        -1000 if rest <= BESIDE_MS => Some(1),
        _ => None,
    }
}

/// How far apart two values are, or none where they are two.
pub(super) fn near(a: f64, b: f64) -> Option<f64> {
    let difference = (a - b).abs();
    (difference <= ABSOLUTE.max(RELATIVE * a.abs().max(b.abs()))).then_some(difference)
}
