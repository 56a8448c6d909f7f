//! Which words of a language go with a number: `1 night`, `2 nights`, and in many languages more than these two.

use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};

/// The sorts of numbers that a language tells apart, by Unicode's names for them: `one`, `few`, `other` ...
#[derive(Debug, Default)]
pub struct Plurals(Option<Locale>);

impl Plurals {
    /// Those of a language by its tag, such as `pl`; where nobody knows it there is one sort.
    pub fn of(tag: &str) -> Self {
        Self(Locale::try_from_str(tag).ok())
    }

    /// The sort of a whole number.
    pub fn sort(&self, n: u64) -> &'static str {
        self.rules().map_or(OTHER, |rules| name(rules.category_for(n)))
    }

    /// Every sort that there is; a catalogue has words for each.
    pub fn sorts(&self) -> Vec<&'static str> {
        self.rules().map_or_else(|| vec![OTHER], |rules| rules.categories().map(name).collect())
    }

    /// They are part of the program, and no thread may have those of another.
    fn rules(&self) -> Option<PluralRules> {
        self.0.as_ref().and_then(|locale| PluralRules::try_new_cardinal(locale.into()).ok())
    }
}

/// The sort that every language has.
pub const OTHER: &str = "other";

fn name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_of_the_sorts_of_their_language() {
        fn check(tag: &str, sorts: &[(u64, &str)]) {
            let plurals = Plurals::of(tag);
            for (n, sort) in sorts {
                assert_eq!(plurals.sort(*n), *sort, "{tag} {n}");
                assert!(plurals.sorts().contains(sort), "{tag} {sort}");
            }
        }
        check("de", &[(0, "other"), (1, "one"), (2, "other"), (21, "other")]);
        check("fr", &[(0, "one"), (1, "one"), (2, "other")]);
        check("pl", &[(0, "many"), (1, "one"), (2, "few"), (5, "many"), (12, "many"), (22, "few")]);
        check("ja", &[(1, "other"), (2, "other")]);
        check("not a language", &[(1, "other")]);
    }
}
