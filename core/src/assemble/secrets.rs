//! The secrets of a process: what the configuration and the environment ask for, from the secret manager and from AWS,
//! fetched at start and again while it runs.
//!
//! At start, a secret that the manager does not give is the environment's. One that neither has, as the manager is down,
//! stops the start. Later, what was known stays until something else is known.

use super::aws::AwsOnDemand;
use super::error::StartError;
use super::managers::{Manager, may_hold};
use super::transports;
use crate::config::{Document, Environment, KeyManagement, Loaded, Problem, Resolved};
use crate::flow::admin::keys::stored_keys::StoredKeys;
use crate::providers::resolve::resolve_provider;
use crate::secret::Secret;
use crate::secret_reference::SecretReference;
use crate::secrets::{SecretError, SecretSource};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How late a changed secret is noticed where nobody says.
const REFRESH_UNSAID: Duration = Duration::from_secs(300);
/// Never more often than this: each is a call to somebody else.
const REFRESH_MIN: Duration = Duration::from_secs(1);
/// Variables that say it, the first of them first.
const REFRESH_VARIABLES: [&str; 3] =
    ["HCP_VAULT_REFRESH_INTERVAL", "GOOGLE_SECRET_MANAGER_REFRESH_INTERVAL", "SECRET_MANAGER_REFRESH_INTERVAL"];
/// Waits between tries at start.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// Reads a configuration with secrets in the place of their references.
pub(super) type Read = dyn Fn(&Environment, &Resolved) -> Result<Loaded, StartError> + Send + Sync;
/// Which references there are.
pub(super) type References = dyn Fn(&Environment) -> BTreeSet<SecretReference> + Send + Sync;

/// What is asked of a manager.
#[derive(Clone, Debug)]
struct Wanted {
    name: String,
    /// Whether somebody asked for it by name. What is only tried may be denied.
    is_named: bool,
}

/// The manager behind variables of the environment.
struct Managed {
    manager: Manager,
    named: KeyManagement,
    wanted: Vec<Wanted>,
}

/// Secrets, as they were last fetched.
#[derive(Clone, Default)]
struct Known {
    variables: BTreeMap<String, Secret>,
    resolved: Resolved,
}

/// Where a process's secrets come from.
pub struct Secrets {
    environment: Environment,
    aws: AwsOnDemand,
    managed: Option<Managed>,
    read: Box<Read>,
    references: Box<References>,
    interval: Duration,
    known: tokio::sync::Mutex<Known>,
}

impl Secrets {
    /// The secrets of a configuration that `read` makes sense of.
    pub(super) fn new(
        environment: &Environment,
        aws: &AwsOnDemand,
        references: Box<References>,
        read: Box<Read>,
    ) -> Self {
        let interval = REFRESH_VARIABLES.iter().find_map(|name| environment.text(name)?.trim().parse::<f64>().ok());
        Self {
            environment: environment.clone(),
            aws: aws.clone(),
            managed: None,
            read,
            references,
            interval: bounded(interval),
            known: tokio::sync::Mutex::default(),
        }
    }

    /// With a manager behind the variables that the document asks for.
    pub(super) fn managed_by(mut self, manager: Manager, named: KeyManagement, document: &Document) -> Self {
        if let Some(seconds) = named.settings.refresh_interval {
            self.interval = bounded(Some(seconds));
        }
        let wanted = wanted(&named, document);
        self.managed = Some(Managed { manager, named, wanted });
        self
    }

    /// Where virtual keys are stored, and under which names.
    pub(super) fn stored_keys(&self) -> Option<StoredKeys> {
        let managed = self.managed.as_ref()?;
        let settings = managed.named.settings.clone();
        Some(StoredKeys::new(managed.manager.keeper.clone()?, Box::new(move |name| settings.stored_name(name))))
    }

    /// How late a changed secret is noticed; `None`: there is none that could change.
    pub(super) async fn interval(&self) -> Option<Duration> {
        let reads = self.source().is_some();
        (reads || !self.known.lock().await.resolved.is_empty()).then_some(self.interval)
    }

    /// The configuration at the process's start.
    ///
    /// # Errors
    /// [`StartError`], also where a secret is neither the manager's to give nor the environment's.
    pub(super) async fn first(&self) -> Result<Loaded, StartError> {
        let mut warnings = Vec::new();
        let variables = match self.source() {
            Some((source, managed)) => self.managers(source, managed, &mut warnings).await?,
            None => BTreeMap::new(),
        };
        let environment = self.environment.with(variables.clone());
        let resolved = self.aws.secrets((self.references)(&environment)).await?;
        let mut loaded = (self.read)(&environment, &resolved)?;
        loaded.warnings.append(&mut warnings);
        loaded.objects = transports::objects(&loaded.config, &loaded.environment, &self.aws).await?;
        *self.known.lock().await = Known { variables, resolved };
        Ok(loaded)
    }

