//! What probes ask, and how upstreams are reached.

use super::described::{Answer, Described, Section};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::trial;

const CHECKED: &[Field] = &[
    ("healthy_endpoints", Kind::List),
    ("unhealthy_endpoints", Kind::List),
    ("healthy_count", Kind::Integer),
    ("unhealthy_count", Kind::Integer),
];

const READY: &[Field] = &[("status", Kind::Text), ("db", Kind::Text)];

pub(super) fn section() -> Section {
    Section { name: "Health", about: "What probes ask.", operations: OPERATIONS.to_vec() }
}

const OPERATIONS: &[Described] = &[
    Described::of(&["GET /health/liveliness", "GET /health/liveness"], "Says that the process is alive.")
        .answers(Answer::Json)
        .open(),
    Described::of(&["GET /health/readiness"], "Says whether the store answers; 503 where it does not.")
        .gives(READY)
        .open(),
    Described::of(&["GET /health"], "Calls each deployment, which costs money; 503 where none answers.")
        .asks(&[("model", Kind::Text), ("model_id", Kind::Text)])
        .gives(CHECKED),
    Described::of(&["GET /health/latest"], "The last result of each deployment.")
        .gives(&[("total_models", Kind::Integer), ("latest_health_checks", Kind::Map)]),
    Described::of(&["GET /health/history"], "Results that are kept, the latest first.")
        .asks(&[
            ("model", Kind::Text),
            ("status_filter", Kind::Text),
            ("limit", Kind::Integer),
            ("offset", Kind::Integer),
        ])
        .gives(&[("health_checks", Kind::List), ("total_records", Kind::Integer)]),
    Described::of(&["GET /health/tls"], "Which TLS policy applies to which deployment and guardrail, and who says so.")
        .gives(&[
            ("precedence", Kind::TextList),
            ("global", Kind::Map),
            ("deployments", Kind::List),
            ("guardrails", Kind::List),
        ]),
    Described::of(&["POST /health/test_connection"], "Calls a deployment before it is stored.")
        .takes(|| trial::FIELDS.to_vec())
        .needs(&["litellm_params"])
        .gives(&[("status", Kind::Text), ("result", Kind::Map)]),
    Described::of(&["GET /"], "This page.").answers(Answer::Page).open(),
    Described::of(&["GET /openapi.json"], "This document.")
        .gives(&[("openapi", Kind::Text), ("info", Kind::Map), ("paths", Kind::Map)])
        .open(),
];
