//! The classes of service that change a price.

pub use crate::usage::{SearchContext, ServiceTier};

impl ServiceTier {
    /// The tier that the end of a price's key names; `None` for an ending that is not a tier.
    pub(super) fn from_suffix(suffix: &str) -> Option<Self> {
        match suffix {
            "" => Some(Self::Standard),
            "_flex" => Some(Self::Flex),
            "_priority" => Some(Self::Priority),
            "_balanced" => Some(Self::Balanced),
            "_ultrafast" => Some(Self::Ultrafast),
            "_batches" => Some(Self::Batch),
            _ => None,
        }
    }
}

/// The tiers that an answer may be served in. The standard tier is always one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiers(u8);

impl Tiers {
    /// The standard tier alone.
    pub const STANDARD: Self = Self(0);
    /// Every tier: what holds whatever the provider does.
    pub const ANY: Self = Self(u8::MAX);

    /// The tiers that a request which names this one can end in: the one named, or the standard tier where the
    /// provider has no room.
    pub fn named(tier: ServiceTier) -> Self {
        Self(1 << tier as u8)
    }

    /// Whether an answer may be served in this tier.
    pub fn contains(self, tier: ServiceTier) -> bool {
        tier == ServiceTier::Standard || self.0 & (1 << tier as u8) != 0
    }
}
