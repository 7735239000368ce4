//! `least-busy`: the deployment with the fewest calls of this process in flight.

use super::chance::number_below;
use super::circumstances::Circumstances;
use super::lane::Lane;
use super::least::{self, Order, class_of_health};

pub(super) fn pick(
    indices: impl Iterator<Item = usize> + Clone,
    circumstances: &Circumstances<'_>,
    is_usable: impl Fn(usize) -> bool,
) -> Option<usize> {
    let Circumstances { lanes, now, random, .. } = *circumstances;
    let order = Order {
        class: |lane: &Lane| class_of_health(lane, now),
        measure: |lane: &Lane| lane.seen.in_flight(),
        most: |fewest| fewest,
    };
    least::pick((lanes, indices), &order, |count| number_below(count, random), is_usable)
}
