//! Which deployments a call's tags mean. `!tag` leaves out what has the tag, `&tag` asks for it beside all others.

use super::deployment::Deployment;
use super::left::{Filter, Left};

/// Deployments with this tag answer calls that none of the others is meant for.
const DEFAULT: &str = "default";

/// Takes away what the tags do not mean; with `any`, one tag in common is enough.
///
/// A call without tags goes to the default deployments, and to all where there are none; so does one whose tags no
/// deployment has, but there must be a default then.
pub(super) fn apply(left: &mut Left<'_>, tags: &[String], any: bool) {
    let marked = |mark: char| tags.iter().filter_map(move |tag| tag.strip_prefix(mark).filter(|tag| !tag.is_empty()));
    let wanted: Vec<&String> = tags.iter().filter(|tag| !tag.starts_with(['!', '&'])).collect();
    let has = |deployment: &Deployment, tag: &str| deployment.traits.tags.iter().any(|own| own == tag);
    let is_default = |deployment: &Deployment| has(deployment, DEFAULT);
    let meets = |deployment: &Deployment| {
        marked('&').all(|tag| has(deployment, tag)) && !marked('!').any(|tag| has(deployment, tag))
    };
    let is_meant = |deployment: &Deployment| match any {
        true => wanted.iter().any(|tag| has(deployment, tag)),
        false => wanted.iter().all(|tag| has(deployment, tag)),
    };
    if wanted.is_empty() {
        if marked('&').next().is_none() && left.deployments.iter().any(|deployment| is_default(deployment)) {
            left.keep(Filter::Tags, is_default);
        }
        return left.keep(Filter::Tags, meets);
    }
    let known = wanted.iter().any(|tag| left.deployments.iter().any(|deployment| has(deployment, tag)));
    left.keep(Filter::Tags, |deployment| {
        meets(deployment) && if known { is_meant(deployment) } else { is_default(deployment) }
    });
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
        left.deployments.iter().map(|deployment| deployment.id.to_string()).collect()
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
