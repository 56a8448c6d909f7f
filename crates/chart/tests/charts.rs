//! Every chart against kept models and pictures, and what holds for all of them. `UPDATE_GOLDEN=1 cargo test -p chart`
//! writes the kept files anew.

mod samples;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chart::layer::Layer;
use chart::sleep::RowDay;
use chart::{
    Drawn, Model, Range, Size, Step, Theme, heart_rate, hypnogram, nights, png, regularity, render, render_headed,
};
use health::language::{Language, speak};
use health::time::Zones;
use resvg::usvg::{self, fontdb};
use samples::{Amount, at, berlin, charts, check_golden, check_inside};
use serde_json::Value;

const INTER: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");
const SIZES: [(u32, u32); 5] = [(0, 0), (240, 140), (360, 200), (1200, 600), (u32::MAX, u32::MAX)];

/// Of long lists only both ends: the picture has the rest.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(things) => {
            if things.len() > 100 {
                let left_out = format!("{} left out", things.len() - 20);
                things.splice(10..things.len() - 10, [Value::String(left_out)]);
            }
            things.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// A line for each thing, so that a difference is easy to see.
fn json(model: &Model) -> String {
    let mut value = serde_json::to_value(model).expect("json");
    shorten(&mut value);
    value.to_string().replace("},{", "},\n{").replace(",\"", ",\n\"") + "\n"
}

fn draw(model: &Model, (width, height): (u32, u32), theme: Theme) -> Drawn {
    render(model, Size::new(width, height), theme).expect("a picture")
}

#[test]
fn every_chart_is_as_it_was() {
    for (name, model) in charts(Amount::All) {
        check_golden(&format!("{name}.json"), &json(&model));
        check_golden(&format!("{name}.svg"), &draw(&model, (520, 240), Theme::Light).svg);
    }
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    for ((name, once), (_, again)) in charts(Amount::All).iter().zip(charts(Amount::All)) {
        for theme in [Theme::Light, Theme::Dark] {
            let (a, b) = (draw(once, (520, 240), theme), draw(&again, (520, 240), theme));
            assert_eq!(a, b, "{name}");
        }
    }
    let (_, model) = charts(Amount::All).swap_remove(9);
    let pixels = || png(&draw(&model, (520, 240), Theme::Dark), 1.0).expect("png");
    assert!(pixels() == pixels());
}

#[test]
fn every_chart_has_a_sentence_and_a_table_even_of_nothing() {
    for amount in [Amount::All, Amount::One, Amount::None] {
        for (name, model) in charts(amount) {
            assert!(model.summary.ends_with('.') && model.summary.len() > 15, "{name}: {}", model.summary);
            // Without a year there is none to stand beside another.
            let alone = amount == Amount::None && name == "years";
            assert!(!model.title.is_empty() && (alone || model.table.columns.len() > 1), "{name}");
            let wide = model.table.columns.len();
            assert!(model.table.rows.iter().all(|row| row.len() == wide), "{name}");
            assert!(amount == Amount::None || !model.table.rows.is_empty(), "{name} of {amount:?} has no rows");
            // One sample of an electrocardiogram is no line.
            let nothing = amount == Amount::None || (amount == Amount::One && name == "ecg");
            assert_eq!(model.is_empty(), nothing, "{name}");
        }
    }
}

#[test]
fn nothing_measured_is_a_picture_that_says_so() {
    for (name, model) in charts(Amount::None) {
        let drawn = draw(&model, (520, 240), Theme::Dark);
        assert!(drawn.svg.contains("\nno data\n"), "{name}");
        // Neither pace nor anything else has these values.
        assert!(name != "profiles" || !drawn.svg.contains("\n1.0\n"), "{name}");
        assert!(
            ["no ", "too few", "needs"].iter().any(|words| model.summary.contains(words)),
            "{name}: {}",
            model.summary
        );
    }
}

#[test]
fn nothing_is_drawn_outside_the_picture_however_small_or_large() {
    for amount in [Amount::All, Amount::One, Amount::None] {
        for (name, model) in charts(amount) {
            for size in SIZES {
                check_inside(name, &draw(&model, size, Theme::Light), size);
            }
        }
    }
}

fn texts(group: &usvg::Group, found: &mut Vec<(usvg::Rect, String)>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => texts(group, found),
            usvg::Node::Text(text) => {
                let words = text.chunks().iter().map(|chunk| chunk.text()).collect::<String>();
                found.push((text.abs_bounding_box(), words.trim().to_owned()));
            }
            _ => {}
        }
    }
}

/// The texts of an SVG where there is only one font.
fn texts_in(svg: &str, font: &[u8]) -> Vec<(usvg::Rect, String)> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(font.to_vec());
    let options = usvg::Options { fontdb: fonts.into(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).expect("an SVG");
    let mut found = Vec::new();
    texts(tree.root(), &mut found);
    found
}

