//! Probes deployments where an interval has passed since somebody did, and takes in what others found.

use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::flow::health::Health;

pub(super) async fn run(health: Option<&Health>, until: Until<'_>, progress: &mut Progress) -> Result<Ended, JobError> {
    let Some(health) = health else { return Ok(Ended::Off) };
    let Some(asked) = health.round(until.now()).await? else { return Ok(Ended::Off) };
    progress.examined = asked as u64;
    Ok(Ended::Finished)
}
