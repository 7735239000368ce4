//! The latest latencies of a deployment and their mean, which is worked out when one is added: a choice among many reads
//! one number of each.

use crate::clock::Timestamp;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The latest latencies; the oldest gives way. Each is seconds in the upper half and when it was measured, in seconds,
/// in the lower; 0 is none.
#[derive(Debug)]
#[repr(C)]
pub struct Latencies {
    /// The mean over all, and the earliest of the two seconds that are in it.
    all: AtomicU64,
    own: Mean,
    others: Mean,
    /// Made when one is added.
    slots: OnceLock<Box<[AtomicU64]>>,
    room: usize,
    next: AtomicUsize,
}

/// A mean of so many latencies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanOf {
    /// The mean in seconds.
    pub seconds: f32,
    /// How many there are.
    pub count: u32,
}

/// A mean, and the latest second that is in it.
#[derive(Debug, Default)]
struct Mean {
    packed: AtomicU64,
    count: AtomicUsize,
}

impl Latencies {
    /// Room for so many.
    pub fn of(count: usize) -> Self {
        Self {
            slots: OnceLock::new(),
            room: count,
            next: AtomicUsize::new(0),
            all: AtomicU64::new(0),
            own: Mean::default(),
            others: Mean::default(),
        }
    }

    /// Adds one.
    pub fn record(&self, now: Timestamp, seconds: f32) {
        let slots = self.slots.get_or_init(|| (0..self.room).map(|_| AtomicU64::new(0)).collect());
        let at = self.next.fetch_add(1, Relaxed) % self.room.max(1);
        let Some(slot) = slots.get(at) else { return };
        slot.store(packed(seconds, second_of(now)), Relaxed);
        let (mut sum, mut count) = (0.0, 0);
        for (seconds, _) in slots.iter().filter_map(|slot| unpacked(slot.load(Relaxed))) {
            sum += seconds;
            count += 1;
        }
        self.own.set(MeanOf { seconds: sum / count.max(1) as f32, count }, now);
        self.join();
    }

    /// What others have measured.
    pub fn others_measured(&self, now: Timestamp, mean: MeanOf) {
        let most = u32::try_from(self.room).unwrap_or(u32::MAX);
        self.others.set(MeanOf { count: mean.count.min(most), ..mean }, now);
        self.join();
    }

    /// The mean in seconds over all; `None`: nothing was measured in the second `since` or later.
    #[inline]
    pub fn mean(&self, since: u32) -> Option<f32> {
        let (seconds, at) = unpacked(self.all.load(Relaxed))?;
        if at >= since { Some(seconds) } else { self.mean_since(since).map(|(seconds, _)| seconds) }
    }

    /// Works out what [`Self::mean`] reads.
    fn join(&self) {
        let all = self.mean_since(0).map_or(0, |(seconds, at)| packed(seconds, at));
        self.all.store(all, Relaxed);
    }

    /// The mean over what counts, and the earliest second that is in it.
    #[cold]
    fn mean_since(&self, since: u32) -> Option<(f32, u32)> {
        match (self.own.get(since), self.others.get(since)) {
            (None, None) => None,
            (Some((mean, at)), None) | (None, Some((mean, at))) => Some((mean.seconds, at)),
            (Some((own, at)), Some((others, others_at))) => {
                let (a, b) = (own.count as f32, others.count as f32);
                Some(((own.seconds * a + others.seconds * b) / (a + b), at.min(others_at)))
            }
        }
    }
}

/// The earliest second that counts where a latency does for `ttl` seconds.
pub fn counting_since(now: Timestamp, ttl: u32) -> u32 {
    second_of(now).saturating_sub(ttl)
}

impl Mean {
    fn set(&self, mean: MeanOf, now: Timestamp) {
        self.count.store(mean.count as usize, Relaxed);
        self.packed.store(packed(mean.seconds, second_of(now)), Relaxed);
    }

    fn get(&self, since: u32) -> Option<(MeanOf, u32)> {
        let (seconds, at) = unpacked(self.packed.load(Relaxed))?;
        let count = u32::try_from(self.count.load(Relaxed)).unwrap_or(u32::MAX);
        (count > 0 && at >= since).then_some((MeanOf { seconds, count }, at))
    }
}

/// The second as a number that fits: until the year 2106.
fn second_of(now: Timestamp) -> u32 {
    u32::try_from(now.seconds()).unwrap_or(u32::MAX)
}

fn packed(seconds: f32, at: u32) -> u64 {
    u64::from(seconds.to_bits()) << 32 | u64::from(at.max(1))
}

#[inline]
fn unpacked(packed: u64) -> Option<(f32, u32)> {
    let seconds = f32::from_bits((packed >> 32) as u32);
    (packed != 0).then_some((seconds, packed as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);
    const SINCE: u32 = 940;

    #[test]
    fn the_oldest_gives_way() {
        let latencies = Latencies::of(2);
        assert_eq!(latencies.mean(SINCE), None);
        for seconds in [9.0, 1.0, 2.0] {
            latencies.record(NOW, seconds);
        }
        assert_eq!(latencies.mean(SINCE), Some(1.5));
    }

    #[test]
    fn what_is_too_old_counts_no_more() {
        let latencies = Latencies::of(2);
        latencies.record(NOW, 1.0);
        let mean_after = |millis| latencies.mean(counting_since(NOW.plus_millis(millis), 60));
        assert_eq!((mean_after(60_000), mean_after(61_000)), (Some(1.0), None));
    }

    #[test]
    fn of_own_and_others_the_one_that_still_counts_is_left() {
        let latencies = Latencies::of(2);
        latencies.record(NOW, 1.0);
        latencies.others_measured(NOW.plus_millis(30_000), MeanOf { seconds: 3.0, count: 1 });
        let mean_after = |millis| latencies.mean(counting_since(NOW.plus_millis(millis), 60));
        assert_eq!((mean_after(60_000), mean_after(61_000), mean_after(91_000)), (Some(2.0), Some(3.0), None));
    }

    #[test]
    fn what_others_measured_counts_as_much_as_there_is_of_it() {
        let latencies = Latencies::of(3);
        latencies.others_measured(NOW, MeanOf { seconds: 4.0, count: 100 });
        assert_eq!(latencies.mean(SINCE), Some(4.0));
        latencies.record(NOW, 0.0);
        assert_eq!(latencies.mean(SINCE), Some(3.0), "three of others and one of ours");
    }
}
