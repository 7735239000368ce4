//! All operations, in the order in which a reader meets them.

use super::described::Section;
use super::{calls, health, identity, keys, models, operator, people, reports, spend, teams};

/// Every section.
pub(super) fn sections() -> Vec<Section> {
    vec![
        calls::section(),
        calls::kept(),
        calls::passed(),
        models::section(),
        keys::section(),
        teams::section(),
        teams::organizations(),
        people::users(),
        people::customers(),
        people::shared_limits(),
        spend::section(),
        reports::section(),
        models::utilities(),
        models::stored_credentials(),
        operator::settings(),
        operator::cache(),
        operator::audit(),
        identity::section(),
        health::section(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::contract::described::{Body, Described};
    use crate::surface::route_list;
    use std::collections::BTreeSet;

    fn operations() -> Vec<Described> {
        sections().into_iter().flat_map(|section| section.operations).collect()
    }

    #[test]
    fn every_route_is_described_once() {
        let mut described = BTreeSet::new();
        for route in operations().iter().flat_map(|operation| operation.routes) {
            assert!(described.insert((*route).to_owned()), "{route} is described twice");
        }
        let routes = route_list::routes_by_method();
        let missing: Vec<_> = routes.difference(&described).collect();
        assert!(missing.is_empty(), "not described: {missing:?}");
        // Routes that stand in no list, as the model's name in their path may hold slashes, or as it is a response's.
        let beside = ["/engines/{model}/", "/openai/deployments/{model}/", "/responses/{response_id}"];
        let gone: Vec<_> =
            described.difference(&routes).filter(|route| !beside.iter().any(|part| route.contains(part))).collect();
        assert!(gone.is_empty(), "described, and not there: {gone:?}");
    }

    #[test]
    fn what_an_operation_needs_it_asks_for() {
        for operation in operations() {
            let fields = match operation.body {
                Body::None => Vec::new(),
                Body::Json(fields) => fields(),
                Body::Form(fields) => fields.to_vec(),
            };
            for needed in operation.needs {
                let known = fields.iter().chain(&operation.query.concat()).any(|(name, _)| name == needed);
                assert!(known, "{:?}: {needed}", operation.routes);
            }
        }
    }
}
