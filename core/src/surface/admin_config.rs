//! The routes of administrators on stored settings. One table says which path does what.

use super::admin_request::Asked;
use crate::config::schema::schema;
use crate::flow::admin::config::config_admin::ConfigAdmin;
use crate::flow::admin::config::cost_rules::CostRule;
use crate::flow::admin::error::AdminError;
use axum::routing::MethodFilter;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) enum ConfigAction {
    Update,
    Current,
    History,
    RollBack,
    SetField,
    DeleteField,
    Field,
    List,
    AllowedIps,
    AddAllowedIp,
    DeleteAllowedIp,
    SetFallback,
    Fallback,
    DeleteFallback,
    RouterSettings,
    RouterFields,
    MakePublic,
    SetUsefulLinks,
    CostRules(CostRule),
    SetCostRules(CostRule),
    Endpoints,
    AddEndpoint,
    ChangeEndpoint,
    DeleteEndpoint,
    EndpointFields,
    Schema,
}

pub(super) const ROUTES: &[(MethodFilter, &str, ConfigAction)] = &[
    (MethodFilter::POST, "/config/update", ConfigAction::Update),
    (MethodFilter::GET, "/config/get", ConfigAction::Current),
    (MethodFilter::GET, "/config/history", ConfigAction::History),
    (MethodFilter::POST, "/config/rollback", ConfigAction::RollBack),
    (MethodFilter::POST, "/config/field/update", ConfigAction::SetField),
    (MethodFilter::POST, "/config/field/delete", ConfigAction::DeleteField),
    (MethodFilter::GET, "/config/field/info", ConfigAction::Field),
    (MethodFilter::GET, "/config/list", ConfigAction::List),
    (MethodFilter::GET, "/get/allowed_ips", ConfigAction::AllowedIps),
    (MethodFilter::POST, "/add/allowed_ip", ConfigAction::AddAllowedIp),
    (MethodFilter::POST, "/delete/allowed_ip", ConfigAction::DeleteAllowedIp),
    (MethodFilter::POST, "/fallback", ConfigAction::SetFallback),
    (MethodFilter::GET, "/fallback/{*key}", ConfigAction::Fallback),
    (MethodFilter::DELETE, "/fallback/{*key}", ConfigAction::DeleteFallback),
    (MethodFilter::GET, "/router/settings", ConfigAction::RouterSettings),
    (MethodFilter::GET, "/router/fields", ConfigAction::RouterFields),
    (MethodFilter::POST, "/model_group/make_public", ConfigAction::MakePublic),
    (MethodFilter::POST, "/model_hub/update_useful_links", ConfigAction::SetUsefulLinks),
    (MethodFilter::GET, "/config/cost_discount_config", ConfigAction::CostRules(CostRule::Discount)),
    (MethodFilter::PATCH, "/config/cost_discount_config", ConfigAction::SetCostRules(CostRule::Discount)),
    (MethodFilter::GET, "/config/cost_margin_config", ConfigAction::CostRules(CostRule::Margin)),
    (MethodFilter::PATCH, "/config/cost_margin_config", ConfigAction::SetCostRules(CostRule::Margin)),
    (MethodFilter::GET, "/config/pass_through_endpoint", ConfigAction::Endpoints),
    (MethodFilter::POST, "/config/pass_through_endpoint", ConfigAction::AddEndpoint),
    (MethodFilter::DELETE, "/config/pass_through_endpoint", ConfigAction::DeleteEndpoint),
    (MethodFilter::POST, "/config/pass_through_endpoint/{*key}", ConfigAction::ChangeEndpoint),
    (MethodFilter::GET, "/config/pass_through_endpoints/settings", ConfigAction::EndpointFields),
    (MethodFilter::GET, "/config/yaml", ConfigAction::Schema),
];

pub(super) async fn perform(config: &ConfigAdmin, action: ConfigAction, asked: &Asked) -> Result<Value, AdminError> {
    let Asked { caller, params, key, body, now, .. } = asked;
    match action {
        ConfigAction::Update => config.update(caller, body, *now).await,
        ConfigAction::Current => config.current().await,
        ConfigAction::History => config.history(params).await,
        ConfigAction::RollBack => config.roll_back(caller, body, *now).await,
        ConfigAction::SetField => config.set_field(caller, body, *now).await,
        ConfigAction::DeleteField => config.delete_field(caller, body, *now).await,
        ConfigAction::Field => config.field(params).await,
        ConfigAction::List => config.list(params).await,
        ConfigAction::AllowedIps => config.allowed_ips().await,
        ConfigAction::AddAllowedIp => config.add_allowed_ip(caller, body, *now).await,
        ConfigAction::DeleteAllowedIp => config.delete_allowed_ip(caller, body, *now).await,
        ConfigAction::SetFallback => config.set_fallback(caller, body, *now).await,
        ConfigAction::Fallback => config.fallback(key, params).await,
        ConfigAction::DeleteFallback => config.delete_fallback(caller, key, params, *now).await,
        ConfigAction::RouterSettings => config.router_settings().await,
        ConfigAction::RouterFields => Ok(config.router_fields()),
        ConfigAction::MakePublic => config.make_public(caller, body, *now).await,
        ConfigAction::SetUsefulLinks => config.set_useful_links(caller, body, *now).await,
        ConfigAction::CostRules(rule) => config.cost_rules(rule).await,
        ConfigAction::SetCostRules(rule) => config.set_cost_rules(rule, caller, body, *now).await,
        ConfigAction::Endpoints => config.endpoints(params).await,
        ConfigAction::AddEndpoint => config.add_endpoint(caller, body, *now).await,
        ConfigAction::ChangeEndpoint => config.change_endpoint(caller, key, body, *now).await,
        ConfigAction::DeleteEndpoint => config.delete_endpoint(caller, params, *now).await,
        ConfigAction::EndpointFields => Ok(config.endpoint_fields()),
        ConfigAction::Schema => Ok(schema()),
    }
}
