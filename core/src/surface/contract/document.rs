//! The OpenAPI document: <https://spec.openapis.org/oas/v3.1.0>

use super::answers::{self, ERROR};
use super::described::{Body, Described, Section};
use super::everything::sections;
use super::schema;
use crate::flow::admin::body::Kind;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, PathItemBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Required,
};

/// How a caller says who it is.
const KEY: &str = "key";

/// The document.
pub(super) fn document() -> OpenApi {
    let sections = sections();
    let mut paths = PathsBuilder::new();
    for section in &sections {
        for operation in &section.operations {
            for (at, route) in operation.routes.iter().enumerate() {
                let (method, pattern) = route.split_once(' ').unwrap_or(("GET", route));
                let (path, parameters) = shown(pattern, operation.named);
                let told = told(section, operation, (method, &path, parameters), at);
                paths = paths.path(path.as_str(), item(method, told));
            }
        }
    }
    let info = InfoBuilder::new()
        .title("Postern")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("One OpenAI-compatible endpoint in front of every model provider, and what administers it."));
    let key =
        Http::builder().scheme(HttpAuthScheme::Bearer).description(Some("The master key or a virtual key.")).build();
    let components = ComponentsBuilder::new()
        .schema(ERROR, answers::error())
        .responses_from_iter(answers::refusals())
        .security_scheme(KEY, SecurityScheme::Http(key))
        .build();
    let tags =
        sections.iter().map(|section| TagBuilder::new().name(section.name).description(Some(section.about)).build());
    OpenApiBuilder::new().info(info.build()).paths(paths.build()).components(Some(components)).tags(Some(tags)).build()
}

/// The path as OpenAPI writes it, and what its parameters are called. `{key}` and `{user}` are the router's words for
/// whatever is named, and for a user beside it.
pub(super) fn shown(pattern: &str, named: &str) -> (String, Vec<String>) {
    let (mut path, mut names, mut rest) = (String::new(), Vec::new(), pattern);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let name = match name.trim_start_matches('*') {
            "key" => named,
            "user" => "user_id",
            name => name,
        };
        path.extend([before, "{", name, "}"]);
        names.push(name.to_owned());
        rest = after;
    }
    path.push_str(rest);
    (path, names)
}

fn item(method: &str, operation: Operation) -> PathItem {
    let method = match method {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    };
    PathItemBuilder::new().operation(method, operation).build()
}

/// An operation under one of its addresses, of which the first is the one to use.
fn told(
    section: &Section,
    described: &Described,
    (method, path, parameters): (&str, &str, Vec<String>),
    at: usize,
) -> Operation {
    let id = format!("{}{path}", method.to_lowercase()).replace(['/', '-', ':', '.'], "_").replace(['{', '}'], "");
    let mut operation = OperationBuilder::new()
        .tag(section.name)
        .operation_id(Some(id))
        .summary(Some(described.summary))
        .responses(answers::answers(described));
    if at > 0 {
        let first = described.routes.first().copied().unwrap_or_default();
        operation = operation.description(Some(format!("The same as `{first}`.")));
    }
    for name in parameters {
        operation = operation.parameter(named(&name, ParameterIn::Path, Kind::Text, Required::True));
    }
    for (name, kind) in described.query.concat() {
        let required = if described.needs.contains(&name) { Required::True } else { Required::False };
        operation = operation.parameter(named(name, ParameterIn::Query, kind, required));
    }
    if let Some(body) = body(described) {
        operation = operation.request_body(Some(body));
    }
    let security = if described.is_open { vec![SecurityRequirement::default()] } else { vec![needs_key()] };
    operation.securities(Some(security)).build()
}

fn needs_key() -> SecurityRequirement {
    SecurityRequirement::new(KEY, Vec::<String>::new())
}

fn named(name: &str, place: ParameterIn, kind: Kind, required: Required) -> Parameter {
    ParameterBuilder::new().name(name).parameter_in(place).required(required).schema(Some(schema::plain(kind))).build()
}

fn body(described: &Described) -> Option<RequestBody> {
    let (kind, schema) = match described.body {
        Body::None => return None,
        Body::Json(fields) => ("application/json", schema::object(&fields(), described.needs)),
        Body::Form(fields) => ("multipart/form-data", schema::form(fields, described.needs)),
    };
    let content = ContentBuilder::new().schema(Some(schema)).build();
    Some(RequestBodyBuilder::new().content(kind, content).required(Some(Required::True)).build())
}
