//! The members of an organization: a document each, in a list of the organization's, and a note in a list of the user's
//! which organizations there are. The note only says where to look.

use super::store::RecordStore;
use crate::store::documents::{DocumentError, Documents};
use crate::store::table::ReadError;
use futures_util::future::try_join_all;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The role of those who administer an organization.
pub const ORGANIZATION_ADMIN: &str = "org_admin";

impl RecordStore {
    /// The members of an organization, by user id.
    pub fn members_of_organization(&self, organization: &str) -> Documents {
        self.documents(format!("ORG_MEMBERS#{organization}"))
    }

    fn organizations_of(&self, user: &str) -> Documents {
        self.documents(format!("USER_ORGS#{user}"))
    }

    /// Notes that a user is, or is about to be, a member of an organization.
    ///
    /// # Errors
    /// As [`Documents::create`].
    pub async fn note_organization(&self, user: &str, organization: &str) -> Result<(), DocumentError> {
        match self.organizations_of(user).create(organization, Map::new()).await {
            Ok(_) | Err(DocumentError::Taken) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The organizations that a user administers now.
    ///
    /// # Errors
    /// As [`Documents::list`].
    pub async fn organizations_administered_by(&self, user: &str) -> Result<BTreeSet<String>, ReadError> {
        let noted = self.organizations_of(user).list().await?;
        let members = noted.iter().map(|note| async move { self.members_of_organization(&note.id).get(user).await });
        let members = try_join_all(members).await?;
        let is_admin =
            |value: &Map<String, Value>| value.get("user_role").and_then(Value::as_str) == Some(ORGANIZATION_ADMIN);
        let of = noted.iter().zip(members);
        let of = of.filter(|(_, member)| member.as_ref().is_some_and(|member| is_admin(&member.value)));
        Ok(of.map(|(note, _)| note.id.clone()).collect())
    }
}
