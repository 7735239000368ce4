//! What was spent: rows of calls, and sums of them.

use super::described::{Answer, Described, Section};
use super::shared::{PAGE, PAGE_SIZE, STATUS, TOTAL, TOTAL_PAGES};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::spend::reports;

/// Which rows.
const ROWS: &[Field] = &[
    ("start_date", Kind::Text),
    ("end_date", Kind::Text),
    ("api_key", Kind::Text),
    ("user_id", Kind::Text),
    ("team_id", Kind::Text),
];

/// Which sums.
pub(super) const SUMS: &[Field] = &[
    ("start_date", Kind::Text),
    ("end_date", Kind::Text),
    ("api_key", Kind::Text),
    ("user_id", Kind::Text),
    ("internal_user_id", Kind::Text),
    ("team_id", Kind::Text),
    ("team_ids", Kind::Text),
    ("exclude_team_ids", Kind::Text),
    ("customer_id", Kind::Text),
    ("end_user_ids", Kind::Text),
    ("tags", Kind::Text),
    ("model", Kind::Text),
    ("provider", Kind::Text),
];

pub(super) const DATES: &[&str] = &["start_date", "end_date"];

pub(super) const PAGED: &[Field] = &[PAGE, PAGE_SIZE];

const DEAREST: &[Field] = &[("limit", Kind::Integer)];

pub(super) const ACTIVITY: &[Field] = &[("results", Kind::List), ("metadata", Kind::Map)];

const TOTALS: &[Field] =
    &[("daily_data", Kind::List), ("sum_api_requests", Kind::Integer), ("sum_total_tokens", Kind::Integer)];

pub(super) fn section() -> Section {
    Section {
        name: "Spend",
        about: "What was spent, in dollars: a row for each call, and sums by day, which no report reads rows for.",
        operations: OPERATIONS.to_vec(),
    }
}

const OPERATIONS: &[Described] = &[
    Described::of(&["GET /spend/logs"], "Rows of calls, the latest first; sums by day where both dates are given.")
        .asks(ROWS)
        .also_asks(&[("request_id", Kind::Text), ("summarize", Kind::Flag)])
        .answers(Answer::List(&[])),
    Described::of(&["GET /spend/logs/v2", "GET /spend/logs/ui"], "Rows of calls, page by page.")
        .asks(ROWS)
        .also_asks(PAGED)
        .gives(&[("data", Kind::List), TOTAL, PAGE, PAGE_SIZE, TOTAL_PAGES, ("total_is_capped", Kind::Flag)]),
    Described::of(&["GET /spend/keys"], "Keys, the dearest first.").asks(DEAREST).answers(Answer::List(&[])),
    Described::of(&["GET /spend/users"], "Users, the dearest first.")
        .asks(&[("user_id", Kind::Text)])
        .answers(Answer::List(&[("user_id", Kind::Text), ("spend", Kind::Number)])),
    Described::of(&["GET /spend/tags"], "What calls with each tag cost.").asks(SUMS).answers(Answer::List(&[
        ("individual_request_tag", Kind::Text),
        ("log_count", Kind::Integer),
        ("total_spend", Kind::Number),
    ])),
    Described::of(&["GET /global/spend"], "What was spent by everybody, and the limit.")
        .gives(&[("spend", Kind::Number), ("max_budget", Kind::Number)]),
    Described::of(&["GET /global/spend/keys"], "The dearest keys.")
        .asks(DEAREST)
        .answers(Answer::List(&[("api_key", Kind::Text), ("total_spend", Kind::Number)])),
    Described::of(&["GET /global/spend/models"], "The dearest models.")
        .asks(DEAREST)
        .answers(Answer::List(&[("model", Kind::Text), ("total_spend", Kind::Number)])),
    Described::of(&["GET /global/spend/tags"], "What calls with each tag cost.")
        .asks(SUMS)
        .gives(&[("spend_per_tag", Kind::List)]),
    Described::of(&["GET /global/spend/all_tag_names"], "Lists the tags of calls.")
        .asks(SUMS)
        .gives(&[("tag_names", Kind::TextList)]),
    Described::of(&["GET /global/all_end_users"], "Lists the end users of calls.")
        .asks(SUMS)
        .gives(&[("end_users", Kind::TextList)]),
    Described::of(&["GET /global/spend/logs"], "What each day cost.")
        .asks(SUMS)
        .answers(Answer::List(&[("date", Kind::Text), ("spend", Kind::Number)])),
    Described::of(&["GET /global/spend/provider"], "What each provider cost.")
        .asks(SUMS)
        .answers(Answer::List(&[("provider", Kind::Text), ("spend", Kind::Number)])),
    Described::of(&["GET /global/spend/teams"], "What each team spent, day by day.").asks(SUMS).gives(&[
        ("daily_spend", Kind::List),
        ("teams", Kind::TextList),
        ("total_spend_per_team", Kind::List),
    ]),
    Described::of(&["GET /global/spend/report"], "Sums by day, and by team, end user or key.")
        .asks(SUMS)
        .also_asks(&[("group_by", Kind::OneOf(&["team", "customer", "api_key"]))])
        .needs(DATES)
        .answers(Answer::List(&[])),
    Described::of(&["POST /global/spend/end_users"], "What each end user cost.")
        .takes(|| reports::END_USERS.to_vec())
        .answers(Answer::List(&[
            ("end_user", Kind::Text),
            ("total_count", Kind::Integer),
            ("total_spend", Kind::Number),
        ])),
    Described::of(
        &["POST /global/spend/reset"],
        "Begins the sums of every key and team anew. For the master key alone.",
    )
    .gives(STATUS),
    Described::of(&["GET /global/activity"], "Requests and tokens, day by day.").asks(SUMS).needs(DATES).gives(TOTALS),
    Described::of(&["GET /global/activity/model"], "The same of each model.")
        .asks(SUMS)
        .needs(DATES)
        .answers(Answer::List(TOTALS)),
    Described::of(&["GET /global/activity/cache_hits"], "How many answers came from the cache.")
        .asks(SUMS)
        .needs(DATES)
        .answers(Answer::List(&[("total_rows", Kind::Integer), ("cache_hit_true_rows", Kind::Integer)])),
    Described::of(&["GET /user/daily/activity"], "What users did, day by day.")
        .asks(SUMS)
        .also_asks(PAGED)
        .needs(DATES)
        .gives(ACTIVITY),
    Described::of(&["GET /user/daily/activity/aggregated"], "The same on one page.")
        .asks(SUMS)
        .also_asks(PAGED)
        .needs(DATES)
        .gives(ACTIVITY),
    Described::of(&["GET /team/daily/activity"], "What teams did, day by day.")
        .asks(SUMS)
        .also_asks(PAGED)
        .needs(DATES)
        .gives(ACTIVITY),
    Described::of(&["GET /tag/daily/activity"], "What was done under tags, day by day.")
        .asks(SUMS)
        .also_asks(PAGED)
        .needs(DATES)
        .gives(ACTIVITY),
    Described::of(
        &["GET /customer/daily/activity", "GET /end_user/daily/activity"],
        "What was done for end users, day by day.",
    )
    .asks(SUMS)
    .also_asks(PAGED)
    .needs(DATES)
    .gives(ACTIVITY),
];
