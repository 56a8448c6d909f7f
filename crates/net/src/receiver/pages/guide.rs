//! What one app has to be told, as a page: address, key, and a link where the app has one.

use health::phone::Feed;
use health::say;

use super::html::{line, link, page, paragraph, steps};
use crate::guide::{self, Reader};
use crate::receiver::HepSettings;

/// What an app has to be told.
pub(super) struct Guide {
    pub feed: Feed,
    /// The address by which this phone has just reached us.
    pub base: String,
    /// Another one.
    pub other: Option<String>,
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
        if let Some(other) = &self.other {
            let text = say!("Address that stays when the computer's number changes");
            lines.push(line("other", &text, &(other.clone() + path)));
        }
        lines.extend(guide::links(self.feed, &address, &self.secret).iter().map(|(name, to)| link(to, name)));
        if self.base.starts_with("http:") {
            let text = say!("Not encrypted: anyone on this network who records it can read what this app sends.");
            lines.push(paragraph(&text));
        }
        page(guide::name(self.feed), None, &(lines.concat() + &steps(&self.steps())))
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
            let page = Guide { feed, base, other, secret, hep: HepSettings::default() }.page();
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
            let page = Guide { feed: Feed::HealthSync, base, other, secret, hep }.page();
            assert_eq!(page.contains("Not encrypted"), expected, "{page}");
        };
        check("http", true);
        check("https", false);
    }
}
