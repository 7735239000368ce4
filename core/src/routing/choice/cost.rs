//! `cost-based-routing`: the deployment whose tokens are the cheapest, one in and one out taken together.

use super::chance::number_below;
use super::circumstances::Circumstances;
use super::lane::Lane;
use super::least::{self, Order};
use super::room::Room;

pub(super) fn pick(
    indices: impl Iterator<Item = usize> + Clone,
    circumstances: &Circumstances<'_>,
    is_usable: impl Fn(usize) -> bool,
) -> Option<usize> {
    let Circumstances { lanes, random, .. } = *circumstances;
    let room = Room::of(circumstances);
    let order =
        Order { class: |lane: &Lane| room.class(lane), measure: |lane: &Lane| lane.cost, most: |cheapest| cheapest };
    least::pick((lanes, indices), &order, |count| number_below(count, random), is_usable)
}
