//! What goes on when the window is closed, through the window's commands; what starts with the session lies in a folder
//! of the test's own.

use super::*;
use vitalog::window::background::Background;
use vitalog::window::login::Login;

fn window_of(person: &Person) -> WebviewWindow<tauri::test::MockRuntime> {
    let background = Background::with(Login::at(person.0.dir().join("autostart")));
    // Nothing is shown: no icon either.
    let dialogs = vitalog::window::dialogs::Dialogs::answering(person.0.dir().to_owned());
    let product = Arc::new(Product::new(person.0.clone()).with_clock(|| NOW_MS));
    let shared = Shared { background, dialogs, ..Shared::new(product, None) };
    let app = with_commands(mock_builder(), shared).build(mock_context(noop_assets())).unwrap();
    tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap()
}

#[test]
fn receiving_goes_on_and_starts_with_the_session_when_somebody_says_so() {
    let person = Person::new("background");
    let window = window_of(&person);
    let entry = person.0.dir().join("autostart/vitalog.desktop");
    let run = |command: &str, arguments: Value| {
        let answer = ask(&window, command, arguments).unwrap();
        keep(command, &json!({ "answer": answer }));
        answer
    };
    let words = json!({"open": "Open", "receive": "Receive", "quit": "Quit"});
    let answer = run("background", json!({ "words": words }));
    assert_eq!(answer, json!({"background": false, "icon": false, "login": false, "can_login": true}));
    assert!(!app::receiver::goes_on(&person.0).unwrap() && !entry.exists());
    assert_eq!(run("set_background", json!({"on": true}))["background"], true);
    assert!(app::receiver::goes_on(&person.0).unwrap());
    assert_eq!(run("set_login", json!({"on": true}))["login"], true);
    let text = std::fs::read_to_string(&entry).unwrap();
    assert!(text.contains("open --hidden") && text.contains(&*person.0.dir().to_string_lossy()), "{text}");
    for command in ["set_background", "set_login"] {
        ask(&window, command, json!({"on": false})).unwrap();
    }
    assert!(!app::receiver::goes_on(&person.0).unwrap() && !entry.exists());
}

#[test]
fn what_starts_with_the_session_goes_with_everything_else() {
    let person = Person::new("background-delete");
    let window = window_of(&person);
    ask(&window, "set_login", json!({"on": true})).unwrap();
    let entry = person.0.dir().join("autostart/vitalog.desktop");
    assert!(entry.exists());
    ask(&window, "delete_all", json!({"confirm": "delete"})).unwrap();
    assert!(!entry.exists());
}
