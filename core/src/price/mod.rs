//! What a call costs: the price data, compiled in, and the arithmetic over it. Pure; knows only usage, money and time.
//!
//! [`lookup`] finds a model's entry, [`model`] is the entry with its prices typed, [`cost`] prices a call,
//! [`bound`] says the most that it can cost, [`billing`] what an operator charges for that.
//! [`FemtoDollars`] keeps prices of single tokens exact.

mod billing;
pub mod bound;
pub mod cost;
mod femto;
mod index;
pub mod known;
pub mod lookup;
mod media;
pub mod model;
mod off_peak;
mod overrides;
mod rates;
pub mod tier;
mod tools;

pub use billing::Billing;
pub use bound::Demand;
pub use cost::{CallFacts, Cost, cost_of};
pub use femto::FemtoDollars;
pub use index::all_as_json;
pub use known::known_models;
pub use lookup::{find, find_images, provider_of};
pub use model::ModelPrice;
pub use overrides::is_price;
pub use tier::{SearchContext, ServiceTier, Tiers};
