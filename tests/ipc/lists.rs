//! What both sides have to know alike: codes of errors, codes of problems, names of commands.

use super::*;

/// Every code that an error of the window may have: those of the product, and the window's own.
#[test]
fn the_page_has_words_for_every_error() {
    let product = app::Code::TABLE.iter().map(|(_, word, _)| *word);
    let own = [error::import_running(), error::sample_shown(), error::internal("")];
    let codes: std::collections::BTreeSet<String> =
        product.map(str::to_owned).chain(own.map(|error| error.code)).collect();
    keep("error_codes", &json!(codes));
}

/// The page has words for every one of these; its own tests read the same list.
#[test]
fn every_problem_of_the_reader_is_in_the_kept_list() {
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/health/src/formats/apple_export");
    let mut codes = std::collections::BTreeSet::new();
    for file in fs::read_dir(reader).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            codes.extend(problem_codes(&fs::read_to_string(path).unwrap()));
        }
    }
    let of_the_store = [app::import::ANOTHER_PERSON, app::import::TOO_MANY_ALIKE, app::import::TOO_MANY_NAMES];
    codes.extend(of_the_store.map(str::to_owned));
    assert!(codes.len() > 20, "the calls are still written as they were: {codes:?}");
    keep("problem_codes", &json!(codes));
    assert!(app::words::REJECTS.iter().all(|(code, _)| codes.contains(*code)), "a reject counts to a problem");
}

/// The words in the first argument of what counts, loses or refuses something; where that is a variable called
/// `problem`, the words of the arms that make it.
fn problem_codes(source: &str) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        let is_code =
            |text: &&str| !text.is_empty() && text.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        text.split('"').skip(1).step_by(2).filter(is_code).map(str::to_owned).collect()
    };
    let calls = ["tally.count(", "tally.add(", "tally.lost_file(", "reject(", "refuse(", ".ok_or("];
    let calls = calls.into_iter().flat_map(|call| source.split(call).skip(1));
    let mut codes: Vec<String> = calls.flat_map(|rest| words(rest.split([',', ';']).next().unwrap_or(""))).collect();
    let arms = source.split("let problem = match").skip(1).filter_map(|rest| rest.split("};").next());
    codes.extend(
        arms.flat_map(|arms| arms.split("=> ").skip(1).flat_map(|arm| words(arm.split(',').next().unwrap_or("")))),
    );
    codes
}

/// The names in `generate_handler!` and in the page's `ipc.ts` are the same.
#[test]
fn the_page_and_the_window_know_the_same_commands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut ours = commands();
    ours.sort_unstable();
    let page = fs::read_to_string(root.join("ui/src/ipc.ts")).unwrap();
    let mut theirs: Vec<&str> =
        page.split("invoke<").skip(1).filter_map(|rest| rest.split('(').nth(1)?.split('\'').nth(1)).collect();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}
