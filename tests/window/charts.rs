//! Charts under a pointer: what is drawn into them, and the explanation that they lead to.

use super::*;

#[test]
fn a_stretch_that_is_drawn_into_a_chart_is_zoomed_to() {
    let sample = Sample::new("zoom");
    let window = sample.open(&[]);
    visit(&window, "#/activity");
    window.wait("the chart", SUMMARY);
    let place = window.run(
        "const box = document.querySelector('[role=slider]').getBoundingClientRect(); \
         return [box.left, box.top, box.width, box.height].map(Math.round)",
    );
    let place: Vec<i64> = serde_json::from_value(place).unwrap();
    let y = place[1] + place[3] / 2;
    window.drag((place[0] + place[2] / 2, y), (place[0] + place[2] * 3 / 4, y));
    let hash = window.wait("the zoom", "return /range=\\d+/.exec(location.hash)?.[0]");
    let days: u32 = hash.as_str().unwrap().trim_start_matches("range=").parse().unwrap();
    assert!((6..=10).contains(&days), "a quarter of thirty days: {days}");
    let said = format!(
        "return document.querySelector('[data-testid=summary]').textContent.includes('{days} of {days} days') ? location.hash : ''"
    );
    window.wait("the drawn days", &said);
    keep(&window, "zoomed-light.png");
    // Another range leads back.
    window.keys("3");
    window.wait("the month", "return location.hash.includes('range=month')");
}
/// Where a share of the width of the chart lies on the screen.
fn on_chart(window: &Window, share: f64) -> (i64, i64) {
    let script = format!(
        "const box = document.querySelector('[role=slider]').getBoundingClientRect(); \
         return [box.left + box.width * {share}, box.top + box.height / 2].map(Math.round)"
    );
    serde_json::from_value(window.run(&script)).unwrap()
}
const PART: &str = "return /part=(\\d+)\\.\\.(\\d+)/.exec(location.hash)?.[0] ?? ''";

/// Hours of a day, and of a night, from close by; then a drag moves along them.
#[test]
fn a_part_of_a_day_is_drawn_and_moved_along() {
    let sample = Sample::new("part");
    let window = sample.open(&[]);
    for address in ["#/type/heart_rate?range=day", "#/sleep?range=day"] {
        visit(&window, address);
        window.wait("the chart", "return document.querySelector('[role=slider] svg') !== null");
        window.drag(on_chart(&window, 0.4), on_chart(&window, 0.7));
        let part = window.wait("the part", PART);
        window.wait("its picture", "return document.querySelector('[role=slider].pans') !== null");
        window.drag(on_chart(&window, 0.4), on_chart(&window, 0.6));
        let moved = format!("const now = (() => {{ {PART} }})(); return now !== {part} && now");
        window.wait("another part", &moved);
        keep(&window, &format!("part-{}-light.png", &address[2..6]));
        window.click(".zoom button:last-child");
        window.wait("all of it", "return !location.hash.includes('part=')");
    }
}
#[test]
fn a_bar_explains_its_days_and_each_of_them_itself() {
    let sample = Sample::new("why");
    let window = sample.open(&[]);
    visit(&window, "#/activity?range=year");
    window.wait("the chart", "return document.querySelector('[role=slider] svg') !== null");
    window.run("document.querySelector('[role=slider]').focus()");
    // Home, then Enter.
    window.keys("\u{e011}\u{e007}");
    window.wait("the month", "return /why=\\d{4}-\\d\\d-01\\.\\./.test(location.hash)");
    window.wait("its days", "return document.querySelectorAll('[data-testid=explain]:focus tbody tr').length > 20");
    bring_axe(&window);
    assert_eq!(violations(&window), Vec::<String>::new());
    keep(&window, "explained-month-light.png");
    window.click("[data-testid=explain] tbody a");
    window.wait("one day", "return /why=\\d{4}-\\d\\d-\\d\\d$/.test(location.hash)");
    window.wait("its sources", "return document.querySelector('[data-testid=explain]:focus b') !== null");
    assert_eq!(violations(&window), Vec::<String>::new());
    keep(&window, "explained-day-light.png");
}
