//! Records above keys and beside them: teams with their members, users, organizations, shared budgets, end users
//! (customers) and tags. One kind of record and one repository serve all of them.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `TEAM#<id>`, `USER#<id>`, `ORG#<id>`, `BUDGET#<id>`, `CUSTOMER#<id>`, `TAG#<name>` | `RECORD` | the record, one attribute a field ([`item`]) |
//! | the same | `SPEND` | running totals, as a key's: `spend` (nano-dollars), `spend_adjustment`, `last_active` |
//! | `TEAM#<id>` | `MEMBER#<user>` | what the team says of one member, a record of its own |
//! | `TEAM#<id>` | `SPEND#<user>` | running totals of that member in this team |
//! | `USER#<id>` | `TEAM#<team>` | that the user is a member of the team |
//! | `ORG_MEMBERS#<org>` | `<user>` | a document: what the organization says of one member ([`organizations`]) |
//! | `USER_ORGS#<user>` | `<org>` | a document: that the user is, or was, a member of the organization |
//! | `TEAMS`, `USERS`, `ORGS`, `BUDGETS`, `CUSTOMERS`, `TAGS` | `<created, ms>#<id>` | the list of all of a kind ([`listing`]) |
//! | `USERS_BY_EMAIL#<hash>`, `USERS_BY_SSO#<hash>` | the user's id | where to look for who signs in ([`user_index`]) |
//!
//! [`record`] is the data, [`store`] the repository, [`members`] what is special about a team's members, [`organizations`] about an organization's, [`directory`]
//! the way requests read.

pub mod directory;
pub mod item;
pub mod listing;
pub mod members;
pub mod organizations;
pub mod record;
pub mod store;
pub mod user_index;

pub use directory::{Directory, KnownAbove};
pub use listing::RecordListing;
pub use record::{Record, RecordId, RecordKind, StoredRecord};
pub use store::{RecordStore, RecordStoreError};
