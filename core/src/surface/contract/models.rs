//! Models: which there are, those of the table, the groups and credentials that they name, and what can be asked of a call
//! without making it.

use super::described::{Answer, Described, Section};
use super::shared::MESSAGE;
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::config::group_budgets;
use crate::flow::admin::{access_groups, credentials, encryption, models};

const DEPLOYMENT: &[Field] =
    &[("model_id", Kind::Text), ("model_name", Kind::Text), ("litellm_params", Kind::Map), ("model_info", Kind::Map)];

const DATA: &[Field] = &[("data", Kind::List)];

const GROUP: &[Field] = &[("access_group", Kind::Text), ("models_updated", Kind::Integer)];

/// What is spent of the budget of an access group, in dollars.
const SPEND: Field = ("spend", Kind::Number);
const BUDGET: Field = ("budget", Kind::Map);

const CREDENTIAL_DONE: &[Field] = &[("success", Kind::Flag), ("message", Kind::Text)];

pub(super) fn section() -> Section {
    Section {
        name: "Models",
        about: "Models that may be called; deployments in the table, beside those of the file (`store_model_in_db`).",
        operations: MODELS.to_vec(),
    }
}

const MODELS: &[Described] = &[
    Described::of(&["GET /v1/models", "GET /models"], "Lists the models that the caller may call.")
        .gives(&[("object", Kind::Text), ("data", Kind::List)]),
    Described::of(&["GET /v1/models/{id}", "GET /models/{id}"], "Shows one of them.").gives(&[
        ("id", Kind::Text),
        ("object", Kind::Text),
        ("owned_by", Kind::Text),
    ]),
    Described::of(
        &["GET /model/info", "GET /v1/model/info"],
        "Shows the deployments of the models that the caller may call.",
    )
    .asks(&[("litellm_model_id", Kind::Text)])
    .gives(DATA),
    Described::of(&["GET /v2/model/info"], "The same, page by page.")
        .asks(&[("page", Kind::Integer), ("size", Kind::Integer), ("model", Kind::Text), ("search", Kind::Text)])
        .gives(&[("data", Kind::List), ("total_count", Kind::Integer), ("total_pages", Kind::Integer)]),
    Described::of(&["GET /model_group/info"], "What the deployments behind each name can do and cost.")
        .asks(&[("model_group", Kind::Text)])
        .gives(DATA),
    Described::of(&["POST /model/new"], "Adds a deployment.")
        .takes(|| models::FIELDS.to_vec())
        .needs(&["model_name", "litellm_params"])
        .gives(DEPLOYMENT),
    Described::of(&["POST /model/update"], "Changes the deployment that `model_info.id` names.")
        .takes(|| models::FIELDS.to_vec())
        .gives(DEPLOYMENT),
    Described::of(&["PATCH /model/{key}/update"], "Changes the deployment in the path.")
        .names("model_id")
        .takes(|| models::FIELDS.to_vec())
        .gives(DEPLOYMENT),
    Described::of(&["POST /model/delete"], "Removes a deployment.")
        .takes(|| models::NAMED.to_vec())
        .needs(&["id"])
        .gives(MESSAGE),
    Described::of(&["POST /access_group/new"], "Names several models together.")
        .takes(|| access_groups::NEW.to_vec())
        .needs(&["access_group"])
        .gives(GROUP),
    Described::of(&["GET /access_group/list"], "Lists the access groups of stored models.")
        .gives(&[("access_groups", Kind::List)]),
    Described::of(&["GET /access_group/{key}/info"], "Shows an access group.").names("access_group").gives(&[
        ("access_group", Kind::Text),
        ("model_names", Kind::TextList),
        ("deployment_count", Kind::Integer),
        SPEND,
        BUDGET,
    ]),
    Described::of(&["PUT /access_group/{key}/update"], "Says which models an access group has.")
        .names("access_group")
        .takes(|| access_groups::MEMBERS.to_vec())
        .gives(GROUP),
    Described::of(&["DELETE /access_group/{key}/delete"], "Takes an access group from its models.")
        .names("access_group")
        .gives(GROUP),
    Described::of(&["GET /access_group/{key}/budget"], "What an access group may spend, and has spent.")
        .names("access_group")
        .gives(&[("access_group", Kind::Text), SPEND, BUDGET]),
    Described::of(&["PUT /access_group/{key}/budget"], "Gives an access group a budget, which all its callers share.")
        .names("access_group")
        .takes(|| group_budgets::FIELDS.to_vec())
        .gives(&[("access_group", Kind::Text), SPEND, BUDGET]),
    Described::of(&["DELETE /access_group/{key}/budget"], "Takes the budget of an access group away.")
        .names("access_group")
        .gives(&[("access_group", Kind::Text), ("budget_deleted", Kind::Flag), ("message", Kind::Text)]),
];

pub(super) fn stored_credentials() -> Section {
    Section {
        name: "Credentials",
        about: "Credentials of providers by name, for models to refer to. Values go in and come out masked.",
        operations: CREDENTIALS.to_vec(),
    }
}

