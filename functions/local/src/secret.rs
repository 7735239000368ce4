//! `postern secret`: values at rest by hand. One value comes on standard input, one goes out on standard output; the
//! keys come from the environment, as they do for the gateway.

use crate::banner;
use clap::{Args, Subcommand};
use postern_core::assemble::aws::AwsOnDemand;
use postern_core::assemble::configuration::{self, ConfigSource};
use postern_core::assemble::sealing;
use postern_core::clock::{Random, SystemRandom};
use postern_core::config::Environment;
use postern_core::crypto::key_file::KeyFile;
use postern_core::crypto::litellm_value::Algorithm;
use postern_core::crypto::{Place, Sealer};
use postern_core::secret::Secret;
use std::error::Error;
use std::io::{self, Read};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The largest value that is read, in bytes.
const VALUE_BYTES_MAX: u64 = 1 << 20;

/// Seal, open and check values at rest.
///
/// One value is read from standard input (one newline at its end is not part of it) and one is written to standard
/// output. The keys come from the environment, as for the gateway itself: POSTERN_KMS_KEY or POSTERN_KEY_FILE (Postern's
/// own form), LITELLM_SALT_KEY or else LITELLM_MASTER_KEY (LiteLLM's forms). The first of these seals; all of them open,
/// and so do POSTERN_OLD_KMS_KEYS and POSTERN_OLD_SALT_KEY.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SecretOptions {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Seal the value
    Seal(PlaceOptions),
    /// Open a sealed value, in Postern's form or in either of LiteLLM's
    Open(PlaceOptions),
    /// Open a sealed value and seal it as it would be sealed now
    Rotate(PlaceOptions),
    /// Make a line for the file that POSTERN_KEY_FILE names; the file's last line seals
    NewKey {
        /// The key's name
        #[arg(long, value_name = "ID", default_value = "main")]
        id: String,
        /// The key's version: one more than before, to rotate
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        key_version: u32,
    },
}

/// The place that a value in Postern's form is bound to: it opens nowhere else. LiteLLM's forms know no place.
#[derive(Debug, Args)]
struct PlaceOptions {
    /// Which kind of rows: `credentials` for values of /credentials
    #[arg(long, value_name = "TABLE", default_value = "")]
    table: String,
    /// Which row: the credential's name
    #[arg(long, value_name = "ROW", default_value = "")]
    row: String,
    /// Which field of it: `api_key`
    #[arg(long, value_name = "FIELD", default_value = "")]
    field: String,
}

const EXAMPLES: &str = "\
Examples:
  postern secret new-key >> keys.txt                     a key file, or one more key for it
  POSTERN_KEY_FILE=keys.txt postern secret seal < value  seal a value
  LITELLM_SALT_KEY=… postern secret open < value         can this row of LiteLLM's be read with this salt key?
  POSTERN_KEY_FILE=keys.txt POSTERN_OLD_SALT_KEY=… postern secret rotate < value
                                                         from LiteLLM's form to Postern's";

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    #[error("the value is longer than {VALUE_BYTES_MAX} bytes")]
    TooLong,
    #[error("`--id {0}` may hold letters, digits, `-`, `_`, `.` and `/`")]
    Id(String),
}

/// Does what is asked.
pub(crate) async fn run(options: SecretOptions) -> Result<(), Box<dyn Error>> {
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let (action, place) = match &options.action {
        Action::NewKey { id, key_version } => return new_key(id, *key_version, random.as_ref()),
        Action::Seal(place) | Action::Open(place) | Action::Rotate(place) => (&options.action, place),
    };
    let place = Place::new(&place.table, &place.row, &place.field);
    let sealer = sealer(&random).await?;
    let value = value()?;
    match action {
        Action::Seal(_) => banner::say(&(sealer.seal(&place, &Secret::new(value.as_str())).await? + "\n")),
        Action::Open(_) => {
            let opened = sealer.open(&place, &value).await?;
            banner::say(&Zeroizing::new(format!("{}\n", opened.secret.expose())));
            if !opened.is_current {
                banner::warn(&"new values are sealed with another key or form; `postern secret rotate` moves this one");
            }
        }
        Action::Rotate(_) => {
            let moved = sealer.rewrapped(&place, &value).await?;
            if moved.is_none() {
                banner::warn(&"the value is sealed as it would be now, and stays as it is");
            }
            banner::say(&format!("{}\n", moved.as_deref().unwrap_or(&value)));
        }
        Action::NewKey { .. } => {}
    }
    Ok(())
}

fn new_key(id: &str, version: u32, random: &dyn Random) -> Result<(), Box<dyn Error>> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    if id.is_empty() || !id.bytes().all(fits) {
        return Err(Refused::Id(id.to_owned()).into());
    }
    let line = KeyFile::new_line(id, version, random)?;
    banner::say(&Zeroizing::new(format!("{}\n", line.as_str())));
    Ok(())
}

async fn sealer(random: &Arc<dyn Random>) -> Result<Sealer, Box<dyn Error>> {
    let environment = Environment::of_process();
    let aws = AwsOnDemand::new(environment.clone());
    let (loaded, _) = configuration::find(&ConfigSource::Nothing, &environment, &aws).await?.load().await?;
    let master_key = loaded.config.general.master_key.as_ref();
    Ok(sealing::sealer(&loaded.environment, master_key, Algorithm::default(), (&aws, random)).await?)
}

fn value() -> Result<Zeroizing<String>, Refused> {
    let mut value = Zeroizing::new(String::new());
    io::stdin().lock().take(VALUE_BYTES_MAX + 1).read_to_string(&mut value).map_err(Refused::Input)?;
    if value.len() as u64 > VALUE_BYTES_MAX {
        return Err(Refused::TooLong);
    }
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    Ok(value)
}
