//! One activity that two apps wrote as two workouts: the better source counts, the other is kept and shown.

/// Share of the longer one that two workouts have in common to be the same activity.
pub const LEAST_OVERLAP: f64 = 0.6;

/// A workout as far as its time is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bout<'a> {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Apple's identifier of the activity.
    pub activity: &'a str,
    /// Place of its source in the order; 0 is the best. Two of one rank are two activities.
    pub rank: u32,
}

/// Workouts that are one activity, as indices into the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The one that counts.
    pub counts: usize,
    /// Those that are shown beside it, the better source first.
    pub others: Vec<usize>,
}

/// Groups workouts by activity and time; by the start of the one that counts. The better source is asked first, and
/// each other one joins the first group whose workout of that source it overlaps enough.
pub fn same_activity(bouts: &[Bout<'_>]) -> Vec<Group> {
    let mut order: Vec<(usize, &Bout<'_>)> = bouts.iter().enumerate().collect();
    order.sort_by_key(|(index, b)| (b.rank, b.start_ms, b.end_ms, b.activity, *index));
    let twins = twins(bouts);
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of: Vec<Option<usize>> = vec![None; bouts.len()];
    for (index, _) in order {
        let candidates = twins.get(index).map(Vec::as_slice).unwrap_or_default();
        // Only a workout that counts gathers others: the chain ends there.
        let counts = |place: &usize, twin| groups.get(*place).is_some_and(|group| group.counts == twin);
        let heads = candidates.iter().filter_map(|twin| (*group_of.get(*twin)?).filter(|place| counts(place, *twin)));
        let found = heads.min();
        let place = found.unwrap_or(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.others.push(index),
            None => groups.push(Group { counts: index, others: Vec::new() }),
        }
        if let Some(slot) = group_of.get_mut(index) {
            *slot = Some(place);
        }
    }
    groups.sort_by_key(|group| bouts.get(group.counts).map(|b| (b.start_ms, b.end_ms, b.rank, b.activity)));
    groups
}

/// For each workout those that may be the same activity.
fn twins(bouts: &[Bout<'_>]) -> Vec<Vec<usize>> {
    let mut by_start: Vec<(usize, &Bout<'_>)> = bouts.iter().enumerate().collect();
    by_start.sort_by_key(|(index, b)| (b.start_ms, *index));
    let mut twins = vec![Vec::new(); bouts.len()];
    for (place, (index, bout)) in by_start.iter().enumerate() {
        let later = by_start.iter().skip(place + 1).take_while(|(_, other)| other.start_ms < bout.end_ms);
        for (other_index, _) in later.filter(|(_, other)| is_same(bout, other)) {
            for (a, b) in [(*index, *other_index), (*other_index, *index)] {
                if let Some(list) = twins.get_mut(a) {
                    list.push(b);
                }
            }
        }
    }
    twins
}

fn is_same(a: &Bout<'_>, b: &Bout<'_>) -> bool {
    let common = a.end_ms.min(b.end_ms) - a.start_ms.max(b.start_ms);
    let longer = (a.end_ms - a.start_ms).max(b.end_ms - b.start_ms);
    a.activity == b.activity && a.rank != b.rank && longer > 0 && common as f64 >= LEAST_OVERLAP * longer as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "HKWorkoutActivityTypeRunning";
    const WALK: &str = "HKWorkoutActivityTypeWalking";

    fn bout(start_ms: i64, end_ms: i64, activity: &str, rank: u32) -> Bout<'_> {
        Bout { start_ms, end_ms, activity, rank }
    }

    #[track_caller]
    fn check(bouts: &[Bout<'_>], expected: &[(usize, &[usize])]) {
        let found = same_activity(bouts);
        let found: Vec<(usize, &[usize])> = found.iter().map(|g| (g.counts, g.others.as_slice())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn sixty_percent_in_common_is_one_activity_and_the_better_source_counts() {
        check(&[bout(5, 100, RUN, 3), bout(0, 100, RUN, 0), bout(2, 98, RUN, 1)], &[(1, &[2, 0])]);
        check(&[bout(0, 100, RUN, 0), bout(40, 140, RUN, 1)], &[(0, &[1])]);
        check(&[bout(0, 100, RUN, 0), bout(41, 141, RUN, 1)], &[(0, &[]), (1, &[])]);
    }

    #[test]
    fn another_activity_or_the_same_source_is_another_workout() {
        check(&[bout(0, 100, RUN, 0), bout(0, 100, WALK, 1)], &[(0, &[]), (1, &[])]);
        check(&[bout(0, 100, RUN, 0), bout(0, 100, RUN, 0)], &[(0, &[]), (1, &[])]);
    }

    #[test]
    fn a_short_part_of_a_long_hike_is_no_double() {
        check(&[bout(0, 180, WALK, 1), bout(60, 70, WALK, 0)], &[(0, &[]), (1, &[])]);
    }

    #[test]
    fn what_only_overlaps_an_other_begins_a_group_of_its_own() {
        check(&[bout(0, 100, RUN, 0), bout(30, 130, RUN, 1), bout(60, 160, RUN, 2)], &[(0, &[1]), (2, &[])]);
    }
}
