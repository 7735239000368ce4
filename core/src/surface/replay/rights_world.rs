//! Two organizations with a team and people each, and somebody of every role with a key, for tests of who may what.

use super::conversation::call;
use super::gateway::{Answer, Gateway, MASTER};
use crate::clock::Clock;
use crate::crypto::key_hash;
use crate::flow::admin::keys::rules::KeyRules;
use crate::id::RequestId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Everybody who calls, in the order in which they are tried: who may least goes first.
pub(super) const CALLERS: [&str; 9] = [
    "key",
    "internal_user_viewer",
    "internal_user",
    "team_member",
    "team_admin",
    "org_admin",
    "proxy_admin_viewer",
    "proxy_admin",
    "master",
];

/// Whose object a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Own,
    Other,
}

pub(super) struct World {
    pub(super) gateway: Gateway,
    keys: BTreeMap<String, String>,
    spare: BTreeMap<String, String>,
}

impl World {
    /// A store in which a world was made, to make more of.
    pub(super) async fn template(folder: &Path) -> Self {
        let world = Self::made_in(Gateway::at(&folder.join("state.db"))).await;
        Self { gateway: Gateway::new(), ..world }
    }

    /// Another world as this template was made.
    pub(super) fn again(&self, from: &Path, folder: &Path) -> Self {
        let copy = folder.join("state.db");
        for entry in std::fs::read_dir(folder).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        assert!(!from.join("state.db-wal").exists(), "the template is closed");
        std::fs::copy(from.join("state.db"), &copy).unwrap();
        Self { gateway: Gateway::at(&copy), keys: self.keys.clone(), spare: self.spare.clone() }
    }

    /// `o1` with `t1`, and `o2` with `t2`. `u-x` is at home in the first, `u-y` in the second.
    pub(super) async fn new() -> Self {
        Self::made_in(Gateway::new()).await
    }

    /// A world in which the configuration has rules for keys.
    pub(super) async fn ruled(rules: Value) -> Self {
        let read = |name: &str| rules.get(name).cloned().unwrap_or_else(|| json!({}));
        let rules = KeyRules {
            generation: serde_json::from_value(read("generation")).unwrap(),
            defaults: serde_json::from_value(read("defaults")).unwrap(),
            ceilings: Some(serde_json::from_value(read("ceilings")).unwrap()),
            needs_team: false,
        };
        Self::made_in(Gateway::ruled_by(rules)).await
    }

    async fn made_in(gateway: Gateway) -> Self {
        for (organization, team) in [("o1", "t1"), ("o2", "t2")] {
            let models = json!(["gpt", "claude"]);
            let body = json!({"organization_id": organization, "organization_alias": organization, "models": models,
                "max_budget": 100});
            gateway.admin("/organization/new", body).await;
            let body = json!({"team_id": team, "organization_id": organization, "models": models, "max_budget": 50});
            gateway.admin("/team/new", body).await;
        }
        let mut world = Self { gateway, keys: BTreeMap::new(), spare: BTreeMap::new() };
        for caller in CALLERS.iter().filter(|caller| !["key", "master"].contains(caller)) {
            let role =
                if caller.starts_with("proxy") || caller.starts_with("internal") { caller } else { "internal_user" };
            world.user(caller, json!({"user_role": role})).await;
        }
        for (user, home, team) in [("u-x", "o1", "t1"), ("u-y", "o2", "t2")] {
            world.user(user, json!({"user_role": "internal_user", "organization_id": home})).await;
            world.member(team, user, "user").await;
            let key = world.key(json!({"user_id": user, "team_id": team, "key_alias": format!("of-{user}")})).await;
            world.spare.insert(user.to_owned(), key);
        }
        world.member("t1", "team_admin", "admin").await;
        world.member("t1", "team_member", "user").await;
        let member = json!({"user_id": "org_admin", "role": "org_admin"});
        world.gateway.admin("/organization/member_add", json!({"organization_id": "o1", "member": member})).await;
        let plain = world.key(json!({})).await;
        world.keys.insert("key".to_owned(), plain);
        world.keys.insert("master".to_owned(), MASTER.to_owned());
        for (number, (user, team)) in
            [("u-x", Some("t1")), ("u-y", Some("t2")), ("internal_user", None)].iter().enumerate()
        {
            world.charge(number, user, *team).await;
        }
        world
    }

    /// A call that somebody's spare key paid.
    async fn charge(&self, number: usize, user: &str, team: Option<&str>) {
        let mut row = call(&self.gateway, &key_hash::hash(&self.spare[user]));
        row.request_id = RequestId::at(self.gateway.clock.now(), &[number as u8; 10]);
        row.details.user_id = Some(user.to_owned());
        row.details.team_id = team.map(str::to_owned);
        row.details.organization_id = team.map(|team| team.replace('t', "o"));
        row.details.tags = vec!["tag".to_owned()];
        self.gateway.log.settle(&row).await.unwrap();
    }

    async fn user(&mut self, id: &str, mut body: Value) {
        body["user_id"] = id.into();
        body["auto_create_key"] = false.into();
        self.gateway.admin("/user/new", body).await;
        for keys in [&mut self.keys, &mut self.spare] {
            let made = self.gateway.admin("/key/generate", json!({"user_id": id})).await;
            keys.insert(id.to_owned(), made["key"].as_str().unwrap().to_owned());
        }
    }

    async fn member(&self, team: &str, user: &str, role: &str) {
        let body = json!({"team_id": team, "member": {"user_id": user, "role": role}});
        self.gateway.admin("/team/member_add", body).await;
    }

    /// A new key.
    pub(super) async fn key(&self, body: Value) -> String {
        self.gateway.admin("/key/generate", body).await["key"].as_str().unwrap().to_owned()
    }

    /// What `caller` is answered.
    pub(super) async fn call(&self, caller: &str, method: &str, url: &str, body: Value) -> Answer {
        self.gateway.with_key(&self.keys[caller], method, url, body).await
    }

    /// As [`World::call`] with `POST`.
    pub(super) async fn post(&self, caller: &str, path: &str, body: Value) -> Answer {
        self.call(caller, "POST", path, body).await
    }

    /// The key that somebody does not call with: of those above a team, one below it.
    pub(super) fn key_of(&self, caller: &str, whose: Whose) -> &str {
        match (caller, whose) {
            (_, Whose::Other) => &self.spare["u-y"],
            ("team_admin" | "org_admin", Whose::Own) => &self.spare["u-x"],
            ("key" | "master", Whose::Own) => &self.keys[caller],
            (_, Whose::Own) => &self.spare[caller],
        }
    }

    /// The id of a call that [`World::charge`] made.
    fn call_of(&self, caller: &str, whose: Whose) -> RequestId {
        let number = match (caller, whose) {
            (_, Whose::Other) => 1,
            ("internal_user", Whose::Own) => 2,
            (_, Whose::Own) => 0,
        };
        RequestId::at(self.gateway.clock.now(), &[number; 10])
    }

    /// A text with `KEY`, `CALL`, `USER`, `TEAM` and `ORG` made those of the caller, or of others.
    pub(super) fn named(&self, text: &str, caller: &str, whose: Whose) -> String {
        let own = whose == Whose::Own;
        let user = match caller {
            _ if !own => "u-y",
            "org_admin" => "u-x",
            "key" | "master" => "u-none",
            user => user,
        };
        let of = |first, second| if own { first } else { second };
        text.replace("KEY", self.key_of(caller, whose))
            .replace("CALL", &self.call_of(caller, whose).to_string())
            .replace("USER", user)
            .replace("TEAM", of("t1", "t2"))
            .replace("ORG", of("o1", "o2"))
    }
}
