//! Which keys values at rest are sealed with: what the environment says, made into a sealer.

use super::aws::AwsOnDemand;
use super::error::StartError;
use super::sealing_error::{
    KEY_FILE, KMS_KEY, KMS_KEY_VERSION, OLD_KMS_KEYS, OLD_SALT_KEY, SALT_KEY, SEAL_WITH, SealingError,
};
use crate::clock::Random;
use crate::config::{Config, Environment, Loaded};
use crate::crypto::key_file::KeyFile;
use crate::crypto::kms_wrapper::KmsWrapper;
use crate::crypto::litellm_value::Algorithm;
use crate::crypto::sealer::{Keyring, Sealer};
use crate::secret::Secret;
use std::path::Path;
use std::sync::Arc;

/// The sealer that the environment asks for. The master key (never one made for this run) stands in where there is no
/// salt key, as LiteLLM has it. Calls no network.
///
/// # Errors
/// [`StartError::Sealing`], [`StartError::Aws`].
pub async fn sealer(
    environment: &Environment,
    master_key: Option<&Secret>,
    algorithm: Algorithm,
    (aws, random): (&AwsOnDemand, &Arc<dyn Random>),
) -> Result<Sealer, StartError> {
    let salts = [environment.secret(SALT_KEY), environment.secret(OLD_SALT_KEY), master_key.cloned()];
    let old_only = environment.text(SALT_KEY).is_none() && master_key.is_none();
    let asked = environment.text(SEAL_WITH);
    let kms = kms(environment, aws).await?;
    let file = environment.text(KEY_FILE).map(|path| KeyFile::open(Path::new(path), Arc::clone(random)));
    let file = file.transpose().map_err(SealingError::from)?;
    check(environment, asked, old_only)?;
    let mut ring = Keyring::default();
    let kms_is_old = environment.text(KMS_KEY).is_none();
    let writes_kms = kms.is_some() && !kms_is_old && asked != Some("key_file");
    let kms = kms.map(Arc::new);
    if let Some(kms) = kms.as_ref().filter(|_| writes_kms) {
        ring = ring.wrapper(Arc::clone(kms) as _);
    }
    let has_file = file.is_some();
    if let Some(file) = file {
        ring = ring.wrapper(Arc::new(file));
    }
    if let Some(kms) = kms.filter(|_| !writes_kms) {
        ring = ring.wrapper(kms);
    }
    // In the order in which they seal: the salt key, else the master key; an old one only opens.
    let [salt, old, master] = salts;
    let order = if salt.is_some() { [salt, old, master] } else { [master, old, None] };
    ring = order.iter().flatten().fold(ring, |ring, key| ring.salt(key));
    let only_old_kms = kms_is_old && !has_file && environment.text(OLD_KMS_KEYS).is_some();
    if asked == Some("salt_key") || only_old_kms {
        ring = ring.sealing_as_litellm(algorithm);
    }
    Ok(ring.sealer(algorithm, Arc::clone(random)))
}

/// The sealer of a configuration that was read, before a master key is made for this run.
///
/// # Errors
/// As [`sealer`].
pub async fn of_loaded(loaded: &Loaded, aws: &AwsOnDemand, random: &Arc<dyn Random>) -> Result<Sealer, StartError> {
    let general = &loaded.config.general;
    let algorithm = if general.seals_with_aes_gcm { Algorithm::Aes256Gcm } else { Algorithm::XSalsa20Poly1305 };
    let sealer = sealer(&loaded.environment, general.master_key.as_ref(), algorithm, (aws, random)).await?;
    check_needs(&loaded.config, &sealer)?;
    Ok(sealer)
}

/// Whether what the configuration wants sealed can be.
pub(super) fn check_needs(config: &Config, sealer: &Sealer) -> Result<(), StartError> {
    let (general, cache) = (&config.general, config.litellm.cache.as_ref());
    let needed = [
        (general.store_prompts_in_spend_logs, "general_settings.store_prompts_in_spend_logs keeps prompts sealed"),
        (cache.is_some_and(|cache| cache.is_sealed), "cache_params.sealed keeps answers sealed"),
    ];
    match needed.into_iter().find(|(is_asked, _)| *is_asked) {
        Some((_, by)) if !sealer.can_seal() => Err(SealingError::Needed(by).into()),
        _ => Ok(()),
    }
}

/// The sealer where nobody named a key: opens and seals nothing, and says so.
pub(super) fn without_keys(random: Arc<dyn Random>) -> Sealer {
    Keyring::default().sealer(Algorithm::default(), random)
}

