//! Where everything goes: margins, panels, and the way from values to pixels.

use super::pen::{Area, At, FONT_SIZE, Pen};
use super::room::{self, Room};
use crate::layer::{Key, Layer, Sign};
use crate::model::{Axis, AxisKind, Model, Point};
use crate::svg::{Scale, Size};

/// Space around the plots in shown pixels: least at the left, top, right.
const MARGINS: (f64, f64, f64) = (36.0, 10.0, 14.0);
/// A line of words above a plot: its unit, keys.
pub(super) const HEADER: f64 = 18.0;
/// Between a label and its axis.
pub(super) const LABEL_GAP: f64 = 8.0;
/// Width of a key's sign with the space behind it.
pub(super) const SIGN: f64 = 16.0;
/// Between two keys.
const KEY_GAP: f64 = 14.0;

/// A panel of a model, the first one too.
pub(super) struct View<'m> {
    pub x: &'m Axis,
    pub y: &'m Axis,
    pub layers: &'m [Layer],
    share: f64,
}

/// A panel in its place.
pub(super) struct Frame<'m> {
    pub panel: View<'m>,
    pub scale: Scale,
    pub area: Area,
    /// What was left out to have room.
    pub room: Room,
    /// Whether no panel follows.
    pub is_last: bool,
    /// Whether its x axis has labels.
    pub has_labels: bool,
    /// What it might have taken, before it was made square.
    whole: Area,
}

/// The whole picture.
pub(super) struct Layout<'m> {
    pub frames: Vec<Frame<'m>>,
    /// Where each key begins: its left edge and the middle of its line.
    pub keys: Vec<(&'m Key, At)>,
}

impl Frame<'_> {
    /// The pixel of a value on the x axis, at the edge for values outside; none for what is no number.
    pub fn x(&self, value: f64) -> Option<f64> {
        place(value, (self.scale.x0, self.scale.x1), (self.area.left, self.area.right))
    }

    /// The pixel of a value on the y axis.
    pub fn y(&self, value: f64) -> Option<f64> {
        place(value, (self.scale.y0, self.scale.y1), (self.area.bottom, self.area.top))
    }

    /// The pixel of a point.
    pub fn at(&self, point: Point) -> Option<At> {
        Some((self.x(point.0)?, self.y(point.1)?))
    }

    /// The pixels of a box, whichever way round its ends are.
    pub fn area_of(&self, x: (f64, f64), y: (f64, f64)) -> Option<Area> {
        let (x0, x1, y0, y1) = (self.x(x.0)?, self.x(x.1)?, self.y(y.0)?, self.y(y.1)?);
        Some(Area { left: x0.min(x1), right: x0.max(x1), top: y0.min(y1), bottom: y0.max(y1) })
    }
}

fn place(value: f64, values: (f64, f64), pixels: (f64, f64)) -> Option<f64> {
    let share = (value - values.0) / (values.1 - values.0);
    share.is_finite().then(|| pixels.0 + share.clamp(0.0, 1.0) * (pixels.1 - pixels.0))
}

/// Finds room for keys, labels and panels, and leaves out what has none.
pub(super) fn layout<'m>(pen: &Pen, model: &'m Model, size: Size) -> Layout<'m> {
    let all = Room::ALL.into_iter().map(|room| layout_in(pen, model, size, room));
    let mut last = Layout { frames: Vec::new(), keys: Vec::new() };
    for layout in all {
        last = layout;
        if is_enough(&last, model) {
            break;
        }
    }
    last
}

/// Whether the first plot is high enough; the others have their share of it.
fn is_enough(layout: &Layout, model: &Model) -> bool {
    let Some(first) = layout.frames.first() else { return true };
    let across = first.whole.width() * ((model.y.to - model.y.from) / (model.x.to - model.x.from)).abs();
    let across = model.square.then_some(across).filter(|across| across.is_finite());
    let has_rings = model.layers.iter().any(|layer| matches!(layer, Layer::Rings { .. }));
    let weeks = has_rings.then_some((model.y.to - model.y.from).abs());
    let least = room::least(layout.frames.len(), across, weeks);
    first.whole.height() >= least - 0.1
}

fn layout_in<'m>(pen: &Pen, model: &'m Model, size: Size, room: Room) -> Layout<'m> {
    let first = View { x: &model.x, y: &model.y, layers: &model.layers, share: 1.0 };
    let below = model.panels.iter().map(|p| View { x: &p.x, y: &p.y, layers: &p.layers, share: p.share });
    let views: Vec<View> = std::iter::once(first).chain(below).collect();
    let left = left_margin(pen, &views);
    let right = f64::from(size.width) - MARGINS.2;
    let unit = views.first().map_or(0.0, |view| pen.width(&view.y.label, FONT_SIZE));
    let beside = if unit > 0.0 { unit + KEY_GAP } else { 2.0 };
    let (keys, key_lines) = place_keys(pen, &model.keys, (beside, right), room);
    let header = if unit > 0.0 { key_lines.max(1) } else { key_lines };
    let top = MARGINS.1 + room.line() * header as f64;
    let tall = (f64::from(size.height) - top - 4.0 - space_below(&views, room)).max(8.0);
    let shares: f64 = views.iter().map(|view| view.share.max(0.01)).sum();
    let (mut frames, count) = (Vec::with_capacity(views.len()), views.len());
    let mut from = top;
    for (i, view) in views.into_iter().enumerate() {
        from += if i > 0 { room.panel_gap() + heading(&view) } else { 0.0 };
        let height = (tall * view.share.max(0.01) / shares).max(4.0);
        let area = Area { left, top: from, right, bottom: from + height };
        let is_last = i + 1 == count;
        from += height + labels_below(&view, room, is_last);
        frames.push(Frame { room, is_last, has_labels: room.has_labels(is_last), ..frame(view, area, model.square) });
    }
    Layout { frames, keys }
}

