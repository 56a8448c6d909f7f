//! What one app has to be told, as a page: address, key, and a link where the app has one.

use health::phone::Feed;
use health::say;

use super::html::{PROFILE, line, link, page, paragraph, steps};
use crate::guide::{self, Reader};
use crate::receiver::HepSettings;

/// What an app has to be told.
pub(super) struct Guide {
    pub feed: Feed,
    /// The address by which this phone has just reached us.
    pub base: String,
    /// Another one.
    pub other: Option<String>,
    /// This one by the other scheme, where both are offered.
    pub way: Option<String>,
    /// The token; of Open Wearables the code.
    pub secret: String,
    pub hep: HepSettings,
}

impl Guide {
    /// The page.
    pub fn page(&self) -> String {
        let path = guide::path(self.feed);
        let address = self.base.clone() + path;
        let mut lines = vec![line("address", &say!("Address"), &address)];
        lines.push(match self.feed {
            Feed::OpenWearables => line("key", &say!("Invitation code"), &self.secret),
            _ => line("key", &say!("Key"), &self.secret),
        });
        if let Some(header) = guide::header(self.feed, self.hep.header.as_deref()) {
            lines.push(line("header", &say!("Header of the key"), header));
        }
        if let Some(other) = &self.other {
            let text = say!("Address that stays when the computer's number changes");
            lines.push(line("other", &text, &(other.clone() + path)));
        }
        lines.extend(guide::links(self.feed, &address, &self.secret).iter().map(|(name, to)| link(to, name)));
        if self.base.starts_with("http:") {
            let text = say!("Not encrypted: anyone on this network who records it can read what this app sends.");
            lines.push(paragraph(&text));
        }
        if let Some(way) = &self.way {
            lines.push(self.by_other_way(&(way.clone() + path)));
        }
        page(guide::name(self.feed), None, &(lines.concat() + &steps(&self.steps())))
    }

    /// The address of the other scheme, and what it takes or costs.
    fn by_other_way(&self, address: &str) -> String {
        if address.starts_with("http:") {
            let text = say!(
                "Should the app not send to an encrypted address, this one is not: anyone on this network who records it \
                 can read what it sends."
            );
            return paragraph(&text) + &line("way", &say!("Address without encryption"), address);
        }
        let text = say!(
            "Or encrypted: load the profile, install it in Settings, switch it on under Certificate Trust Settings, and \
             give the app this address."
        );
        // A button carries the address that it was made with.
        let links = (self.feed == Feed::HealthAutoExport)
            .then(|| paragraph(&say!("In automations that a button made, put it in place of the other one.")));
        paragraph(&text)
            + &line("way", &say!("Encrypted address"), address)
            + &links.unwrap_or_default()
            + &link(PROFILE, &say!("Load the profile"))
    }

    fn steps(&self) -> Vec<String> {
        let last = say!("Keep this page until the first data arrived; it closes after ten minutes.");
        let own = guide::steps(self.feed, self.hep.path.as_deref(), Reader::Phone);
        own.into_iter().chain([last]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_is_told_its_address_and_key() {
        for feed in Feed::ALL {
            let (base, secret) = ("http://192.168.1.20:8787".to_owned(), "hi_ABC".to_owned());
            let other = Some("http://x-hv.local:8787".to_owned());
            let page = Guide { feed, base, other, way: None, secret, hep: HepSettings::default() }.page();
            for part in ["http://192.168.1.20:8787", "http://x-hv.local:8787", "hi_ABC", "<ol>", guide::name(feed)] {
                assert!(page.contains(part), "{feed:?}: {part}");
            }
        }
    }

    #[test]
    fn who_could_read_along_is_told_where_somebody_could() {
        let check = |scheme: &str, expected: bool| {
            let base = format!("{scheme}://192.168.1.20:8787");
            let (other, secret, hep) = (None, "hi_ABC".to_owned(), HepSettings::default());
            let page = Guide { feed: Feed::HealthSync, base, other, way: None, secret, hep }.page();
            assert_eq!(page.contains("Not encrypted"), expected, "{page}");
        };
        check("http", true);
        check("https", false);
    }

    #[test]
    fn where_both_ways_are_offered_the_page_says_both_and_what_the_encrypted_one_takes() {
        let page = |feed, base: &str, way: Option<&str>| {
            let (base, way, secret) = (base.to_owned(), way.map(str::to_owned), "hi_ABC".to_owned());
            Guide { feed, base, other: None, way, secret, hep: HepSettings::default() }.page()
        };
        let (plain, secure) = ("http://192.168.1.20:8787", "https://192.168.1.20:8787");
        for feed in Feed::ALL {
            let told = page(feed, plain, Some(secure));
            assert!(told.contains(&format!("value=\"{secure}{}\"", guide::path(feed))), "{feed:?}: {told}");
            assert!(told.contains(PROFILE) && told.contains("Certificate Trust Settings"), "{feed:?}: {told}");
            let told = page(feed, secure, Some(plain));
            assert!(told.contains(&format!("value=\"{plain}{}\"", guide::path(feed))), "{feed:?}: {told}");
            assert!(!told.contains(PROFILE) && told.contains("without encryption"), "{feed:?}: {told}");
            assert!(!page(feed, plain, None).contains("ncrypted address"), "{feed:?}");
        }
        assert!(page(Feed::HealthAutoExport, plain, Some(secure)).contains("in place of the other one"));
    }

    #[test]
    fn a_key_stands_with_its_header_where_that_is_typed_too() {
        let page = |feed, own: Option<&str>| {
            let hep = HepSettings { path: None, header: own.map(str::to_owned) };
            let (base, secret) = ("http://192.168.1.20:8787".to_owned(), "hi_ABC".to_owned());
            Guide { feed, base, other: None, way: None, secret, hep }.page()
        };
        assert!(page(Feed::HealthAutoExport, None).contains("value=\"x-api-key\""));
        assert!(page(Feed::HealthExportPro, Some("X-My-Key")).contains("value=\"X-My-Key\""));
        assert!(!page(Feed::HealthSync, Some("X-My-Key")).contains("id=\"header\""));
    }
}
