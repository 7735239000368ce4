//! Who may call which administrative route, and how far it reaches there: one table role × group of routes × objects,
//! deny by default, decided on the route that matched. Reads the store where a caller's teams and organizations matter;
//! knows no HTTP status and changes nothing.
//!
//! [`routes`] puts every route into a group, [`table`] says what each role reaches in a group, [`standing`] reads what
//! a caller is beyond its role, and [`scope`] is what comes of it: which objects one request may see and touch.

pub mod routes;
pub mod scope;
pub mod standing;
pub mod table;

pub use routes::Group;
pub use scope::{Actor, Scope};
pub use standing::Standing;
pub use table::{Held, Reach, reach};
