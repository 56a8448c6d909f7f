//! Joins shapes of one look that follow each other into one path: a browser paints that many times as fast as an
//! element for each dot of a pattern. Knows what plotters writes; what it does not know it leaves as it is.

use std::fmt::Write;

/// Returns the picture with fewer elements that look the same.
pub(crate) fn fold(body: &str) -> String {
    let mut folded = String::with_capacity(body.len());
    let mut run: Vec<(&str, Shape)> = Vec::new();
    for line in body.split_inclusive('\n') {
        match Shape::read(line.trim_end()) {
            Some(shape) => {
                if run.last().is_some_and(|(_, last)| last.look != shape.look) {
                    write_run(&mut folded, &mut run);
                }
                run.push((line, shape));
            }
            None => {
                write_run(&mut folded, &mut run);
                folded.push_str(line);
            }
        }
    }
    write_run(&mut folded, &mut run);
    folded
}

/// One alone stays the element that it is.
fn write_run(folded: &mut String, run: &mut Vec<(&str, Shape)>) {
    match run.as_slice() {
        [(line, _)] => folded.push_str(line),
        [(_, first), ..] => {
            let look = &first.look;
            // Nothing can go wrong in writing to a string.
            let _ = write!(folded, "<path {look} d=\"");
            run.iter().for_each(|(_, shape)| folded.push_str(&shape.path));
            folded.push_str("\"/>\n");
        }
        [] => {}
    }
    run.clear();
}

/// A shape that may be one of several in a path. Areas all run clockwise, so that where two overlap both are filled.
struct Shape {
    look: String,
    path: String,
}

impl Shape {
    fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.strip_prefix('<')?.strip_suffix("/>")?.split_once(' ')?;
        if rest.contains("opacity") {
            return None;
        }
        let of = |key| attribute(rest, key);
        let number = |key| of(key)?.parse::<i32>().ok();
        let filled = |path| Some(Self { look: format!("fill=\"{}\"", of("fill")?), path });
        match name {
            "circle" if of("stroke")? == "none" => {
                let (x, y, r) = (number("cx")?, number("cy")?, number("r")?);
                filled(format!("M{} {y}a{r} {r} 0 1 1 {} 0a{r} {r} 0 1 1 -{} 0", x - r, 2 * r, 2 * r))
            }
            "rect" if of("stroke")? == "none" => {
                let (x, y, wide, tall) = (number("x")?, number("y")?, number("width")?, number("height")?);
                filled(format!("M{x} {y}h{wide}v{tall}h-{wide}z"))
            }
            "polygon" => {
                let points = points(of("points")?)?;
                if is_clockwise(&points) { filled(path(&points) + "z") } else { None }
            }
            "polyline" if of("fill")? == "none" => {
                let (color, width) = (of("stroke")?, of("stroke-width")?);
                let look = format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"");
                Some(Self { look, path: path(&points(of("points")?)?) })
            }
            _ => None,
        }
    }
}

fn attribute<'a>(rest: &'a str, key: &str) -> Option<&'a str> {
    let mut parts = rest.split('"');
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        if name.trim().strip_suffix('=') == Some(key) {
            return Some(value);
        }
    }
    None
}

fn points(text: &str) -> Option<Vec<(i64, i64)>> {
    let point = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    text.split_whitespace().map(point).collect()
}

fn path(points: &[(i64, i64)]) -> String {
    let mut path = String::new();
    let mut before: Option<(i64, i64)> = None;
    for &(x, y) in points {
        let _ = match before {
            None => write!(path, "M{x} {y}"),
            Some((left, top)) => write!(path, "l{} {}", x - left, y - top),
        };
        before = Some((x, y));
    }
    path
}

