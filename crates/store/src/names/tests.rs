//! The bounds of what is compared, on either side of them.

use super::*;

/// A name in some imports, each of which calls a source of its own so.
fn name(imports: std::ops::Range<i64>, link: Option<usize>) -> Name {
    let sources = imports.clone().map(|import| (import, import as u32)).collect();
    Name { name: format!("{imports:?}"), sources, link }
}

/// The smallest number of pairs for which these names are not too many.
#[track_caller]
fn check(names: Vec<Name>, pairs: usize) {
    let count = names.len();
    let group = Group::new((None, None), names);
    assert!(!group.is_larger_than(count, pairs));
    assert!(pairs == 0 || group.is_larger_than(count, pairs - 1));
    assert!(group.is_larger_than(count - 1, pairs), "there is a bound for names, too");
}

#[test]
fn so_many_pairs_of_names_in_imports_are_compared() {
    check(vec![name(0..3, None), name(3..7, None)], 12);
    check(vec![name(0..3, None), name(3..7, None), name(7..9, None)], 12 + 6 + 8);
    // Of many imports only those where a name begins and ends.
    let ends = 2 * ENDS;
    check(vec![name(0..100, None), name(100..103, None)], 3 * ends);
    check(vec![name(0..100, None), name(100..200, None)], ends * ends);
    // Names of one import are two, and linked ones are one already.
    check(vec![name(0..3, None), name(2..6, None)], 0);
    check(vec![name(0..3, Some(0)), name(3..6, Some(0)), name(6..8, Some(1))], 6 + 6);
}
