//! Files that are brought in: by the dialog, by a drag, while another import runs, and what is refused.

use super::*;

#[test]
fn a_file_that_is_no_export_is_refused_in_words() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let window = Window::open(PROGRAM, &Start { args: &["open", manifest], ..Start::default() });
    let alert = window.wait("the refusal", "return document.querySelector('[role=alert]')?.innerText ?? ''");
    assert!(alert.as_str().unwrap().contains("not an Apple Health export"), "{alert}");
    assert!(alert.as_str().unwrap().contains("Cargo.toml was not imported"), "{alert}");
    keep(&window, "refused-light.png");
}
/// An export that takes long enough that a person could press Cancel, or bring another one.
struct Long(PathBuf);
impl Long {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vitalog-{name}-{}.xml", std::process::id()));
        let mut file = BufWriter::new(fs::File::create(&path).unwrap());
        writeln!(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">").unwrap();
        for i in 0..1_500_000 {
            let (hour, minute, second) = (i / 3600 % 24, i / 60 % 60, i % 60);
            let at = format!("20{:02}-01-01 {hour:02}:{minute:02}:{second:02} +0000", i / 86_400);
            let kind = "HKQuantityTypeIdentifierHeartRate";
            writeln!(
                file,
                " <Record type=\"{kind}\" sourceName=\"Invented Watch\" unit=\"count/min\" creationDate=\"{at}\" \
                 startDate=\"{at}\" endDate=\"{at}\" value=\"60\"/>"
            )
            .unwrap();
        }
        writeln!(file, "</HealthData>").unwrap();
        file.flush().unwrap();
        Self(path)
    }
}
impl Drop for Long {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
/// Nothing is kept of an import that was cancelled.
#[test]
fn a_long_import_shows_its_progress_and_can_be_cancelled() {
    let long = Long::new("long");
    let window = Window::open(PROGRAM, &Start { args: &["open", long.0.to_str().unwrap()], ..Start::default() });
    let figures = window.wait("the progress", "return document.querySelector('.figures')?.innerText ?? ''");
    assert!(figures.as_str().unwrap().contains("MB/s"), "{figures}");
    keep(&window, "progress-light.png");
    window.click("section .button");
    let said = "return document.querySelector('p[role=status].card')?.textContent ?? ''";
    let end = window.wait("the end", said);
    assert!(end.as_str().unwrap().ends_with(" cancelled. Nothing was changed."), "{end}");
    assert_eq!(window.wait("the total", TOTAL), "No records yet");
}
/// It was ignored without a word.
#[test]
fn a_file_dropped_during_an_import_waits_for_its_turn() {
    let long = Long::new("first");
    let args = ["open", long.0.to_str().unwrap()];
    let window = Window::open(PROGRAM, &Start { args: &args, screen: WIDE_SCREEN, ..Start::default() });
    window.wait("the progress", "return document.querySelector('.figures') !== null");
    drop_file(&window, "queue-drag-light.png");
    let waiting = "return document.querySelector('[data-testid=waiting]')?.innerText ?? ''";
    assert!(window.wait("the queue", waiting).as_str().unwrap().contains("export.xml"));
    keep(&window, "queue-light.png");
    window.click("section .button");
    assert!(window.wait("the report", REPORT).as_str().unwrap().contains("380"));
    let said = window.run("return document.querySelector('p[role=status].card')?.textContent ?? ''");
    assert!(said.as_str().unwrap().ends_with(" cancelled. Nothing was changed."), "{said}");
}
/// The system's own dialog, by keyboard.
#[test]
fn a_file_chosen_in_the_dialog_is_imported() {
    let window = Window::open(PROGRAM, &Start::default());
    window.wait("the first screen", "return document.querySelector('[data-testid=target] .button') !== null");
    window.click("[data-testid=target] .button");
    name_in_dialog(&window, "Choose export", SMALL);
    assert!(window.wait("the report", REPORT).as_str().unwrap().contains("380"));
}
#[test]
fn a_file_dropped_on_the_window_is_imported() {
    let window = Window::open(PROGRAM, &Start { screen: WIDE_SCREEN, ..Start::default() });
    window.wait("the first screen", "return document.querySelector('[data-testid=target]') !== null");
    drop_file(&window, "drag-light.png");
    let report = window.wait("the report", REPORT);
    assert!(report.as_str().unwrap().contains("380"), "{report}");
}
