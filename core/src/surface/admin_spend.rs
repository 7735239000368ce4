//! The routes of administrators that tell what was spent. One table says which path tells what.

use super::admin_request::Asked;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::flow::admin::spend::activity::Activity;
use crate::flow::admin::spend::deployments::DeploymentReport;
use crate::flow::admin::spend::owners::Owner;
use crate::flow::admin::spend::reports::Report;
use crate::flow::admin::spend::spend_admin::SpendAdmin;
use crate::flow::admin::spend::tags::TagReport;
use axum::routing::MethodFilter;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) enum SpendAction {
    Logs,
    LogsPage,
    Keys,
    Users,
    Global,
    GlobalKeys,
    GlobalModels,
    EndUsers,
    Report(Report),
    Activity(Activity),
    AggregatedActivity(Activity),
    OwnerReport(Owner),
    Session,
    KeptOfCall,
    ProviderBudgets,
    TagUse(TagReport),
    TagUsers,
    Deployments(DeploymentReport),
    Forecast,
}

pub(super) const ROUTES: &[(MethodFilter, &str, SpendAction)] = &[
    (MethodFilter::GET, "/spend/logs", SpendAction::Logs),
    (MethodFilter::GET, "/spend/logs/v2", SpendAction::LogsPage),
    (MethodFilter::GET, "/spend/logs/ui", SpendAction::LogsPage),
    (MethodFilter::GET, "/spend/logs/ui/{key}", SpendAction::KeptOfCall),
    (MethodFilter::GET, "/spend/logs/session/ui", SpendAction::Session),
    (MethodFilter::GET, "/spend/keys", SpendAction::Keys),
    (MethodFilter::GET, "/spend/users", SpendAction::Users),
    (MethodFilter::GET, "/spend/tags", SpendAction::Report(Report::Tags)),
    (MethodFilter::GET, "/global/spend", SpendAction::Global),
    (MethodFilter::GET, "/global/spend/keys", SpendAction::GlobalKeys),
    (MethodFilter::GET, "/global/spend/models", SpendAction::GlobalModels),
    (MethodFilter::GET, "/global/spend/tags", SpendAction::Report(Report::GlobalTags)),
    (MethodFilter::GET, "/global/spend/all_tag_names", SpendAction::Report(Report::TagNames)),
    (MethodFilter::GET, "/global/all_end_users", SpendAction::Report(Report::EndUserNames)),
    (MethodFilter::GET, "/global/spend/logs", SpendAction::Report(Report::Days)),
    (MethodFilter::GET, "/global/spend/provider", SpendAction::Report(Report::Providers)),
    (MethodFilter::GET, "/global/spend/teams", SpendAction::Report(Report::Teams)),
    (MethodFilter::GET, "/global/spend/report", SpendAction::Report(Report::Groups)),
    (MethodFilter::POST, "/global/spend/end_users", SpendAction::EndUsers),
    (MethodFilter::GET, "/global/activity", SpendAction::Report(Report::Activity)),
    (MethodFilter::GET, "/global/activity/model", SpendAction::Report(Report::ModelActivity)),
    (MethodFilter::GET, "/global/activity/cache_hits", SpendAction::Report(Report::CacheHits)),
    (MethodFilter::GET, "/user/daily/activity", SpendAction::Activity(Activity::Users)),
    (MethodFilter::GET, "/user/daily/activity/aggregated", SpendAction::AggregatedActivity(Activity::Users)),
    (MethodFilter::GET, "/team/daily/activity", SpendAction::Activity(Activity::Teams)),
    (MethodFilter::GET, "/organization/daily/activity", SpendAction::Activity(Activity::Organizations)),
    (MethodFilter::GET, "/tag/daily/activity", SpendAction::Activity(Activity::Tags)),
    (MethodFilter::GET, "/customer/daily/activity", SpendAction::Activity(Activity::EndUsers)),
    (MethodFilter::GET, "/end_user/daily/activity", SpendAction::Activity(Activity::EndUsers)),
    (MethodFilter::GET, "/key/spend/report", SpendAction::OwnerReport(Owner::Key)),
    (MethodFilter::GET, "/user/spend/report", SpendAction::OwnerReport(Owner::User)),
    (MethodFilter::GET, "/team/spend/report", SpendAction::OwnerReport(Owner::Team)),
    (MethodFilter::GET, "/organization/spend/report", SpendAction::OwnerReport(Owner::Organization)),
    (MethodFilter::GET, "/provider/budgets", SpendAction::ProviderBudgets),
    (MethodFilter::GET, "/tag/distinct", SpendAction::TagUse(TagReport::Distinct)),
    (MethodFilter::GET, "/tag/summary", SpendAction::TagUse(TagReport::Summary)),
    (MethodFilter::GET, "/tag/dau", SpendAction::TagUse(TagReport::Daily)),
    (MethodFilter::GET, "/tag/wau", SpendAction::TagUse(TagReport::Weekly)),
    (MethodFilter::GET, "/tag/mau", SpendAction::TagUse(TagReport::Monthly)),
    (MethodFilter::GET, "/tag/user-agent/per-user-analytics", SpendAction::TagUsers),
    (MethodFilter::GET, "/global/activity/exceptions", SpendAction::Deployments(DeploymentReport::Limited)),
    (
        MethodFilter::GET,
        "/global/activity/exceptions/deployment",
        SpendAction::Deployments(DeploymentReport::LimitedByDeployment),
    ),
    (MethodFilter::GET, "/model/metrics", SpendAction::Deployments(DeploymentReport::Latencies)),
    (MethodFilter::GET, "/model/metrics/exceptions", SpendAction::Deployments(DeploymentReport::Failures)),
    (MethodFilter::GET, "/model/metrics/slow_responses", SpendAction::Deployments(DeploymentReport::Slow)),
    (MethodFilter::GET, "/model/streaming_metrics", SpendAction::Deployments(DeploymentReport::FirstTokens)),
    (MethodFilter::GET, "/global/predict/spend/logs", SpendAction::Forecast),
];

