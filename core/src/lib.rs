//! Everything that decides in Postern. This file is the map; it holds no logic.
//!
//! Floors, from the top. A room imports only rooms of lower floors, and rooms of one floor do not know each other
//! (a test reads the imports and holds this):
//!
//! | floor | rooms |
//! |---|---|
//! | 6 | `assemble`: configuration → parts, the only room that names concrete backends |
//! | 5 | `surface`: axum routers, limits of a request, how an error is answered |
//! | 4 | `flow`: one use case a file: authenticate → plan → admit → attempt → relay → settle; `flow::admin` |
//! | 3 | `auth`, `admission`, `routing`, `accounting`, `credentials`, `upstream`, `cache`, `audit`, `guardrails` |
//! | 2 | `providers` (pure), `store`, `tls` |
//! | 1 | `api` (our wire formats), `config`, `crypto`, `secrets`, `telemetry` |
//! | 0 | `author`, `id`, `money`, `usage`, `price`, `principal`, `clock`, `calendar`, `duration`, `egress`, `error_text`, `limits`, `period`, `secret`, `secret_reference`, `tokens`, `wire`, `aws` (how AWS is reached) |

pub mod accounting;
pub mod admission;
pub mod api;
#[cfg(feature = "aws")]
pub mod assemble;
pub mod audit;
pub mod auth;
pub mod author;
#[cfg(feature = "aws")]
pub mod aws;
pub mod cache;
pub mod calendar;
pub mod clock;
pub mod config;
pub mod credentials;
pub mod crypto;
pub mod duration;
pub mod egress;
pub mod error_text;
pub mod flow;
pub mod guardrails;
pub mod id;
pub mod limits;
pub mod money;
pub mod period;
pub mod price;
pub mod principal;
pub mod providers;
pub mod routing;
pub mod secret;
pub mod secret_reference;
pub mod secrets;
pub mod store;
pub mod surface;
pub mod telemetry;
pub mod tls;
pub mod tokens;
pub mod upstream;
pub mod usage;
pub mod wire;