#[test]
fn a_file_carries_the_letters_that_it_needs() {
    for (name, model) in charts(Amount::All) {
        let drawn = draw(&model, (800, 400), Theme::Light);
        let file = drawn.document();
        let data = file.split_once("base64,").and_then(|(_, rest)| rest.split_once('"')).expect("a font").0;
        let font = STANDARD.decode(data).expect("a font");
        assert!(font.len() < 30_000, "{name}: {}", font.len());
        let carried = texts_in(&file, &font);
        assert_eq!(carried.len(), drawn.svg.matches("<text").count(), "{name}");
        // No other font is there, and yet all words are as wide and as tall.
        assert_eq!(carried, texts_in(&drawn.svg, INTER), "{name}");
        assert!(file.contains("SIL Open Font License") && !drawn.svg.contains("@font-face"), "{name}");
    }
}

#[test]
fn no_words_are_clipped_or_lie_on_others() {
    for (name, model) in charts(Amount::All).into_iter().chain(charts(Amount::One)).chain(charts(Amount::None)) {
        for (width, height) in [(240, 140), (320, 200), (360, 200), (800, 400)] {
            let size = Size::new(width, height);
            for picture in [render(&model, size, Theme::Light), render_headed(&model, size, Theme::Light)] {
                check_words(&format!("{name} at {width} x {height}"), &picture.expect("a picture").svg, size);
            }
        }
    }
}

/// Of a language that nobody speaks words are longer than a picture has been made for: they are left out, not cut.
#[test]
fn no_longer_words_are_clipped_or_lie_on_others() {
    for (language, sizes) in
        [("de", &[(240, 140), (360, 200), (640, 280)]), ("pseudo", &[(300, 180), (360, 200), (640, 280)])]
    {
        let _spoken = speak(Language::of(language));
        for (name, model) in charts(Amount::All).into_iter().chain(charts(Amount::None)) {
            for &(width, height) in sizes {
                let size = Size::new(width, height);
                let drawn = render_headed(&model, size, Theme::Light).expect("a picture");
                check_words(&format!("{name} in {language} at {width} x {height}"), &drawn.svg, size);
            }
        }
    }
}

#[track_caller]
fn check_words(name: &str, svg: &str, size: Size) {
    let found = texts_in(svg, INTER);
    assert_eq!(found.len(), svg.matches("<text").count(), "{name}: a font is missing");
    for (i, (area, words)) in found.iter().enumerate() {
        let inside = area.left() >= -0.5 && area.right() <= size.width as f32 + 0.5;
        assert!(inside, "{name}: {words} is clipped: {area:?}");
        assert!(
            area.top() >= -0.5 && area.bottom() <= size.height as f32 + 0.5,
            "{name}: {words} is clipped: {area:?}"
        );
        for (other, others) in &found[..i] {
            let apart = area.left() >= other.right()
                || area.right() <= other.left()
                || area.top() + 1.0 >= other.bottom()
                || area.bottom() - 1.0 <= other.top();
            assert!(apart, "{name}: {words} on {others}: {area:?} {other:?}");
        }
    }
}

#[test]
fn an_axis_has_at_most_six_labels_and_bars_stand_on_zero() {
    for (name, model) in charts(Amount::All) {
        let axes = std::iter::once(&model.y).chain(model.panels.iter().map(|panel| &panel.y));
        for axis in axes.filter(|axis| axis.kind == chart::model::AxisKind::Plain) {
            assert!((2..=6).contains(&axis.ticks.len()), "{name}: {:?}", axis.ticks);
        }
        if name.starts_with("steps") || name == "stages" {
            assert_eq!(model.y.from, 0.0, "{name}");
        }
    }
}

#[test]
fn a_chart_of_several_panels_has_a_scale_for_each() {
    for (name, model) in charts(Amount::All) {
        let drawn = draw(&model, (520, 240), Theme::Light);
        assert_eq!(drawn.panels.len(), 1 + model.panels.len(), "{name}");
        assert_eq!(drawn.panels.first(), Some(&drawn.scale), "{name}");
    }
}

#[test]
fn a_night_of_a_clock_change_is_as_long_as_clocks_say() {
    let zones = berlin();
    let spring = samples::night(Amount::All, chart_day("2026-03-29"));
    let hypnogram = hypnogram::model(&spring, RowDay::Morning, &zones);
    let labels: Vec<&str> = hypnogram.x.ticks.iter().map(|tick| tick.label.as_str()).collect();
    assert!(labels.contains(&"01:00") && labels.contains(&"03:00") && !labels.contains(&"02:00"), "{labels:?}");
    let range = Range::ending(at("2026-03-29 12:00:00 +0200"), 7, &zones);
    let model = nights::model(&[spring], range, &zones);
    let Layer::Blocks { blocks, .. } = &model.layers[0] else { panic!("no nights") };
    // Clocks skip an hour, so the last block ends an hour later on the axis than so many hours after it began.
    let asleep: f64 = blocks.iter().map(|block| block.y1 - block.y0).sum();
    let ends = blocks.last().expect("blocks").y1 - blocks.first().expect("blocks").y0;
    assert!((asleep - ends).abs() < 1e-6 && blocks.iter().all(|block| block.y1 > block.y0));
    for day in ["2026-03-29", "2026-10-25"] {
        let night = samples::night(Amount::All, chart_day(day));
        let stretch = chart::sleep::Stretch { start_ms: night.segments[0].start_ms, end_ms: night.segments[23].end_ms };
        let range = Range::ending(night.segments[23].end_ms, 1, &zones);
        let model =
            regularity::model(&[stretch], RowDay::Morning, regularity::Middles::default(), range.by(Step::Day), &zones);
        assert_eq!(model.table.rows.len(), 1);
        assert_ne!(model.table.rows[0][1], "no data");
        check_inside(day, &draw(&model, (520, 240), Theme::Light), (520, 240));
    }
}