pub(super) async fn perform(
    (spend, records): (&SpendAdmin, &RecordAdmin),
    action: SpendAction,
    asked: &Asked,
) -> Result<Value, AdminError> {
    let Asked { caller, params, key, body, now, .. } = asked;
    let params = &spend.named_by_token(params).await?;
    match action {
        SpendAction::Logs => spend.logs(caller, params, *now).await,
        SpendAction::LogsPage => spend.logs_page(caller, params, *now).await,
        SpendAction::Keys => spend.keys(caller).await,
        SpendAction::Users => records.users_by_spend(caller, params).await,
        SpendAction::Global => spend.global().await,
        SpendAction::GlobalKeys => spend.global_keys(params).await,
        SpendAction::GlobalModels => spend.global_models(caller, params, *now).await,
        SpendAction::EndUsers => spend.end_users(caller, body, *now).await,
        SpendAction::Report(report) => spend.report(caller, report, params, *now).await,
        SpendAction::Activity(of) => spend.activity(caller, of, params, false).await,
        SpendAction::AggregatedActivity(of) => spend.activity(caller, of, params, true).await,
        SpendAction::OwnerReport(of) => spend.owner_report(caller, of, params).await,
        SpendAction::Session => spend.session_page(caller, params).await,
        SpendAction::KeptOfCall => spend.kept_of_call(caller, key).await,
        SpendAction::ProviderBudgets => spend.provider_budgets(*now).await,
        SpendAction::TagUse(report) => spend.tag_report(caller, report, params, *now).await,
        SpendAction::TagUsers => {
            let told = spend.tag_users(caller, params, *now).await?;
            records.with_addresses(caller, told).await
        }
        SpendAction::Deployments(report) => spend.deployments(caller, report, params, *now).await,
        SpendAction::Forecast => spend.forecast(caller, *now).await,
    }
}
