//! Which deployments a call's tags mean. `!tag` leaves out what has the tag, `&tag` asks for it beside all others.

use super::deployment::Deployment;
use super::left::{Filter, Left};

/// Deployments with this tag answer calls that none of the others is meant for.
const DEFAULT: &str = "default";

/// Takes away what the tags do not mean; with `any`, one tag in common is enough.
pub(super) fn apply(left: &mut Left<'_>, tags: &[String], any: bool) {
    let is_known = |tag: &str| left.deployments().any(|deployment| has(deployment, tag));
    let meant = Meant::of(tags, any, is_known);
    left.keep(Filter::Tags, |deployment| meant.is(deployment));
}

/// The deployments that a call's tags mean.
///
/// A call without tags goes to the default deployments, and to all where there are none; so does one whose tags no
/// deployment has, but there must be a default then.
pub(super) struct Meant<'t> {
    tags: &'t [String],
    among: Among,
}

/// Which deployments are looked at, beside the tags that are asked for or left out.
enum Among {
    All,
    Defaults,
    /// Those with one of the tags.
    Any,
    /// Those with all of them.
    Each,
}

impl<'t> Meant<'t> {
    /// `is_known`: whether any of the deployments has a tag.
    pub(super) fn of(tags: &'t [String], any: bool, is_known: impl Fn(&str) -> bool) -> Self {
        let mut plain = plain(tags).peekable();
        let among = if plain.peek().is_none() {
            let has_default = marked(tags, '&').next().is_none() && is_known(DEFAULT);
            if has_default { Among::Defaults } else { Among::All }
        } else if !plain.any(is_known) {
            Among::Defaults
        } else if any {
            Among::Any
        } else {
            Among::Each
        };
        Self { tags, among }
    }

    /// Whether it is one of them.
    pub(super) fn is(&self, deployment: &Deployment) -> bool {
        let is_among = match self.among {
            Among::All => true,
            Among::Defaults => has(deployment, DEFAULT),
            Among::Any => plain(self.tags).any(|tag| has(deployment, tag)),
            Among::Each => plain(self.tags).all(|tag| has(deployment, tag)),
        };
        is_among
            && marked(self.tags, '&').all(|tag| has(deployment, tag))
            && !marked(self.tags, '!').any(|tag| has(deployment, tag))
    }
}

fn plain(tags: &[String]) -> impl Iterator<Item = &str> {
    tags.iter().map(String::as_str).filter(|tag| !tag.starts_with(['!', '&']))
}

fn marked(tags: &[String], mark: char) -> impl Iterator<Item = &str> {
    tags.iter().filter_map(move |tag| tag.strip_prefix(mark).filter(|tag| !tag.is_empty()))
}

fn has(deployment: &Deployment, tag: &str) -> bool {
    deployment.traits.tags.iter().any(|own| own == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::group;
    use serde_json::{Value, json};

    const TIERS: [&[&str]; 3] = [&["free"], &["paid", "fast"], &["default"]];

    fn left(tiers: &[&[&str]], tags: &[&str], any: bool) -> Vec<String> {
        let params: Vec<Value> = tiers.iter().map(|tags| json!({"tags": tags})).collect();
        let group = group(&params);
        let mut left = Left::all(&group.deployments);
        let tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        apply(&mut left, &tags, any);
        left.deployments().map(|deployment| deployment.id.to_string()).collect()
    }

    #[test]
    fn one_tag_in_common_is_enough() {
        assert_eq!(left(&TIERS, &["paid"], true), ["1"]);
        assert_eq!(left(&TIERS, &["free", "paid"], true), ["0", "1"]);
    }

    #[test]
    fn all_tags_can_be_asked_for() {
        assert_eq!(left(&TIERS, &["paid", "fast"], false), ["1"]);
        assert_eq!(left(&TIERS, &["paid", "free"], false), [] as [&str; 0]);
    }

    #[test]
    fn calls_without_a_known_tag_go_to_the_default() {
        assert_eq!(left(&TIERS, &[], true), ["2"]);
        assert_eq!(left(&TIERS, &["unheard"], true), ["2"]);
        assert_eq!(left(&TIERS[..2], &[], true), ["0", "1"]);
        assert_eq!(left(&TIERS[..2], &["unheard"], true), [] as [&str; 0]);
    }

    #[test]
    fn tags_can_be_asked_for_and_left_out() {
        assert_eq!(left(&TIERS, &["&fast"], true), ["1"]);
        assert_eq!(left(&TIERS, &["paid", "!fast"], true), [] as [&str; 0]);
        assert_eq!(left(&TIERS[..2], &["!fast"], true), ["0"]);
    }
}
