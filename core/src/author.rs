//! Who acts: whose name a change is recorded under. It goes with the task that does what was asked, so that no operation has to hand it on, or can forget to.

use std::net::IpAddr;

tokio::task_local! {
    static AUTHOR: Author;
}

/// Somebody who changes something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The user, by its id.
    pub user: String,
    /// The hash of the key that was presented.
    pub key: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// What was asked for, as `METHOD /pattern`.
    pub route: String,
}

/// Whoever nobody asked: a job of maintenance.
const NOBODY: &str = "maintenance";

/// Does `work` for `author`: its changes are recorded as the author's.
pub async fn acting<T>(author: Author, work: impl Future<Output = T>) -> T {
    AUTHOR.scope(author, work).await
}

/// Who acts now. Whoever nobody asked is maintenance.
pub fn present() -> Author {
    let nobody = || Author { user: NOBODY.to_owned(), ..Author::default() };
    AUTHOR.try_with(Author::clone).unwrap_or_else(|_| nobody())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_acts_is_known_as_long_as_the_work_goes_on() {
        let somebody = Author { user: "u".to_owned(), ..Author::default() };
        assert_eq!(acting(somebody.clone(), async { present() }).await, somebody);
        assert_eq!(present().user, NOBODY);
    }
}