#[test]
fn of_many_nights_none_shows_stages_that_nobody_could_see() {
    let (zones, night) = (berlin(), samples::night(Amount::All, chart_day("2026-03-01")));
    let blocks = |days: u32| {
        let range = Range::ending(at("2026-03-01 12:00:00 +0100"), days, &zones);
        let model = nights::model(std::slice::from_ref(&night), range.by(Step::Day), &zones);
        let Layer::Blocks { blocks, .. } = &model.layers[0] else { panic!("no nights") };
        (blocks.clone(), model.keys.len(), model.table.rows.len())
    };
    let ((year, _, _), (decade, keys, rows)) = (blocks(365), blocks(3650));
    assert_eq!((year.len(), decade.len(), keys, rows), (night.segments.len(), 1, 1, 1));
    let (first, last) = (year.first().expect("a stage"), year.last().expect("a stage"));
    assert_eq!((decade[0].y0, decade[0].y1), (first.y0, last.y1));
}

fn chart_day(text: &str) -> health::time::Day {
    health::time::parse_day(text).expect("a day")
}

#[test]
fn pictures_as_png_have_their_background_and_their_size() {
    let (_, model) = charts(Amount::All).swap_remove(0);
    for (theme, corner) in [(Theme::Light, [0xff, 0xff, 0xff]), (Theme::Dark, [0x16, 0x1a, 0x20])] {
        let bytes = png(&draw(&model, (360, 200), theme), 2.0).expect("png");
        let pixels = resvg::tiny_skia::Pixmap::decode_png(&bytes).expect("a picture");
        assert_eq!((pixels.width(), pixels.height()), (720, 400));
        let first = pixels.pixel(719, 399).expect("a pixel");
        assert_eq!([first.red(), first.green(), first.blue()], corner);
    }
    let odd = [f32::NAN, f32::INFINITY, -1.0, 0.0];
    for scale in odd {
        assert!(png(&draw(&model, (240, 140), Theme::Light), scale).is_ok(), "{scale}");
    }
}

#[test]
fn a_journey_is_named_on_the_time_axis() {
    let away = at("2026-02-25 12:00:00 +0100");
    let stay = health::time::Stay { from_ms: away, zone: Some("Asia/Tokyo".to_owned()) };
    let zones = Zones::from_name("Europe/Berlin", &[stay]);
    let range = Range::ending(samples::now(), 7, &zones);
    assert_eq!(heart_rate::model(&[], None, range, &zones).x.label, "Europe/Berlin \u{2192} Asia/Tokyo");
    assert_eq!(heart_rate::model(&[], None, range, &berlin()).x.label, "");
}

#[test]
fn a_calendar_of_many_years_has_a_row_for_each() {
    let zones = berlin();
    let measure = chart::Measure { title: "Steps", unit: "steps", hue: chart::Hue::Activity, decimals: 0 };
    let value = |text: &str| chart::heat_map::DayValue { day: chart_day(text), value: 5000.0 };
    let values = ["2024-01-01", "2024-12-31", "2025-01-01", "2026-02-28"].map(value);
    let range = Range::ending(at("2026-02-28 12:00:00 +0100"), 790, &zones).by(Step::Day);
    let model = chart::heat_map::model(&measure, &values, range, &zones);
    let years: Vec<&str> = model.y.ticks.iter().map(|tick| tick.label.as_str()).collect();
    assert_eq!(years, ["2024", "2025", "2026"]);
    // The newest year is lowest; one begins where the one before it ends, but on the left.
    let Layer::Blocks { blocks, .. } = &model.layers[0] else { panic!("no days") };
    let full: Vec<(f64, f64)> =
        blocks.iter().filter(|b| b.fill.hue == chart::Hue::Activity).map(|b| (b.x0, b.y0)).collect();
    assert_eq!(full, [(0.0, 22.0), (52.0, 21.0), (0.0, 12.0), (8.0, 1.0)]);
    assert_eq!(model.x.ticks.first().map(|tick| tick.label.as_str()), Some("Jan"));
    assert_eq!(model.x.ticks.len(), 12);
    check_words("a calendar", &draw(&model, (320, 200), Theme::Light).svg, Size::new(320, 200));
}
