//! What is known of points, whatever their order.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(0);

fn point(key: &str, at: i64, numbers: &[f32]) -> Point {
    let kept_at = Timestamp::from_millis(at);
    Point { key: key.to_owned(), kept_at, ends_at: kept_at.plus_millis(1_000), vector: Vector::of(numbers).unwrap() }
}

fn index(points: usize) -> Index {
    Index::new(IndexRoom { scopes: 3, points, bytes: 1 << 20 })
}

/// Keys and times of what is left, the newest first.
fn left(index: &Index, scope: &str) -> Vec<(String, i64)> {
    let points = Arc::clone(&index.lock().touch(scope).points);
    points.iter().map(|point| (point.key.clone(), point.kept_at.millis())).collect()
}

proptest! {
    #[test]
    fn in_whatever_order_and_grouping_marks_come_the_same_are_left(
        told in proptest::collection::vec((0..8_u8, 0..20_i64), 0..24), cut in any::<prop::sample::Index>(),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let points: Vec<Point> = told.iter().map(|(key, at)| point(&key.to_string(), *at, &[1.0])).collect();
        let (one, other) = (index(5), index(5));
        one.put("s", points.clone(), NOW);
        let (first, second) = points.split_at(if points.is_empty() { 0 } else { cut.index(points.len()) });
        let mut second = second.to_vec();
        if !second.is_empty() {
            let at = shuffled.index(second.len());
            second.rotate_left(at);
        }
        other.put("s", second, NOW);
        first.iter().rev().for_each(|point| other.put("s", [point.clone()], NOW));
        other.put("s", points.clone(), NOW);
        prop_assert_eq!(left(&one, "s"), left(&other, "s"));
        // The obvious way: the latest of each key, of these the newest five.
        let mut wanted: Vec<(String, i64)> = Vec::new();
        for point in &points {
            match wanted.iter_mut().find(|(key, _)| *key == point.key) {
                Some((_, at)) => *at = (*at).max(point.kept_at.millis()),
                None => wanted.push((point.key.clone(), point.kept_at.millis())),
            }
        }
        wanted.sort_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
        wanted.truncate(5);
        prop_assert_eq!(left(&one, "s"), wanted);
        let bytes: usize = one.lock().known.values().flat_map(|known| known.points.iter()).map(|point| point.bytes()).sum();
        prop_assert_eq!(one.lock().bytes, bytes);
    }

    #[test]
    fn the_likest_is_the_one_with_the_largest_cosine(
        points in proptest::collection::vec(proptest::collection::vec(-1.0_f32..1.0, 6), 1..20),
        asked in proptest::collection::vec(-1.0_f32..1.0, 6),
    ) {
        let index = index(100);
        let cosine = |numbers: &[f32]| {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
            dot(numbers, &asked) / (dot(numbers, numbers) * dot(&asked, &asked)).sqrt()
        };
        prop_assume!(points.iter().chain([&asked]).all(|numbers| numbers.iter().any(|number| number.abs() > 0.01)));
        index.put("s", points.iter().enumerate().map(|(at, numbers)| point(&at.to_string(), 0, numbers)), NOW);
        let found = index.nearest("s", &Vector::of(&asked).unwrap());
        let best = points.iter().map(|numbers| cosine(numbers)).fold(f64::MIN, f64::max);
        prop_assert!((found[0].0 - best).abs() < 1e-3);
        prop_assert!(found.is_sorted_by(|one, other| one.0 >= other.0));
        prop_assert_eq!(found.len(), points.len());
    }
}

#[test]
fn what_has_ended_is_gone_and_scopes_do_not_know_each_other() {
    let index = index(10);
    index.put("s", [point("a", -999, &[1.0, 0.0]), point("b", -1_000, &[1.0, 0.0])], NOW);
    assert_eq!(left(&index, "s"), [("a".to_owned(), -999)]);
    let asked = Vector::of(&[1.0, 0.0]).unwrap();
    assert!(index.nearest("other", &asked).is_empty());
    assert!(index.nearest("s", &Vector::of(&[1.0, 0.0, 0.0]).unwrap()).is_empty());
    let (_, found) = index.nearest("s", &asked).remove(0);
    index.remove("s", &found);
    assert!(left(&index, "s").is_empty());
    assert_eq!(index.lock().bytes, 0);
}

#[test]
fn the_scope_that_was_asked_for_longest_ago_goes_first() {
    let index = index(10);
    for scope in ["a", "b", "c"] {
        index.put(scope, [point(scope, 0, &[1.0])], NOW);
    }
    index.nearest("a", &Vector::of(&[1.0]).unwrap());
    index.put("d", [point("d", 0, &[1.0])], NOW);
    let kept: HashSet<String> = index.lock().known.keys().cloned().collect();
    assert_eq!(kept, ["a", "c", "d"].map(str::to_owned).into());
    let small = Index::new(IndexRoom { scopes: 9, points: 9, bytes: 250 });
    for scope in ["a", "b", "c"] {
        small.put(scope, [point(scope, 0, &[1.0])], NOW);
    }
    assert_eq!(small.lock().known.len(), 2);
    assert!(small.lock().bytes <= 250);
}

#[test]
fn what_others_know_is_read_by_one_at_a_time_and_only_what_is_new() {
    let index = index(10);
    let at = |millis| Timestamp::from_millis(millis);
    let first = index.due("s", at(100_000)).unwrap();
    assert_eq!(first.known.len(), 0);
    assert!(first.since < at(0));
    assert_eq!(index.due("s", at(100_000 + STALE_MILLIS - 1)), None);
    let known = Point { ends_at: at(900_000), ..point("key", 100_000, &[1.0]) };
    index.put("s", [known.clone()], at(100_000));
    // It was not read: it is asked for again as before.
    assert_eq!(index.due("s", at(102_000)).unwrap().since, first.since);
    index.has_read("s", at(102_000));
    let next = index.due("s", at(104_000)).unwrap();
    assert_eq!(next, Due { since: at(102_000 - SLACK_MILLIS), known: [known.name()].into() });
    assert!(index.due("another", at(104_000)).is_some());
}