/// Whether it has a few corners and turns to the right in each of them, once around.
fn is_clockwise(points: &[(i64, i64)]) -> bool {
    const FEW: usize = 24;
    let n = points.len();
    let step = |i: usize| (points[(i + 1) % n].0 - points[i % n].0, points[(i + 1) % n].1 - points[i % n].1);
    let turn = |i: usize| {
        let ((ax, ay), (bx, by)) = (step(i), step(i + 1));
        ax * by - ay * bx
    };
    let area: i64 = (0..n).map(|i| points[i].0 * points[(i + 1) % n].1 - points[i].1 * points[(i + 1) % n].0).sum();
    // A star turns to the right as well, but goes sideways more than twice.
    let sides = (0..n).filter(|&i| (step(i).0 >= 0) != (step(i + 1).0 >= 0)).count();
    (3..=FEW).contains(&n) && area > 0 && sides <= 2 && (0..n).all(|i| turn(i) >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        assert_eq!(fold(body), expected);
    }

    #[test]
    fn shapes_of_one_look_are_one_path() {
        let dot = |x: i32| {
            format!("<circle cx=\"{x}\" cy=\"20\" r=\"3\" fill=\"#FFFFFF\" stroke=\"none\" stroke-width=\"1\"/>\n")
        };
        check(
            &(dot(10) + &dot(30)),
            "<path fill=\"#FFFFFF\" d=\"M7 20a3 3 0 1 1 6 0a3 3 0 1 1 -6 0M27 20a3 3 0 1 1 6 0a3 3 0 1 1 -6 0\"/>\n",
        );
        let line = "<polyline fill=\"none\" stroke=\"#112233\" stroke-width=\"8\" points=\"1,2 3,5 \"/>\n";
        check(&line.repeat(2), "<path fill=\"none\" stroke=\"#112233\" stroke-width=\"8\" d=\"M1 2l2 3M1 2l2 3\"/>\n");
        let box_ = "<rect x=\"1\" y=\"2\" width=\"30\" height=\"40\" fill=\"#112233\" stroke=\"none\"/>\n";
        let polygon = "<polygon fill=\"#112233\" points=\"0,0 10,0 10,10 0,10 \"/>\n";
        check(&format!("{box_}{polygon}"), "<path fill=\"#112233\" d=\"M1 2h30v40h-30zM0 0l10 0l0 10l-10 0z\"/>\n");
    }

    #[test]
    fn what_stands_alone_looks_different_or_is_unknown_stays() {
        for body in [
            "<circle cx=\"10\" cy=\"20\" r=\"3\" fill=\"#FFFFFF\" stroke=\"none\" stroke-width=\"1\"/>\n",
            "<polygon fill=\"#112233\" points=\"0,0 10,0 10,10 \"/>\n<polygon fill=\"#445566\" points=\"0,0 10,0 10,10 \"/>\n",
            "<text x=\"1\" y=\"2\">\n12\n</text>\n<text x=\"1\" y=\"2\">\n12\n</text>\n",
            "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" fill=\"none\" stroke=\"#112233\"/>\n\
             <rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" fill=\"none\" stroke=\"#112233\"/>\n",
            // Half transparent ones are darker where they overlap.
            "<polygon opacity=\"0.5\" fill=\"#112233\" points=\"0,0 10,0 10,10 \"/>\n\
             <polygon opacity=\"0.5\" fill=\"#112233\" points=\"0,0 10,0 10,10 \"/>\n",
            // The other way round two of them would cancel out.
            "<polygon fill=\"#112233\" points=\"0,0 10,10 10,0 \"/>\n<polygon fill=\"#112233\" points=\"0,0 10,10 10,0 \"/>\n",
            "",
        ] {
            check(body, body);
        }
    }

    #[test]
    fn only_what_turns_right_once_around_is_clockwise() {
        let check = |points: &[(i64, i64)], expected| assert_eq!(is_clockwise(points), expected, "{points:?}");
        check(&[(0, 0), (10, 0), (10, 10), (0, 10)], true);
        check(&[(0, 10), (10, 10), (10, 0), (0, 0)], false);
        check(&[(0, 0), (10, 0), (5, 5), (10, 10), (0, 10)], false);
        // A star with five corners turns to the right in each.
        check(&[(50, 0), (79, 90), (2, 35), (98, 35), (21, 90)], false);
        check(&[(0, 0), (10, 0)], false);
    }
}
