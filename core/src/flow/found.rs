//! What a probe found, as choices go by it: where operators want that, and for as long as somebody looks.

use crate::accounting::health_log::Checked;
use crate::config::health::HealthSettings;
use crate::routing::Routing;

/// Rounds after which a result counts no more: who probed may be gone.
const ROUNDS_MAX: i64 = 3;

/// Lets choices go by a result.
pub(super) fn take_in(checked: &Checked, routing: &Routing, settings: &HealthSettings) {
    if !settings.background_health_checks {
        return;
    }
    let seen = routing.seen(&checked.id);
    match checked.error {
        Some(_) => seen.is_unhealthy_until(checked.at.plus_millis(settings.interval_millis() * ROUNDS_MAX)),
        None => seen.is_healthy_again(),
    }
}
