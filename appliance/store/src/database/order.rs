//! Where things stand in a list of which as few as possible are to be written anew.

use std::collections::BTreeMap;

/// A place for each of `keys`, growing. Those that stand in the same order as before keep their places.
pub(super) fn places(before: &BTreeMap<String, i64>, keys: &[String]) -> Vec<i64> {
    let known: Vec<(usize, i64)> = keys
        .iter()
        .enumerate()
        .filter_map(|(index, key)| before.get(key).map(|place| (index, *place)))
        .filter(|(_, place)| (1..PLACE_MAX).contains(place))
        .collect();
    let mut places = vec![0; keys.len()];
    let mut last = (0, 0);
    let steady = growing(&known);
    for (index, place) in steady.into_iter().chain([(keys.len(), i64::MAX)]) {
        let new = index - last.0;
        // After the last one there is no end.
        let step = if place == i64::MAX { GAP } else { (place - last.1) / len(new + 1) };
        if step == 0 {
            return fresh(keys.len());
        }
        for nth in 0..new {
            places[last.0 + nth] = last.1 + step * len(nth + 1);
        }
        if index < keys.len() {
            places[index] = place;
            last = (index + 1, place);
        }
    }
    if places.last().is_some_and(|place| *place >= PLACE_MAX) { fresh(keys.len()) } else { places }
}

fn fresh(count: usize) -> Vec<i64> {
    (1..=count).map(|nth| GAP * len(nth)).collect()
}

/// The longest part of the list in which the places grow.
fn growing(known: &[(usize, i64)]) -> Vec<(usize, i64)> {
    // Of each length, the growing part that ends lowest: where it ends; and for each one, which was before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut earlier: Vec<Option<usize>> = Vec::with_capacity(known.len());
    for (at, (_, place)) in known.iter().enumerate() {
        let length = ends.partition_point(|end| known[*end].1 < *place);
        earlier.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut part = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        part.push(known[at]);
        next = earlier[at];
    }
    part.reverse();
    part
}

fn len(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Between two that come one after the other.
const GAP: i64 = 1 << 20;
/// A list that has grown to here is numbered anew; the largest list has room many times over.
const PLACE_MAX: i64 = 1 << 50;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn list(keys: &[&str]) -> (Vec<String>, BTreeMap<String, i64>) {
        let keys = named(keys);
        let places = places(&BTreeMap::new(), &keys);
        (keys.clone(), keys.into_iter().zip(places).collect())
    }

    #[test]
    fn only_what_has_moved_gets_another_place() {
        let (_, before) = list(&["a", "b", "c", "d", "e"]);
        let after = named(&["a", "e", "b", "new", "c", "d"]);
        let moved: Vec<_> = after
            .iter()
            .zip(places(&before, &after))
            .filter(|(key, place)| before.get(*key) != Some(place))
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(moved, ["e", "new"]);
    }

    #[test]
    fn where_there_is_no_room_all_are_numbered_anew() {
        let before = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!(places(&before, &named(&["a", "x", "b"])), [GAP, 2 * GAP, 3 * GAP]);
    }

    proptest! {
        #[test]
        fn places_grow_whatever_was_before(
            before in proptest::collection::btree_map("[a-h]", any::<i64>(), 0..8),
            keys in proptest::collection::btree_set("[a-p]", 0..12).prop_map(Vec::from_iter).prop_shuffle(),
        ) {
            let places = places(&before, &keys);
            prop_assert_eq!(places.len(), keys.len());
            prop_assert!(places.iter().all(|place| *place > 0));
            prop_assert!(places.is_sorted_by(|a, b| a < b));
        }
    }
}