fn check(environment: &Environment, asked: Option<&str>, no_salt: bool) -> Result<(), SealingError> {
    let is_set = |name| environment.text(name).is_some();
    match asked {
        Some("kms") if !is_set(KMS_KEY) => Err(SealingError::NotThere { asked: "kms", needed: KMS_KEY }),
        Some("key_file") if !is_set(KEY_FILE) => Err(SealingError::NotThere { asked: "key_file", needed: KEY_FILE }),
        Some("salt_key") if no_salt => Err(SealingError::NotThere { asked: "salt_key", needed: SALT_KEY }),
        Some("kms" | "key_file" | "salt_key") => Ok(()),
        Some(_) => Err(SealingError::SealWith),
        None if is_set(OLD_KMS_KEYS) && !is_set(KMS_KEY) && !is_set(KEY_FILE) && no_salt => Err(SealingError::OnlyOld),
        None => Ok(()),
    }
}

async fn kms(environment: &Environment, aws: &AwsOnDemand) -> Result<Option<KmsWrapper>, StartError> {
    let old: Vec<&str> = environment.text(OLD_KMS_KEYS).unwrap_or_default().split(',').map(str::trim).collect();
    let old: Vec<&str> = old.into_iter().filter(|key| !key.is_empty()).collect();
    let version = match environment.text(KMS_KEY_VERSION) {
        Some(text) => text.trim().parse().ok().filter(|version| *version > 0).ok_or(SealingError::Version)?,
        None => 1,
    };
    let Some(key) = environment.text(KMS_KEY).or(old.first().copied()) else { return Ok(None) };
    let connection = aws.connection().await?;
    Ok(Some(KmsWrapper::new(connection, key.trim(), version, &old).map_err(SealingError::from)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use crate::crypto::Place;

    async fn made(variables: &[(&str, &str)], master_key: Option<&str>) -> Result<Sealer, String> {
        let environment = Environment::from_pairs(variables.iter().copied());
        let aws = AwsOnDemand::new(environment.clone());
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let master_key = master_key.map(Secret::new);
        let made = sealer(&environment, master_key.as_ref(), Algorithm::default(), (&aws, &random)).await;
        made.map_err(|error| error.to_string())
    }

    async fn moves(from: &Sealer, to: &Sealer) -> bool {
        let place = Place::new("t", "r", "f");
        let value = from.seal(&place, &Secret::new("s")).await.unwrap();
        to.open(&place, &value).await.is_ok_and(|opened| opened.secret.expose() == "s")
    }

    #[tokio::test]
    async fn wrong_keys_stop_the_start_with_the_variables_name() {
        for (variables, wanted) in [
            (&[("POSTERN_SEAL_WITH", "magic")][..], "must be `kms`, `key_file` or `salt_key`"),
            (&[("POSTERN_SEAL_WITH", "key_file")], "POSTERN_KEY_FILE must be set"),
            (&[("POSTERN_SEAL_WITH", "salt_key")], "LITELLM_SALT_KEY must be set"),
            (&[("POSTERN_KEY_FILE", "/nowhere/keys")], "`/nowhere/keys` (POSTERN_KEY_FILE) cannot be read"),
            (&[("POSTERN_KMS_KEY", "k"), ("POSTERN_KMS_KEY_VERSION", "x")], "POSTERN_KMS_KEY_VERSION must be"),
            (&[("POSTERN_KMS_KEY", "a b"), ("AWS_REGION", "r")], "`a b` names no key of KMS"),
            (&[("POSTERN_OLD_KMS_KEYS", "a"), ("AWS_REGION", "r")], "only opens old values"),
        ] {
            let error = made(variables, None).await.unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[tokio::test]
    async fn the_salt_key_goes_before_the_master_key_and_an_old_one_only_opens() {
        let master = made(&[], Some("sk-master")).await.unwrap();
        let salt = made(&[("LITELLM_SALT_KEY", "salt")], Some("sk-master")).await.unwrap();
        let next = made(&[("LITELLM_SALT_KEY", "next"), ("POSTERN_OLD_SALT_KEY", "salt")], None).await.unwrap();
        assert!(moves(&master, &salt).await && !moves(&salt, &master).await);
        assert!(moves(&salt, &next).await && !moves(&next, &salt).await);
        assert!(!made(&[], None).await.unwrap().can_seal());
    }
}
