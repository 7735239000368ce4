//! Named credentials: what upstreams want to see of us, kept sealed in the table under a name that deployments refer to.
//! Knows no routes and no deployments.
//!
//! [`store`] keeps them, [`known`] has them opened at hand for calls, [`resealing`] seals them anew when keys change.

pub mod known;
pub mod resealing;
pub mod store;
pub mod values;
