//! Reports on what was spent by owner, tag and deployment.

use super::described::{Answer, Described, Section};
use super::shared::{PAGE, PAGE_SIZE, TOTAL, TOTAL_PAGES};
use super::spend::{ACTIVITY, DATES, PAGED, SUMS};
use crate::flow::admin::body::{Field, Kind};

const SPAN: &[Field] = &[("start_date", Kind::Text), ("end_date", Kind::Text)];

/// Of an owner.
const COSTS: Answer = Answer::List(&[
    ("api_key", Kind::Text),
    ("total_cost", Kind::Number),
    ("total_input_tokens", Kind::Integer),
    ("total_output_tokens", Kind::Integer),
    ("model_details", Kind::List),
]);

const TAGS: &[Field] = &[("tag_filter", Kind::Text), ("tag_filters", Kind::Text)];

const RESULTS: &[Field] = &[("results", Kind::List)];

/// Which calls of deployments.
const CALLS: &[Field] = &[
    ("_selected_model_group", Kind::Text),
    ("startTime", Kind::Text),
    ("endTime", Kind::Text),
    ("api_key", Kind::Text),
    ("customer", Kind::Text),
];

const CAPPED: Field = ("is_capped", Kind::Flag);

const AVERAGES: &[Field] = &[("data", Kind::List), ("all_api_bases", Kind::TextList), CAPPED];

const LIMITED: &[Field] = &[("daily_data", Kind::List), ("sum_num_rate_limit_exceptions", Kind::Integer), CAPPED];

const LIMITED_OF: &[Field] =
    &[("api_base", Kind::Text), ("daily_data", Kind::List), ("sum_num_rate_limit_exceptions", Kind::Integer), CAPPED];

/// What a report on one model's failures needs.
const GROUP_AND_DATES: &[&str] = &["model_group", "start_date", "end_date"];

const GROUP: &[Field] = &[("model_group", Kind::Text)];

pub(super) fn section() -> Section {
    Section {
        name: "Reports",
        about: "Spend by its owner, tags and their users, and how deployments do.",
        operations: OPERATIONS.to_vec(),
    }
}

const OPERATIONS: &[Described] = &[
    Described::of(&["GET /spend/logs/session/ui"], "The calls of a session: each call is one by itself.")
        .asks(&[("session_id", Kind::Text)])
        .also_asks(PAGED)
        .needs(&["session_id"])
        .gives(&[("data", Kind::List), TOTAL, PAGE, PAGE_SIZE, TOTAL_PAGES]),
    Described::of(
        &["GET /spend/logs/ui/{key}"],
        "What is kept of one call: its messages, its answer and the whole request. Null: there is no such call.",
    )
    .names("request_id")
    .answers(Answer::Json),
    Described::of(&["GET /organization/daily/activity"], "What organizations did, day by day.")
        .asks(SUMS)
        .also_asks(&[
            PAGE,
            PAGE_SIZE,
            ("organization_id", Kind::Text),
            ("organization_ids", Kind::Text),
            ("exclude_organization_ids", Kind::Text),
        ])
        .needs(DATES)
        .gives(ACTIVITY),
    Described::of(&["GET /key/spend/report"], "What a key spent, by model. By itself: the caller's.")
        .asks(SPAN)
        .also_asks(&[("api_key", Kind::Text)])
        .needs(DATES)
        .answers(COSTS),
    Described::of(&["GET /user/spend/report"], "What a user spent, by key and model. By itself: the caller.")
        .asks(SPAN)
        .also_asks(&[("internal_user_id", Kind::Text), ("user_id", Kind::Text)])
        .needs(DATES)
        .answers(COSTS),
    Described::of(&["GET /team/spend/report"], "What a team spent, by key and model. By itself: the caller's.")
        .asks(SPAN)
        .also_asks(&[("team_id", Kind::Text)])
        .needs(DATES)
        .answers(COSTS),
    Described::of(
        &["GET /organization/spend/report"],
        "What an organization spent, by key, team and model. By itself: the caller's.",
    )
    .asks(SPAN)
    .also_asks(&[("organization_id", Kind::Text)])
    .needs(DATES)
    .answers(COSTS),
    Described::of(&["GET /provider/budgets"], "What is used of the budgets of providers, and when they begin anew.")
        .gives(&[("providers", Kind::Map)]),
    Described::of(&["GET /tag/distinct"], "The tags of calls of the last thirty days, the most used first.")
        .asks(TAGS)
        .gives(RESULTS),
    Described::of(&["GET /tag/summary"], "How each tag was used.")
        .asks(SPAN)
        .also_asks(TAGS)
        .needs(DATES)
        .gives(RESULTS),
    Described::of(&["GET /tag/dau"], "How many users each tag had on each of seven days.").asks(TAGS).gives(RESULTS),
    Described::of(&["GET /tag/wau"], "How many users each tag had in each of seven weeks.").asks(TAGS).gives(RESULTS),
    Described::of(&["GET /tag/mau"], "How many users each tag had in seven times thirty days.")
        .asks(TAGS)
        .gives(RESULTS),
    Described::of(&["GET /tag/user-agent/per-user-analytics"], "What users did under tags in the last thirty days.")
        .asks(TAGS)
        .also_asks(PAGED)
        .gives(&[("results", Kind::List), ("total_count", Kind::Integer), PAGE, PAGE_SIZE, TOTAL_PAGES]),
    Described::of(&["GET /global/activity/exceptions"], "How many calls of a model were one too many (429), by day.")
        .asks(SPAN)
        .also_asks(GROUP)
        .needs(GROUP_AND_DATES)
        .gives(LIMITED),
    Described::of(&["GET /global/activity/exceptions/deployment"], "The same of each deployment.")
        .asks(SPAN)
        .also_asks(GROUP)
        .needs(GROUP_AND_DATES)
        .answers(Answer::List(LIMITED_OF)),
    Described::of(&["GET /model/metrics"], "Seconds for each token of the answers of deployments, by day.")
        .asks(CALLS)
        .gives(AVERAGES),
    Described::of(&["GET /model/metrics/exceptions"], "Errors of deployments, by their class.").asks(CALLS).gives(&[
        ("data", Kind::List),
        ("exception_types", Kind::TextList),
        CAPPED,
    ]),
    Described::of(&["GET /model/metrics/slow_responses"], "How many calls of deployments took five minutes or more.")
        .asks(CALLS)
        .answers(Answer::List(&[
            ("api_base", Kind::Text),
            ("total_count", Kind::Integer),
            ("slow_count", Kind::Integer),
            CAPPED,
        ])),
    Described::of(&["GET /model/streaming_metrics"], "Seconds to the first token of streams, by day or call.")
        .asks(CALLS)
        .gives(AVERAGES),
    Described::of(&["GET /global/predict/spend/logs"], "What the days to come of this month will cost.")
        .gives(&[("response", Kind::List), ("predicted_spend", Kind::Text)]),
];
