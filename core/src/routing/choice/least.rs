//! The least of a measure in the best class, and chance among those that share it. The measure of all is looked at once;
//! whether one can be used and has room, which takes longer to tell, is asked where it decides.

use super::lane::Lane;
use crate::clock::Timestamp;

/// Deployments that are chosen without asking which of them can be used, before that is asked of all.
const DRAWS: usize = 8;

/// What a choice goes by.
pub(super) struct Order<C, M, W> {
    /// The class: one of the lowest that there is, is chosen. None is lower than 0.
    pub(super) class: C,
    /// The measure within the class.
    pub(super) measure: M,
    /// Says for the least measure how much may be chosen too.
    pub(super) most: W,
}

/// 0, and more for one that did not answer when it was last probed.
#[inline]
pub(super) fn class_of_health(lane: &Lane, now: Timestamp) -> u8 {
    if lane.seen.is_healthy(now) { 0 } else { 2 }
}

/// One of those that come first among those that can be used. `number` takes one of so many.
pub(super) fn pick<V: Copy + PartialOrd>(
    (lanes, indices): (&[Lane], impl Iterator<Item = usize> + Clone),
    order: &Order<impl Fn(&Lane) -> u8, impl Fn(&Lane) -> V, impl Fn(V) -> V>,
    number: impl Fn(usize) -> usize,
    is_usable: impl Fn(usize) -> bool,
) -> Option<usize> {
    let Order { class, measure, most } = order;
    let suits = |lane: &Lane, index: usize| class(lane) == 0 && is_usable(index);
    let mut measured: Vec<(V, usize)> = Vec::with_capacity(lanes.len());
    let mut least: Option<V> = None;
    for index in indices.clone() {
        let Some(lane) = lanes.get(index) else { continue };
        let value = measure(lane);
        measured.push((value, index));
        if least.is_none_or(|least| value < least) && suits(lane, index) {
            least = Some(value);
        }
    }
    let any = |first: &[usize]| first.get(number(first.len())).copied();
    let Some(most) = least.map(most) else {
        return any(&of_lowest_class(lanes, indices.filter(|index| is_usable(*index)), order));
    };
    let mut among: Vec<usize> = Vec::with_capacity(measured.len());
    among.extend(measured.iter().filter(|(value, _)| *value <= most).map(|(_, index)| *index));
    let suits = |index: usize| lanes.get(index).is_some_and(|lane| suits(lane, index));
    let mut drawn = std::iter::repeat_with(|| any(&among)).take(DRAWS);
    drawn.find_map(|drawn| drawn.filter(|index| suits(*index))).or_else(|| {
        among.retain(|index| suits(*index));
        any(&among)
    })
}

/// Those that come first, where none is of class 0.
fn of_lowest_class<V: Copy + PartialOrd>(
    lanes: &[Lane],
    indices: impl Iterator<Item = usize> + Clone,
    order: &Order<impl Fn(&Lane) -> u8, impl Fn(&Lane) -> V, impl Fn(V) -> V>,
) -> Vec<usize> {
    let Order { class, measure, most } = order;
    let lanes = || indices.clone().filter_map(|index| Some((lanes.get(index)?, index)));
    let Some(lowest) = lanes().map(|(lane, _)| class(lane)).min() else { return Vec::new() };
    let among = || lanes().filter(|(lane, _)| class(lane) == lowest).map(|(lane, index)| (measure(lane), index));
    let lesser = |least: V, value: V| if value < least { value } else { least };
    let most = among().map(|(value, _)| value).reduce(lesser).map(most);
    among().filter(|(value, _)| most.is_some_and(|most| *value <= most)).map(|(_, index)| index).collect()
}
