//! A certificate as a configuration profile: what an iPhone or iPad installs when it is opened there.
//!
//! After that the owner switches it on by hand, under the name that stands in it. Signs nothing: it would say no more
//! than the certificate does.

use health::digest::{hex, sha256};
use health::say;

use crate::receiver::safe;

/// Writes the profile of a certificate: its name on the phone, itself as PEM and as bytes. The same certificate has the
/// same identifiers, so that it takes its own place when it is installed again.
pub(crate) fn profile(name: &str, pem: &str, der: &[u8]) -> String {
    let digest = sha256(der);
    let (id, outer, inner) = (hex(&digest[..4]), uuid(&digest[..16]), uuid(&digest[16..]));
    let about = say!("Lets this device send to Vitalog on your computer over an encrypted connection.");
    // PEM is the same base64 between two lines.
    let base64: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    PROFILE
        .replace("{name}", &safe(name))
        .replace("{about}", &safe(&about))
        .replace("{base64}", &base64.join("\n"))
        .replace("{id}", &id)
        .replace("{outer}", &outer)
        .replace("{inner}", &inner)
}

/// The form that the system's own tools write.
const PROFILE: &str = include_str!("profile.mobileconfig");

fn uuid(bytes: &[u8]) -> String {
    let hex = hex(bytes).to_uppercase();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_holds_the_certificate_and_nothing_that_could_be_markup() {
        let pem = "-----BEGIN CERTIFICATE-----\nQUJD\nREVG\n-----END CERTIFICATE-----\n";
        let text = profile("Kim & <Co>", pem, b"ABCDEF");
        for part in ["<data>\nQUJD\nREVG\n", "Kim &amp; &lt;Co&gt;", "com.apple.security.root", "Configuration"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('{') && !text.contains("-----"), "{text}");
        let uuids: Vec<&str> = text.split("<string>").filter_map(|part| part.get(..36)).collect();
        let uuids: Vec<&&str> = uuids.iter().filter(|text| text.matches('-').count() == 4).collect();
        assert!(uuids.len() == 2 && uuids[0] != uuids[1], "{uuids:?}");
        assert_eq!(text, profile("Kim & <Co>", pem, b"ABCDEF"));
    }
}
