//! The same questions in the language of the page, which no answer outlasts.

use super::*;

/// The same question in the language of a page.
fn in_words(mut question: Value, language: &str) -> Value {
    question["language"] = json!(language);
    question
}

#[test]
fn a_question_is_answered_in_the_language_of_the_page() {
    check_person("chart_german", "chart", in_words(question("heart_rate", "week"), "de"));
    check_person("explain_german", "explain", in_words(json!({"word": "step_count", "day": "2026-03-14"}), "de"));
    check_person("setting_german", "set_setting", in_words(json!({"key": "units", "to": "furlongs"}), "de-CH"));
}

/// What takes long is done on another thread, and told in the language of the page, too.
#[test]
fn an_import_of_nothing_is_refused_in_the_language_of_the_page() {
    let path = "/nowhere/export.zip";
    let nowhere = json!({"path": path, "progress": "__CHANNEL__:7", "language": "de"});
    let product = Product::new(Person::new("nowhere").0.clone());
    let refused = ask(&window_on(Arc::new(product), Some(path)), "import_export", nowhere).unwrap_err();
    assert_eq!(refused["code"], json!("not_found"));
    assert_eq!(refused["message"], json!("Der Ordner `nowhere` fehlt."));
}

#[test]
fn no_language_outlasts_its_question() {
    let window = Person::new("spoken").window();
    let title = |language: &str| {
        let asked = in_words(question("step_count", "week"), language);
        ask(&window, "chart", asked).unwrap()["title"].as_str().unwrap().to_owned()
    };
    for _ in 0..8 {
        assert_eq!([title("de"), title("en"), title("tlh")], ["Schritte", "Steps", "Steps"]);
        let nobodys = ask(&window, "chart", question("step_count", "week")).unwrap();
        assert_eq!(nobodys["title"], json!("Steps"), "whoever names none is told in English");
    }
}

#[test]
fn a_table_for_programs_has_plain_numbers_in_every_language() {
    let person = Person::new("save-german");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    let question: ChartQuestion = serde_json::from_value(question("step_count", "week")["question"].clone()).unwrap();
    let table = |language: &str| {
        let _spoken = speak(Language::of(language));
        let path = save(&product.desk(), &question, Kept::Csv, &person.0.dir().join(language)).unwrap();
        fs::read_to_string(path).unwrap()
    };
    let (english, german) = (table("en"), table("de"));
    assert_eq!(german.lines().next(), Some("Tag,Summe (Schritte),Anmerkung"));
    let numbers = |table: &str| -> Vec<String> {
        table.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
    };
    assert_eq!(numbers(&german), numbers(&english));
}
