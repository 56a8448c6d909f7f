//! What the owner keeps back from agents: areas that are told only where the owner said so.

use health::kind::{self, fold};

use crate::error::{Code, Error, Result};
use crate::folder::Folder;

/// An area by its name, with the setting that shares it.
pub(crate) const AREAS: [(&str, &str); 3] = [("cycle", "mcp_cycle"), ("mind", "mcp_mind"), ("routes", "mcp_routes")];

/// Types of other groups that tell of an area.
const OF_CYCLE: [&str; 1] = ["HKCategoryTypeIdentifierVaginalDryness"];
const OF_MIND: [&str; 1] = ["HKCategoryTypeIdentifierMoodChanges"];
/// Words in the names of types that no table knows.
const LIKE_CYCLE: [&str; 8] =
    ["menstru", "ovulat", "pregnan", "fertil", "sexual", "contracept", "lactation", "intermenstrual"];
const LIKE_MIND: [&str; 6] = ["mood", "mental", "mindful", "stateofmind", "anxiety", "depress"];

/// Which areas are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Areas {
    shared: Vec<&'static str>,
}

impl Areas {
    /// As the owner set them.
    pub fn of(folder: &Folder) -> Result<Self> {
        let store = folder.read()?;
        let mut shared = Vec::new();
        for (area, setting) in AREAS {
            if store.setting(setting)?.as_deref() == Some("on") {
                shared.push(area);
            }
        }
        Ok(Self { shared })
    }

    /// Those that are kept back.
    pub fn kept_back(&self) -> Vec<&'static str> {
        AREAS.iter().map(|(area, _)| *area).filter(|area| !self.shared.contains(area)).collect()
    }

    /// Whether a type, by its identifier, may be told of.
    pub fn tell(&self, identifier: &str) -> bool {
        area_of(identifier).is_none_or(|area| self.shared.contains(&area))
    }

    /// Refuses a type that is kept back.
    pub fn check(&self, identifier: &str) -> Result<()> {
        if self.tell(identifier) { Ok(()) } else { Err(kept_back()) }
    }

    /// Refuses where a route leads.
    pub fn check_routes(&self) -> Result<()> {
        if self.shared.contains(&"routes") { Ok(()) } else { Err(kept_back()) }
    }
}

fn kept_back() -> Error {
    let hint = "`get_status` names what is kept back; only the owner can share it.";
    Error::new(Code::NotShared, "The owner keeps this area back from agents.", hint)
}

/// The area that a type tells of.
fn area_of(identifier: &str) -> Option<&'static str> {
    let name = fold(identifier);
    let like = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match kind::get(identifier) {
        Some(known) if known.group == "reproductive" || OF_CYCLE.contains(&identifier) => Some("cycle"),
        Some(known) if known.group == "mindfulness" || OF_MIND.contains(&identifier) => Some("mind"),
        Some(_) => None,
        None if like(&LIKE_CYCLE) => Some("cycle"),
        None if like(&LIKE_MIND) => Some("mind"),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_belong_to_the_area_that_they_tell_of() {
        let check = |identifier: &str, area: Option<&str>| assert_eq!(area_of(identifier), area, "{identifier}");
        check("HKCategoryTypeIdentifierMenstrualFlow", Some("cycle"));
        check("HKCategoryTypeIdentifierVaginalDryness", Some("cycle"));
        check("HKCategoryTypeIdentifierMindfulSession", Some("mind"));
        check("HKDataTypeStateOfMind", Some("mind"));
        check("HKCategoryTypeIdentifierMoodChanges", Some("mind"));
        check("HKCategoryTypeIdentifierPregnancyOfALaterSystem", Some("cycle"));
        check("HKDataTypeMentalLoad", Some("mind"));
        check("HKQuantityTypeIdentifierDistanceCycling", None);
        check("HKQuantityTypeIdentifierStepCount", None);
    }
}
