//! Vault: paths, headers, logins, what is not there, what is refused.

use super::super::call::scripted::Scripted;
use super::*;
use crate::clock::ManualClock;

const FOUND: &str = r#"{"data":{"data":{"key":"sk-found"},"metadata":{"version":1}}}"#;

fn place() -> VaultPlace {
    VaultPlace {
        address: "https://vault.test:8200/".to_owned(),
        namespace: Some("admin".to_owned()),
        mount: "secret".to_owned(),
        prefix: Some("litellm".to_owned()),
        description: Some("a key".to_owned()),
    }
}

fn vault(login: Login, calls: &Arc<Scripted>) -> (Vault, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_763_700_000)));
    (Vault::new(place(), login, calls.clone(), clock.clone()), clock)
}

use crate::clock::Timestamp;

fn token() -> Login {
    Login::Token(Secret::new("hvs.token"))
}

fn approle() -> Login {
    let (role_id, secret_id) = (Secret::new("role"), Some(Secret::new("secret")));
    Login::AppRole { mount: "approle".to_owned(), role_id, secret_id }
}

async fn text(vault: &Vault, name: &str) -> Option<String> {
    vault.fetch(name).await.unwrap().map(|secret| secret.expose().to_owned())
}

#[tokio::test]
async fn a_secret_is_read_where_the_mount_the_prefix_and_its_name_lead() {
    let calls = Scripted::of([Some((200, FOUND)), Some((404, r#"{"errors":[]}"#))]);
    let (vault, _) = vault(token(), &calls);
    assert_eq!(text(&vault, "OPENAI_API_KEY").await.as_deref(), Some("sk-found"));
    assert_eq!(text(&vault, "other").await, None);
    assert_eq!(calls.lines()[0], "GET https://vault.test:8200/v1/secret/data/litellm/OPENAI_API_KEY");
    assert_eq!(calls.header(0, "x-vault-token").as_deref(), Some("hvs.token"));
    assert_eq!(calls.header(0, "x-vault-namespace").as_deref(), Some("admin"));
    assert!(calls.asked.lock().unwrap()[0].headers["x-vault-token"].is_sensitive());
}

#[tokio::test]
async fn a_secret_without_the_usual_field_is_all_of_its_fields() {
    let calls =
        Scripted::of([Some((200, r#"{"data":{"data":{"A":"sk-a"}}}"#)), Some((200, r#"{"data":{"data":null}}"#))]);
    let (vault, _) = vault(token(), &calls);
    assert_eq!(text(&vault, "all").await.as_deref(), Some(r#"{"A":"sk-a"}"#));
    assert_eq!(text(&vault, "deleted").await, None);
}

#[tokio::test]
async fn a_role_logs_in_once_and_again_when_its_token_ends_or_is_revoked() {
    let logged_in = |token| format!(r#"{{"auth":{{"client_token":"{token}","lease_duration":3600}}}}"#);
    let (first, second, third) = (logged_in("t1"), logged_in("t2"), logged_in("t3"));
    let calls = Scripted::of([
        Some((200, first.as_str())),
        Some((200, FOUND)),
        Some((200, FOUND)),
        Some((200, second.as_str())),
        Some((200, FOUND)),
        Some((403, r#"{"errors":["permission denied"]}"#)),
        Some((200, third.as_str())),
        Some((200, FOUND)),
    ]);
    let (vault, clock) = vault(approle(), &calls);
    text(&vault, "a").await;
    text(&vault, "a").await;
    clock.advance_millis(3_300_000);
    text(&vault, "a").await;
    text(&vault, "a").await;
    let lines = calls.lines();
    let logins: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].ends_with("/v1/auth/approle/login")).collect();
    assert_eq!(logins, [0, 3, 6]);
    assert_eq!(calls.body(0), serde_json::json!({"role_id": "role", "secret_id": "secret"}));
    assert_eq!(calls.header(0, "x-vault-namespace").as_deref(), Some("admin"));
    let shown: Vec<_> = [1, 2, 4, 5, 7].into_iter().filter_map(|at| calls.header(at, "x-vault-token")).collect();
    assert_eq!(shown, ["t1", "t1", "t2", "t2", "t3"]);
}

#[tokio::test]
async fn a_certificate_logs_in_under_its_role() {
    let calls = Scripted::of([Some((200, r#"{"auth":{"client_token":"t","lease_duration":0}}"#)), Some((200, FOUND))]);
    let login = Login::Certificate { mount: "cert".to_owned(), role: Some("ours".to_owned()) };
    let (vault, _) = vault(login, &calls);
    text(&vault, "a").await;
    assert_eq!(calls.lines()[0], "POST https://vault.test:8200/v1/auth/cert/login");
    assert_eq!(calls.body(0), serde_json::json!({"name": "ours"}));
}

#[tokio::test]
async fn keys_are_written_and_deleted() {
    let calls = Scripted::of([Some((200, "{}")), Some((204, "")), Some((404, ""))]);
    let (vault, _) = vault(token(), &calls);
    vault.write("keys/a", &Secret::new("sk-a")).await.unwrap();
    vault.delete("keys/a").await.unwrap();
    vault.delete("keys/a").await.unwrap();
    let lines = calls.lines();
    assert_eq!(lines[0], "POST https://vault.test:8200/v1/secret/data/litellm/keys/a");
    assert_eq!(lines[1], "DELETE https://vault.test:8200/v1/secret/data/litellm/keys/a");
    assert_eq!(calls.body(0), serde_json::json!({"data": {"key": "sk-a", "description": "a key"}}));
}

#[tokio::test]
async fn what_goes_wrong_says_what_to_do_and_never_the_token() {
    let calls = Scripted::of([Some((403, r#"{"errors":["permission denied"]}"#)), None, Some((200, "no json: sk-x"))]);
    let (vault, _) = vault(token(), &calls);
    let denied = vault.fetch("a").await.unwrap_err();
    assert!(denied.to_string().starts_with("the secret `a` is not ours to use: the token's policy needs `read`"));
    let down = vault.fetch("a").await.unwrap_err();
    assert!(down.passes() && down.to_string() == "the source of the secret `a` cannot be reached", "{down}");
    let odd = vault.fetch("a").await.unwrap_err();
    assert!(!format!("{denied:?} {down:?} {odd:?}").contains("hvs.token"));
    assert!(!format!("{odd:?}").contains("sk-x"), "{odd:?}");
}
