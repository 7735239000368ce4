//! Where secrets come from at start and later: the manager, the environment, neither; a manager that is down, slow,
//! denies, or changes its mind.

use super::*;
use crate::config::{Config, Document, Sources};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a manager answers to a name.
#[derive(Clone)]
enum Says {
    Text(&'static str),
    Down,
    Denied,
}

#[derive(Default)]
struct Played {
    says: Mutex<HashMap<String, Says>>,
    asked: Mutex<Vec<String>>,
    /// How many answers are "down" before it comes up.
    down_for: AtomicUsize,
}

#[async_trait]
impl SecretSource for Played {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        self.asked.lock().unwrap().push(name.to_owned());
        let (name, cause) = (name.to_owned(), "played".into());
        let down = self.down_for.load(Ordering::SeqCst);
        if down > 0 {
            self.down_for.store(down - 1, Ordering::SeqCst);
            return Err(SecretError::Unavailable { name, cause });
        }
        match self.says.lock().unwrap().get(&name) {
            None => Ok(None),
            Some(Says::Text(text)) => Ok(Some(Secret::new(*text))),
            Some(Says::Down) => Err(SecretError::Unavailable { name, cause }),
            Some(Says::Denied) => Err(SecretError::Denied { name, advice: "ask".to_owned(), cause }),
        }
    }
}

impl Played {
    fn say(&self, name: &str, says: Says) {
        self.says.lock().unwrap().insert(name.to_owned(), says);
    }
}

const TEXT: &str = "\
model_list: [{model_name: a, litellm_params: {model: openai/x, api_key: os.environ/KEY}}, {model_name: b, \
                    litellm_params: {model: groq/y}}]
general_settings: {key_management_system: local, key_management_settings: {HOSTED}}
";

fn secrets(hosted: &str, environment: &[(&str, &str)]) -> (Arc<Played>, Secrets) {
    let environment = Environment::from_pairs(environment.iter().copied());
    let document = Arc::new(Document::parse("c.yaml", &TEXT.replace("HOSTED", hosted)).unwrap());
    let (named, _) = document.key_management(&environment).unwrap();
    let played = Arc::new(Played::default());
    let manager = Manager { source: Some(played.clone()), keeper: None };
    let read = Arc::clone(&document);
    let secrets = Secrets::new(
        &environment,
        &AwsOnDemand::new(environment.clone()),
        Box::new(|_| BTreeSet::new()),
        Box::new(move |environment, resolved| {
            let sources = Sources { environment, resolved, provider_check: &|_, _| Ok(()) };
            Ok(Config::from_document(&read, sources)?)
        }),
    );
    (played, secrets.managed_by(manager, named.unwrap(), &document))
}

fn key(loaded: &Loaded) -> Option<String> {
    loaded.config.models[0].params.api_key.as_ref().map(|key| key.expose().to_owned())
}

#[tokio::test]
async fn the_manager_goes_before_the_environment_and_is_asked_for_what_may_be_needed() {
    let (played, secrets) = secrets("", &[("KEY", "sk-environment")]);
    played.say("KEY", Says::Text("sk-manager"));
    played.say("GROQ_API_KEY", Says::Text("sk-groq"));
    let loaded = secrets.first().await.unwrap();
    assert_eq!(key(&loaded).as_deref(), Some("sk-manager"));
    assert_eq!(loaded.environment.text("GROQ_API_KEY"), Some("sk-groq"));
    assert_eq!(*played.asked.lock().unwrap(), ["GROQ_API_KEY", "KEY", "LITELLM_MASTER_KEY"]);
}

#[tokio::test]
async fn hosted_keys_alone_are_asked_for() {
    let (played, secrets) = secrets("hosted_keys: [OTHER]", &[("KEY", "sk-environment")]);
    played.say("KEY", Says::Text("sk-manager"));
    assert_eq!(key(&secrets.first().await.unwrap()).as_deref(), Some("sk-environment"));
    assert_eq!(*played.asked.lock().unwrap(), ["OTHER"]);
}

#[tokio::test]
async fn what_the_manager_does_not_have_is_the_environments() {
    let (_, secrets) = secrets("", &[("KEY", "sk-environment")]);
    let loaded = secrets.first().await.unwrap();
    assert_eq!(key(&loaded).as_deref(), Some("sk-environment"));
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_is_down_for_a_moment_is_waited_for() {
    let (played, secrets) = secrets("hosted_keys: [KEY]", &[]);
    played.say("KEY", Says::Text("sk-manager"));
    played.down_for.store(2, Ordering::SeqCst);
    assert_eq!(key(&secrets.first().await.unwrap()).as_deref(), Some("sk-manager"));
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_stays_down_stops_the_start_unless_the_environment_has_the_secret() {
    let (played, down) = secrets("", &[]);
    played.say("KEY", Says::Down);
    let error = down.first().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`KEY` could not be read from the secret manager, and the environment has none either"
    );
    let (played, bridged) = secrets("", &[("KEY", "sk-environment")]);
    played.say("KEY", Says::Down);
    let loaded = bridged.first().await.unwrap();
    assert_eq!(key(&loaded).as_deref(), Some("sk-environment"));
    let told = loaded.warnings.iter().any(|warning| warning.message.starts_with("KEY is read from the environment"));
    assert!(told, "{:?}", loaded.warnings);
}

#[tokio::test]
async fn what_is_denied_stops_the_start_only_where_it_is_named() {
    let (played, tried) = secrets("", &[("KEY", "sk")]);
    played.say("GROQ_API_KEY", Says::Denied);
    tried.first().await.unwrap();
    let (played, named) = secrets("", &[]);
    played.say("KEY", Says::Denied);
    assert!(matches!(named.first().await, Err(StartError::NoSecret { .. })));
}

#[tokio::test]
async fn a_rotation_is_noticed_and_an_outage_or_a_deletion_changes_nothing() {
    let (played, secrets) = secrets("", &[]);
    played.say("KEY", Says::Text("sk-1"));
    secrets.first().await.unwrap();
    assert!(secrets.renewed().await.unwrap().is_none());
    played.say("KEY", Says::Text("sk-2"));
    assert_eq!(key(&secrets.renewed().await.unwrap().unwrap()).as_deref(), Some("sk-2"));
    played.say("KEY", Says::Down);
    assert!(secrets.renewed().await.unwrap().is_none());
    played.says.lock().unwrap().clear();
    assert!(secrets.renewed().await.unwrap().is_none());
    played.say("GROQ_API_KEY", Says::Text("sk-groq"));
    let loaded = secrets.renewed().await.unwrap().unwrap();
    assert_eq!((key(&loaded).as_deref(), loaded.environment.text("GROQ_API_KEY")), (Some("sk-2"), Some("sk-groq")));
}
