//! `usage-based-routing` and `usage-based-routing-v2`: the deployment that has used the fewest tokens in this minute.

use super::super::seen::number_of;
use super::circumstances::Circumstances;
use super::lane::Lane;
use super::least::{self, Order};
use super::room::Room;

/// One of those that have used the fewest: `number` takes one of so many, in the configuration's order.
pub(super) fn pick(
    indices: impl Iterator<Item = usize> + Clone,
    circumstances: &Circumstances<'_>,
    number: impl Fn(usize) -> usize,
    is_usable: impl Fn(usize) -> bool,
) -> Option<usize> {
    let (room, minute) = (Room::of(circumstances), number_of(circumstances.now));
    let order = Order {
        class: |lane: &Lane| room.class(lane),
        measure: |lane: &Lane| lane.seen.used_in(minute).tokens,
        most: |fewest| fewest,
    };
    least::pick((circumstances.lanes, indices), &order, number, is_usable)
}
