//! Where a deployment on Vertex AI is called: below a project and a location, or at an address of the operator's own that
//! names the model itself.

use super::family::Family;
use crate::config::{DeploymentParams, Environment};
use crate::price;
use crate::providers::identity::{GoogleAccount, GoogleCredentials};
use serde_json::Value;

/// Where models are called where nobody says.
const LOCATION_UNSAID: &str = "us-central1";
/// The place that is no region.
const GLOBAL: &str = "global";

/// The base: up to the location; up to the shared endpoint for models that are called there; or as the operator says it,
/// where that has a path. `None`: nothing tells the project.
pub fn base(params: &DeploymentParams, model: &str, environment: &Environment) -> Option<String> {
    let own = params.api_base.as_deref().map(|base| base.trim_end_matches('/')).filter(|base| !base.is_empty());
    if let Some(own) = own.filter(|base| has_path(base)) {
        return Some(own.to_owned());
    }
    let said = |said: &Option<String>, names: [&str; 2]| {
        let told = || names.iter().find_map(|name| environment.text(name)).map(str::to_owned);
        said.clone().or_else(told)
    };
    let account = &params.account;
    let project = said(&account.vertex_project, ["VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT"])
        .or_else(|| project_of(&GoogleAccount::of(account, environment)))?;
    let location = said(&account.vertex_location, ["VERTEXAI_LOCATION", "VERTEX_LOCATION"]);
    let location = location.unwrap_or_else(|| usual_location(model).to_owned());
    let host = own.map_or_else(|| host(&location), str::to_owned);
    let shared = if Family::of(model) == Family::OpenApi { "/endpoints/openapi" } else { "" };
    Some(format!("{host}/v1/projects/{project}/locations/{location}{shared}"))
}

fn has_path(base: &str) -> bool {
    base.split_once("://").map_or(base, |(_, rest)| rest).contains('/')
}

/// Regions have a host each, groups of regions another form of name, and the whole world the plain one.
fn host(location: &str) -> String {
    match location {
        GLOBAL => "https://aiplatform.googleapis.com".to_owned(),
        "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
        region => format!("https://{region}-aiplatform.googleapis.com"),
    }
}

/// Some models are served by no region.
fn usual_location(model: &str) -> &'static str {
    let known = price::find(model, Some("vertex_ai"));
    let regions = known.as_ref().and_then(|price| price.info().get("supported_regions")).and_then(Value::as_array);
    let is_global = regions.is_some_and(|regions| regions.first().is_some_and(|region| region == GLOBAL));
    if is_global { GLOBAL } else { LOCATION_UNSAID }
}

/// The project that credentials belong to, where they are at hand.
fn project_of(account: &GoogleAccount) -> Option<String> {
    let GoogleCredentials::Given(credentials) = &account.credentials else { return None };
    let credentials: Value = serde_json::from_str(credentials.expose()).ok()?;
    credentials.get("project_id")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(params: &Value, pairs: &[(&str, &str)]) -> Option<String> {
        let params: DeploymentParams = serde_json::from_value(params.clone()).unwrap();
        let model = params.model.strip_prefix("vertex_ai/").unwrap().to_owned();
        base(&params, &model, &Environment::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn a_location_has_a_host_of_its_own_and_the_world_has_the_plain_one() {
        let of = |location: &str| {
            let params =
                json!({"model": "vertex_ai/gemini-2.5-pro", "vertex_project": "p", "vertex_location": location});
            at(&params, &[]).unwrap()
        };
        let region = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5";
        assert_eq!(of("us-east5"), region);
        assert_eq!(of("global"), "https://aiplatform.googleapis.com/v1/projects/p/locations/global");
        assert_eq!(of("eu"), "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu");
    }

    #[test]
    fn what_a_deployment_does_not_say_the_environment_or_the_credentials_say() {
        let bare = json!({"model": "vertex_ai/gemini-2.5-pro"});
        let wanted = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1";
        assert_eq!(at(&bare, &[("VERTEXAI_PROJECT", "p")]).as_deref(), Some(wanted));
        let keyed = json!({"model": "vertex_ai/gemini-2.5-pro", "vertex_credentials": "{\"project_id\":\"p\"}"});
        assert_eq!(at(&keyed, &[]).as_deref(), Some(wanted));
        assert_eq!(at(&bare, &[]), None);
        let shared = json!({"model": "vertex_ai/meta/llama-4-maas", "vertex_project": "p"});
        assert_eq!(at(&shared, &[]).unwrap(), format!("{wanted}/endpoints/openapi"));
    }

    #[test]
    fn an_address_with_a_path_is_the_models_own() {
        let own = json!({"model": "vertex_ai/gemini-2.5-pro", "api_base": "https://v.test/models/mine/"});
        assert_eq!(at(&own, &[]).as_deref(), Some("https://v.test/models/mine"));
        let host = json!({"model": "vertex_ai/x", "api_base": "https://v.test", "vertex_project": "p"});
        assert_eq!(at(&host, &[]).as_deref(), Some("https://v.test/v1/projects/p/locations/us-central1"));
    }
}
