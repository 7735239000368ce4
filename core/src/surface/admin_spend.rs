//! The routes of administrators that tell what was spent. One table says which path tells what.

use super::admin_request::Asked;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::flow::admin::spend::activity::Activity;
use crate::flow::admin::spend::reports::Report;
use crate::flow::admin::spend::spend_admin::SpendAdmin;
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
}

pub(super) const ROUTES: &[(MethodFilter, &str, SpendAction)] = &[
    (MethodFilter::GET, "/spend/logs", SpendAction::Logs),
    (MethodFilter::GET, "/spend/logs/v2", SpendAction::LogsPage),
    (MethodFilter::GET, "/spend/logs/ui", SpendAction::LogsPage),
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
    (MethodFilter::GET, "/tag/daily/activity", SpendAction::Activity(Activity::Tags)),
    (MethodFilter::GET, "/customer/daily/activity", SpendAction::Activity(Activity::EndUsers)),
    (MethodFilter::GET, "/end_user/daily/activity", SpendAction::Activity(Activity::EndUsers)),
];

pub(super) async fn perform(
    (spend, records): (&SpendAdmin, &RecordAdmin),
    action: SpendAction,
    asked: &Asked,
) -> Result<Value, AdminError> {
    let Asked { caller, params, body, now, .. } = asked;
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
    }
}
