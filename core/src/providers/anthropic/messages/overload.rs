//! An overload, told with the status that Anthropic has for it: its own clients know it, others do not.

use crate::providers::failure::{FailureClass, ProviderFailure};

/// Anthropic's own status for having no capacity.
const OVERLOADED: u16 = 529;

/// The failure as these clients know it.
pub(super) fn known(failure: ProviderFailure) -> ProviderFailure {
    match failure.class {
        FailureClass::Overloaded if failure.status == 500 => ProviderFailure { status: OVERLOADED, ..failure },
        _ => failure,
    }
}
