//! The pages as text: few, small, without anything from elsewhere.

use health::language::spoken;
use health::phone::Feed;
use health::say;

use crate::guide;

/// What a page may do: look as it does, copy, and send its own forms.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; \
                                 base-uri 'none'; frame-ancestors 'none'";

/// How the pages look, light and dark.
pub(super) const STYLE: &str = include_str!("style.css");
/// What copies a line. Browsers hand the clipboard to pages over https only, so the field is selected and copied.
pub(super) const SCRIPT: &str = include_str!("copy.js");

/// Seconds after which a waiting page looks again.
const AGAIN: u32 = 2;

/// A text between tags or quotes.
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A whole page.
pub(super) fn page(title: &str, again: Option<u32>, body: &str) -> String {
    let language = if spoken() == health::language::Language::English { "en" } else { "de" };
    let again = again.map(|s| format!("<meta http-equiv=\"refresh\" content=\"{s}\">")).unwrap_or_default();
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{again}<title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/pair/style.css\"></head><body><main><h1>{title}</h1>{body}</main></body></html>",
        title = safe(title),
    )
}

pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", safe(text))
}

fn button(text: &str) -> String {
    format!("<button type=\"submit\">{}</button>", safe(text))
}

/// The first page of an invitation.
pub(super) fn entrance(body: &str) -> String {
    page(&say!("Pair this phone"), None, body)
}

/// A field for the short code.
pub(super) fn form() -> String {
    let field = format!(
        "<label for=\"code\">{}</label><input id=\"code\" name=\"code\" autocomplete=\"off\" autocapitalize=\"characters\" \
         spellcheck=\"false\" maxlength=\"12\" required>",
        safe(&say!("Code shown on the computer")),
    );
    format!("<form method=\"post\" action=\"/pair\">{field}{}</form>", button(&say!("Pair this phone")))
}

/// The button of a code.
pub(super) fn code(code: &str) -> String {
    let text =
        paragraph(&say!("This phone will be able to send health data to this computer. It can read nothing there."));
    let form = format!(
        "<form method=\"post\" action=\"/pair/{}/claim\">{}</form>",
        safe(code),
        button(&say!("Pair this phone"))
    );
    text + &form
}

/// What comes first where connections can be encrypted and this one is not: the profile, how to trust it, and the way
/// on. `plain` goes on without, where that is allowed.
pub(super) fn secure_first(name: &str, fingerprint: &str, on: &str, plain: Option<&str>) -> String {
    let install = say!("Load the profile, and install it in Settings, under Profile Downloaded.");
    let trust = say!(
        "In Settings, General, About, Certificate Trust Settings, switch {name} on. The computer shows the same \
         fingerprint: {fingerprint}",
        name,
        fingerprint = in_groups(fingerprint)
    );
    let back = say!("Come back here, and go on over the encrypted connection.");
    let text = paragraph(&say!("What this phone sends can be encrypted, so that nobody on this network reads it."));
    let links = link(PROFILE, &say!("Load the profile")) + &link(on, &say!("Go on, encrypted"));
    let plain = plain.map(|body| {
        let warning = say!("Or go on without: then anyone on this network who records it can read what is sent.");
        format!("<hr>{}{body}", paragraph(&warning))
    });
    text + &steps(&[install, trust, back]) + &links + &plain.unwrap_or_default()
}

/// Where the profile is.
pub(super) const PROFILE: &str = "/pair/vitalog.mobileconfig";

/// A long number as people compare it.
fn in_groups(hex: &str) -> String {
    let upper = hex.to_uppercase();
    let pairs: Vec<&str> = (0..upper.len() / 2).map(|at| &upper[2 * at..2 * at + 2]).collect();
    pairs.join(" ")
}

/// A code that is wrong, used, or too old. Nobody is told which.
pub(super) fn over() -> String {
    page(&say!("This code is not good any more"), None, &paragraph(&say!("Make a new one on the computer.")))
}

/// The four digits.
pub(super) fn waiting(number: &str) -> String {
    let text = paragraph(&say!("Is this number on the computer, too? Then choose Accept there."));
    page(&say!("Waiting for the computer"), Some(AGAIN), &format!("<p class=\"number\">{}</p>{text}", safe(number)))
}

/// A button per app.
pub(super) fn apps(ticket: &str, feeds: &[Feed]) -> String {
    let forms = feeds.iter().map(|feed| {
        format!(
            "<form method=\"post\" action=\"/pair/at/{}/{}\">{}</form>",
            safe(ticket),
            feed.app(),
            button(guide::name(*feed))
        )
    });
    let text = paragraph(&say!("Each app gets an address and a key of its own. Choose the one on this phone."));
    page(&say!("Which app?"), None, &(text + &forms.collect::<String>()))
}

/// A line to be copied.
pub(super) fn line(id: &str, label: &str, value: &str) -> String {
    format!(
        "<div class=\"line\"><label for=\"{id}\">{}</label><input id=\"{id}\" readonly value=\"{}\">\
         <button type=\"button\" data-copy=\"{id}\">{}</button></div>",
        safe(label),
        safe(value),
        safe(&say!("Copy")),
    )
}

/// Steps in their order.
pub(super) fn steps(texts: &[String]) -> String {
    let items: String = texts.iter().map(|text| format!("<li>{}</li>", safe(text))).collect();
    format!("<ol>{items}</ol>")
}

/// A link into an app.
pub(super) fn link(address: &str, text: &str) -> String {
    format!("<p><a class=\"button\" href=\"{}\">{}</a></p>", safe(address), safe(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_markup() {
        assert_eq!(safe("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
        assert!(!code("\"><script>").contains("<script>"));
        assert!(!secure_first("<b>", "00ff", "https://x/\"><script>", None).contains("<script>"));
    }

    #[test]
    fn a_fingerprint_can_be_compared() {
        assert_eq!(in_groups("00ff1a"), "00 FF 1A");
        let page = secure_first("Vitalog", "00ff1a", "https://x-hv.local:8787/pair", None);
        assert!(page.contains("00 FF 1A") && page.contains("/pair/vitalog.mobileconfig") && !page.contains("<hr>"));
        assert!(page.contains("href=\"https://x-hv.local:8787/pair\""), "{page}");
        assert!(secure_first("Vitalog", "00ff1a", "https://x/pair", Some(&form())).contains("<form"));
    }

    #[test]
    fn pages_speak_the_languages_of_the_program() {
        let _german = health::language::speak(health::language::Language::of("de"));
        let page = over();
        assert!(page.contains("lang=\"de\"") && !page.contains("This code"), "{page}");
    }
}