const CREDENTIALS: &[Described] = &[
    Described::of(&["POST /credentials"], "Stores a credential.")
        .takes(|| credentials::FIELDS.to_vec())
        .needs(&["credential_name"])
        .gives(CREDENTIAL_DONE),
    Described::of(&["GET /credentials"], "Lists the credentials.")
        .gives(&[("success", Kind::Flag), ("credentials", Kind::List)]),
    Described::of(&["POST /credentials/migrate-encryption"], "Seals anew what is sealed under an older key or form.")
        .asks(&[(encryption::DRY_RUN, Kind::Flag), (encryption::AFTER, Kind::Text)])
        .gives(&[("status", Kind::Text), ("dry_run", Kind::Flag), ("report", Kind::Map)]),
    Described::of(&["GET /credentials/migrate-encryption/check"], "Counts it, and changes nothing.")
        .asks(&[(encryption::AFTER, Kind::Text)])
        .gives(&[("status", Kind::Text), ("report", Kind::Map)]),
    Described::of(&["GET /credentials/by_name/{*key}"], "Shows a credential.").names("credential_name").gives(&[
        ("credential_name", Kind::Text),
        ("credential_values", Kind::Map),
        ("credential_info", Kind::Map),
    ]),
    Described::of(&["GET /credentials/by_model/{*key}"], "Shows what a deployment calls its provider with.")
        .names("model_id")
        .gives(&[("credential_name", Kind::Text), ("credential_values", Kind::Map), ("credential_info", Kind::Map)]),
    Described::of(&["PATCH /credentials/{*key}"], "Changes the values of a credential that are named.")
        .names("credential_name")
        .takes(|| credentials::FIELDS.to_vec())
        .gives(CREDENTIAL_DONE),
    Described::of(&["DELETE /credentials/{*key}"], "Deletes a credential.")
        .names("credential_name")
        .gives(CREDENTIAL_DONE),
];

pub(super) fn utilities() -> Section {
    Section {
        name: "Utilities",
        about: "What can be asked of a call without making it. Nothing is charged.",
        operations: UTILITIES.to_vec(),
    }
}

const UTILITIES: &[Described] = &[
    Described::of(&["POST /utils/token_counter"], "Counts the tokens of a request, here.")
        .takes(|| {
            let (messages, contents) = (("messages", Kind::List), ("contents", Kind::List));
            vec![("model", Kind::Text), ("prompt", Kind::Text), messages, contents]
        })
        .needs(&["model"])
        .gives(&[("total_tokens", Kind::Integer), ("request_model", Kind::Text), ("model_used", Kind::Text)]),
    Described::of(&["POST /v1/responses/input_tokens", "POST /responses/input_tokens"], "The same of a response's.")
        .takes(|| {
            vec![("model", Kind::Text), ("input", Kind::Any), ("instructions", Kind::Text), ("tools", Kind::List)]
        })
        .needs(&["model", "input"])
        .gives(&[("object", Kind::Text), ("input_tokens", Kind::Integer)]),
    Described::of(&["POST /utils/transform_request"], "Shows what a model's provider would be sent.")
        .takes(|| vec![("call_type", Kind::Text), ("request_body", Kind::Map)])
        .needs(&["call_type", "request_body"])
        .gives(&[("raw_request_body", Kind::Any), ("raw_request_headers", Kind::Map)]),
    Described::of(&["GET /utils/supported_openai_params"], "Lists the parameters that a model takes.")
        .asks(&[("model", Kind::Text)])
        .needs(&["model"])
        .gives(&[("supported_openai_params", Kind::TextList)]),
    Described::of(&["POST /cost/estimate"], "What calls of this size cost, in dollars.")
        .takes(|| {
            let tokens = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
            let counts = ["reasoning_tokens", "num_requests_per_day", "num_requests_per_month"];
            let numbers = tokens.into_iter().chain(counts).map(|name| (name, Kind::Integer));
            [("model", Kind::Text)].into_iter().chain(numbers).collect()
        })
        .needs(&["model", "input_tokens", "output_tokens"])
        .gives(&[("model", Kind::Text), ("cost_per_request", Kind::Number)]),
    Described::of(&["POST /spend/calculate"], "What a request costs before its answer, or an answer with its usage.")
        .takes(|| vec![("model", Kind::Text), ("messages", Kind::List), ("completion_response", Kind::Map)])
        .gives(&[("cost", Kind::Number)]),
    Described::of(&["GET /get/litellm_model_cost_map"], "Prices and context windows of every model that is known."),
    Described::of(&["GET /model/settings"], "Lists what a deployment of each provider says.")
        .answers(Answer::List(&[("name", Kind::Text), ("fields", Kind::List)])),
    Described::of(&["GET /public/litellm_model_cost_map"], "The same for everybody.").open(),
    Described::of(&["GET /public/endpoints"], "Lists what can be asked for, and of which providers.")
        .gives(&[("endpoints", Kind::List)])
        .open(),
    Described::of(&["GET /public/providers"], "Lists the providers that are spoken to.").answers(Answer::Json).open(),
    Described::of(&["GET /public/model_hub"], "Lists the models that everybody may know of.")
        .answers(Answer::List(&[("model_group", Kind::Text), ("providers", Kind::TextList), ("mode", Kind::Text)]))
        .open(),
    Described::of(&["GET /public/model_hub/info"], "Shows what stands beside the public models.")
        .gives(&[("docs_title", Kind::Text), ("litellm_version", Kind::Text), ("useful_links", Kind::Map)])
        .open(),
    Described::of(&["GET /guardrails/list"], "Lists the guardrails.").gives(&[("guardrails", Kind::List)]),
    Described::of(&["GET /test"], "Says which route was called.").gives(&[("route", Kind::Text)]),
    Described::of(&["GET /routes"], "Lists the routes.").gives(&[("routes", Kind::List)]),
];
