//! `general_settings`, as far as they say how deployments are probed.

use super::lenient;
use serde::Deserialize;

/// Seconds between two rounds of probes where nobody says otherwise.
const INTERVAL_SECONDS: f64 = 300.0;

/// How deployments are probed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct HealthSettings {
    /// Deployments are probed without anybody asking, and left out while they do not answer.
    #[serde(deserialize_with = "lenient::flag")]
    pub background_health_checks: bool,
    /// Seconds between two rounds.
    #[serde(deserialize_with = "lenient::seconds")]
    pub health_check_interval: Option<f64>,
    /// Whether `/health` says more than which models answer.
    #[serde(deserialize_with = "lenient::flag")]
    pub health_check_details: bool,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self { background_health_checks: false, health_check_interval: None, health_check_details: true }
    }
}

impl HealthSettings {
    /// Milliseconds between two rounds.
    pub fn interval_millis(&self) -> i64 {
        (self.health_check_interval.unwrap_or(INTERVAL_SECONDS) * 1_000.0) as i64
    }
}
