//! From proofs that two names are one, and from links, to the names that are one source.

use std::collections::HashMap;

use super::Name;

/// How many rows prove that two of some names are one.
pub(super) type Proof = (u64, usize, usize);

/// Names that are one, by their numbers: each has the number of another one, or of itself.
struct Clusters {
    one_of: Vec<usize>,
}

impl Clusters {
    fn new(names: usize) -> Self {
        Self { one_of: (0..names).collect() }
    }

    /// The number of the cluster that a name is of.
    fn of(&self, name: usize) -> usize {
        let mut at = name;
        while let Some(next) = self.one_of.get(at).filter(|next| **next != at) {
            at = *next;
        }
        at
    }

    /// The lower number stays.
    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        if let Some(one_of) = self.one_of.get_mut(a.max(b)) {
            *one_of = a.min(b);
        }
        // Keeps the way short.
        for name in [a, b] {
            if let Some(one_of) = self.one_of.get_mut(name) {
                *one_of = a.min(b);
            }
        }
    }
}

/// The number of the source that each of some names is of; they lie in the order of their letters. What the owner
/// linked is put together first, and so is what some import had under one source: nobody can tell that apart any more.
/// Then the strongest proof goes first; one that would make a source of two names that stand side by side proves
/// nothing.
pub(super) fn clusters(names: &[Name], mut proofs: Vec<Proof>) -> Vec<usize> {
    let mut clusters = Clusters::new(names.len());
    let (mut of_link, mut of_held) = (HashMap::new(), HashMap::new());
    for (number, name) in names.iter().enumerate() {
        if let Some(link) = name.link {
            clusters.unite(*of_link.entry(link).or_insert(number), number);
        }
        for held in name.held() {
            clusters.unite(*of_held.entry(held).or_insert(number), number);
        }
    }
    proofs.sort_by(|(m, a, b), (n, c, d)| n.cmp(m).then((a, b).cmp(&(c, d))));
    for (_, a, b) in proofs {
        let of = |name: usize| {
            let cluster = clusters.of(name);
            let clusters = &clusters;
            names.iter().enumerate().filter(move |(number, _)| clusters.of(*number) == cluster).map(|(_, name)| name)
        };
        if clusters.of(a) != clusters.of(b) && !of(a).any(|one| of(b).any(|two| one.is_beside(two))) {
            clusters.unite(a, b);
        }
    }
    (0..names.len()).map(|name| clusters.of(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Named<'a> = (&'a [i64], Option<usize>);

    fn of(imports: &[i64]) -> Named<'_> {
        (imports, None)
    }

    fn linked(imports: &[i64]) -> Named<'_> {
        (imports, Some(7))
    }

    /// Names by the imports that have them, one source each, and by their link; proofs; the names of each cluster.
    #[track_caller]
    fn check(imports: &[Named<'_>], proofs: &[Proof], expected: &[usize]) {
        let name = |(number, (imports, link)): (usize, &Named<'_>)| Name {
            name: number.to_string(),
            sources: imports.iter().map(|import| (*import, number as u32)).collect(),
            link: *link,
        };
        let names: Vec<Name> = imports.iter().enumerate().map(name).collect();
        assert_eq!(clusters(&names, proofs.to_vec()), expected);
    }

    #[test]
    fn names_that_are_proven_to_be_one_are_unless_they_stand_side_by_side() {
        check(&[of(&[1]), of(&[2]), of(&[3])], &[], &[0, 1, 2]);
        check(&[of(&[1]), of(&[2]), of(&[3])], &[(5, 0, 1), (5, 1, 2)], &[0, 0, 0]);
        check(&[of(&[1]), of(&[2]), of(&[1])], &[(5, 0, 1), (6, 1, 2)], &[0, 1, 1]);
        check(&[of(&[1]), of(&[2]), of(&[1])], &[(5, 0, 1), (5, 1, 2)], &[0, 0, 2]);
        check(&[of(&[1]), of(&[2]), of(&[1]), of(&[2])], &[(5, 0, 1), (4, 1, 2), (3, 2, 3)], &[0, 0, 2, 2]);
    }

    #[test]
    fn what_is_linked_is_one_and_stands_beside_others_as_one() {
        check(&[linked(&[1]), linked(&[1]), of(&[1])], &[], &[0, 0, 2]);
        check(&[linked(&[1]), linked(&[2]), of(&[3])], &[(5, 1, 2)], &[0, 0, 0]);
        // An app that stands in both imports, linked to a watch that has two names.
        check(&[linked(&[1, 2]), linked(&[1]), of(&[2])], &[(5, 1, 2)], &[0, 0, 2]);
        // Two renamed sources, linked: one of the new names may be either's, and then the other one stands beside it.
        check(&[linked(&[1]), linked(&[1]), of(&[2]), of(&[2])], &[(5, 0, 2), (6, 1, 3)], &[0, 0, 2, 0]);
    }
}