    /// Fetches everything anew. `None`: nothing has changed. What cannot be fetched stays as it was.
    ///
    /// # Errors
    /// [`StartError`]: with the new secrets the configuration is none.
    pub(super) async fn renewed(&self) -> Result<Option<Loaded>, StartError> {
        let mut known = self.known.lock().await;
        let mut now = known.clone();
        if let Some((source, managed)) = self.source() {
            for (wanted, found) in fetched(source, &managed.wanted).await {
                match found {
                    Ok(Some(secret)) => drop(now.variables.insert(wanted.name, secret)),
                    Ok(None) if known.variables.contains_key(&wanted.name) => {
                        tracing::warn!(name = wanted.name, "the secret manager no longer has this secret; it is kept");
                    }
                    Err(error) if wanted.is_named || known.variables.contains_key(&wanted.name) => {
                        tracing::warn!(%error, cause = cause(&error), "a secret could not be refreshed; it is kept");
                    }
                    Ok(None) | Err(_) => {}
                }
            }
        }
        let environment = self.environment.with(now.variables.clone());
        match self.aws.secrets((self.references)(&environment)).await {
            Ok(resolved) => now.resolved = resolved,
            Err(error) => tracing::warn!(%error, "secrets of AWS could not be refreshed; they are kept"),
        }
        if same(&now, &known) {
            return Ok(None);
        }
        let loaded = (self.read)(&environment, &now.resolved)?;
        *known = now;
        Ok(Some(loaded))
    }

    fn source(&self) -> Option<(&dyn SecretSource, &Managed)> {
        let managed = self.managed.as_ref()?;
        Some((managed.manager.source.as_deref()?, managed))
    }

    /// What the manager gives. A passing failure is tried again; what is left is the environment's to give.
    async fn managers(
        &self,
        source: &dyn SecretSource,
        managed: &Managed,
        warnings: &mut Vec<Problem>,
    ) -> Result<BTreeMap<String, Secret>, StartError> {
        let mut found = BTreeMap::new();
        let mut asked = managed.wanted.clone();
        let mut pauses = PAUSES.iter();
        loop {
            let mut failed = Vec::new();
            for (wanted, answer) in fetched(source, &asked).await {
                match answer {
                    Ok(Some(secret)) => drop(found.insert(wanted.name, secret)),
                    Ok(None) => {}
                    // It was only tried: who may not read it has no use for it.
                    Err(error) if !wanted.is_named && !error.passes() => {}
                    Err(error) => failed.push((wanted, error)),
                }
            }
            let pause = failed.iter().any(|(_, error)| error.passes()).then(|| pauses.next()).flatten();
            let Some(pause) = pause else {
                return failed.into_iter().try_fold(found, |found, (wanted, error)| {
                    warnings.push(self.fallback(&wanted, error)?);
                    Ok(found)
                });
            };
            asked = failed.into_iter().map(|(wanted, _)| wanted).collect();
            tokio::time::sleep(*pause).await;
        }
    }

    /// The environment's value in the place of the manager's; told to the operator.
    fn fallback(&self, wanted: &Wanted, error: SecretError) -> Result<Problem, StartError> {
        let name = &wanted.name;
        if self.environment.text(name).is_none() {
            return Err(StartError::NoSecret { name: name.clone(), cause: error });
        }
        let message = format!("{name} is read from the environment: {error} ({})", cause(&error));
        let path = "general_settings.key_management_system".to_owned();
        Ok(Problem { file: String::new(), line: 0, column: 0, path, message, nearest: None })
    }
}

/// The reason below an error, for the operator.
fn cause(error: &SecretError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

fn bounded(seconds: Option<f64>) -> Duration {
    let said = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    said.unwrap_or(REFRESH_UNSAID).max(REFRESH_MIN)
}

fn same(one: &Known, other: &Known) -> bool {
    let variables = one.variables.len() == other.variables.len()
        && one
            .variables
            .iter()
            .all(|(name, value)| other.variables.get(name).is_some_and(|other| other.expose() == value.expose()));
    let resolved = one.resolved.len() == other.resolved.len()
        && one
            .resolved
            .iter()
            .all(|(name, value)| other.resolved.get(name).is_some_and(|other| other.expose() == value.expose()));
    variables && resolved
}

async fn fetched(source: &dyn SecretSource, wanted: &[Wanted]) -> Vec<(Wanted, Result<Option<Secret>, SecretError>)> {
    let names: Vec<String> = wanted.iter().map(|wanted| wanted.name.clone()).collect();
    wanted.iter().cloned().zip(source.fetch_all(&names).await).collect()
}

/// What a manager is asked for: the hosted keys; where nobody says which, the variables that the document names, and those
/// that providers without a key look at.
fn wanted(named: &KeyManagement, document: &Document) -> Vec<Wanted> {
    let mut wanted = BTreeMap::new();
    match &named.settings.hosted_keys {
        Some(hosted) => wanted.extend(hosted.iter().map(|name| (name.clone(), true))),
        None => {
            let providers = document.models_without_key().filter_map(|model| resolve_provider(model, None, None).ok());
            let tried = providers.flat_map(|found| found.provider.key_variables).map(|name| (*name).to_owned());
            wanted.extend(tried.map(|name| (name, false)));
            if !document.names_master_key() {
                wanted.insert("LITELLM_MASTER_KEY".to_owned(), false);
            }
            wanted.extend(document.variables().map(|name| (name, true)));
        }
    }
    let wanted = wanted.into_iter().filter(|(name, _)| may_hold(name));
    wanted.map(|(name, is_named)| Wanted { name, is_named }).collect()
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