/// What panels need besides their plots.
fn space_below(views: &[View], room: Room) -> f64 {
    let gaps: f64 = views.iter().skip(1).map(|view| room.panel_gap() + heading(view)).sum();
    let labels = views.iter().enumerate().map(|(i, view)| labels_below(view, room, i + 1 == views.len()));
    gaps + labels.sum::<f64>()
}

fn heading(view: &View) -> f64 {
    if view.y.label.is_empty() { 0.0 } else { HEADER }
}

fn labels_below(view: &View, room: Room, is_last: bool) -> f64 {
    if view.layers.iter().any(|layer| matches!(layer, Layer::ScaleBar { .. })) {
        return HEADER;
    }
    if !room.has_labels(is_last) {
        return 0.0;
    }
    let has_ticks = view.x.kind != AxisKind::Hidden && view.x.ticks.iter().any(|tick| !tick.label.is_empty());
    let is_beside = room.is_close() && has_ticks;
    let title = if view.x.label.is_empty() || is_beside { 0.0 } else { HEADER - 4.0 };
    if has_ticks { room.labels() + title } else { title }
}

/// As wide as the widest label of a y axis, so that no label is clipped.
fn left_margin(pen: &Pen, views: &[View]) -> f64 {
    if views.iter().all(|view| view.y.kind == AxisKind::Hidden) {
        return MARGINS.2;
    }
    let labels = views.iter().filter(|view| view.y.kind != AxisKind::Hidden).flat_map(|view| &view.y.ticks);
    let widest = labels.map(|tick| pen.width(&tick.label, FONT_SIZE)).fold(0.0, f64::max);
    (widest + LABEL_GAP + 4.0).clamp(MARGINS.0, 120.0)
}

/// Lines of keys, flush right; returns where each begins and how many lines there are.
fn place_keys<'m>(pen: &Pen, keys: &'m [Key], (left, right): (f64, f64), room: Room) -> (Vec<(&'m Key, At)>, usize) {
    let wide = |key: &Key| pen.width(&key.label, FONT_SIZE) + if key.sign == Sign::None { 0.0 } else { SIGN };
    // The first line shares its height with the unit of the axis, the others have the whole width.
    let mut lines: Vec<Vec<(&Key, f64)>> = vec![Vec::new()];
    let mut free = right - left;
    let kept = keys.iter().filter(|key| room.keeps(key)).map(|key| (key, wide(key)));
    // What is wider than the picture would be clipped; the summary says it too.
    for (key, width) in kept.filter(|(_, width)| *width <= right - 2.0) {
        match lines.last_mut() {
            Some(line) if width <= free => line.push((key, width)),
            _ => {
                lines.push(vec![(key, width)]);
                free = right - 2.0;
            }
        }
        free -= width + KEY_GAP;
    }
    lines.truncate(room.key_lines());
    let mut places = Vec::with_capacity(keys.len());
    for (i, line) in lines.iter().enumerate() {
        let length = line.iter().map(|(_, width)| width).sum::<f64>() + KEY_GAP * (line.len().saturating_sub(1)) as f64;
        let mut x = (right - length).max(2.0);
        for (key, width) in line {
            places.push((*key, (x, MARGINS.1 + room.line() * i as f64)));
            x += width + KEY_GAP;
        }
    }
    (places, if keys.is_empty() { 0 } else { lines.len() })
}

fn frame(panel: View, area: Area, square: bool) -> Frame {
    let whole = area;
    let area = if square { squared(&whole, panel.x, panel.y) } else { whole };
    let scale = Scale {
        x0: panel.x.from,
        x1: panel.x.to,
        y0: panel.y.from,
        y1: panel.y.to,
        left: area.left,
        top: area.top,
        right: area.right,
        bottom: area.bottom,
    };
    Frame { panel, scale, area, room: Room::Ample, is_last: true, has_labels: true, whole }
}

/// The largest area in the middle of another in which both axes have the same length of a unit.
fn squared(area: &Area, x: &Axis, y: &Axis) -> Area {
    let (wide, tall) = ((x.to - x.from).abs(), (y.to - y.from).abs());
    let unit = (area.width() / wide).min(area.height() / tall);
    if !unit.is_finite() || unit <= 0.0 {
        return *area;
    }
    let (rest_x, rest_y) = ((area.width() - wide * unit) / 2.0, (area.height() - tall * unit) / 2.0);
    Area { left: area.left + rest_x, right: area.right - rest_x, top: area.top + rest_y, bottom: area.bottom - rest_y }
}
