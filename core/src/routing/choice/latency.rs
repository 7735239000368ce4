//! `latency-based-routing`: one of the deployments that have answered fastest of late. One that was not measured yet
//! counts as the fastest, so that it is.

use super::super::latencies::counting_since;
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
    let Circumstances { lanes, routing, wish, now, random, .. } = *circumstances;
    let buffer = routing.settings().args.lowest_latency_buffer.unwrap_or(0.0) as f32;
    let (room, since) = (Room::of(circumstances), counting_since(now, routing.latency_seconds()));
    let order = Order {
        class: |lane: &Lane| room.class(lane),
        measure: |lane: &Lane| lane.seen.mean_latency(since, wish.is_stream),
        most: |fastest| fastest + fastest * buffer,
    };
    least::pick((lanes, indices), &order, |count| number_below(count, random), is_usable)
}
