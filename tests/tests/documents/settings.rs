//! `docs/settings.md` and `docs/config.schema.json`, made from the table of settings.

use postern_core::config::ledger::{Fate, Setting, in_section};
use postern_core::config::schema::schema;
use std::fmt::Write;

/// Sections in the order of the document, each with where it stands.
const SECTIONS: [(&str, &str); 18] = [
    ("top_level", "The file"),
    ("model_list", "`model_list[]`"),
    ("litellm_params", "`model_list[].litellm_params`"),
    ("model_info", "`model_list[].model_info`"),
    ("credential_list", "`credential_list[]`"),
    ("litellm_settings", "`litellm_settings`"),
    ("cache_params", "`litellm_settings.cache_params`"),
    ("key_generation_settings", "`litellm_settings.key_generation_settings`"),
    ("router_settings", "`router_settings`"),
    ("routing_strategy_args", "`router_settings.routing_strategy_args`"),
    ("retry_policy", "`router_settings.retry_policy`"),
    ("allowed_fails_policy", "`router_settings.allowed_fails_policy`"),
    ("provider_budget_config", "`router_settings.provider_budget_config.PROVIDER`"),
    ("general_settings", "`general_settings`"),
    ("key_management_settings", "`general_settings.key_management_settings`"),
    ("litellm_jwtauth", "`general_settings.litellm_jwtauth`"),
    ("guardrails", "`guardrails[]`"),
    ("environment", "Variables of the environment"),
];

const HEAD: &str = "# Settings

Written by `make docs` from the table that the gateway reads (`core/data/settings.tsv`); a test compares them.

Every setting of LiteLLM's `config.yaml` and every variable that it reads, and ours. Any text may be `os.environ/NAME`. What a setting does in detail stands \
                    where its subject does: [keys](management.md), [who calls](identity.md), [limits](limits.md), \
                    [routing](routing.md), [the cache](caching.md), [guardrails](guardrails.md), [TLS, secrets and encryption](security.md).

- *no effect*: known, and without effect in this version; the gateway says so when it starts.
- *refused*: to leave it out would weaken what it guards, so that the gateway does not start with it.
- *as it is*: what it asks for happens anyway, or there is nothing here for it to act on.

`docs/config.schema.json` says the same to an editor, and `postern schema` prints it. Put this on the first line of a \
                    `config.yaml`:

```yaml
# yaml-language-server: $schema=config.schema.json
```
";

#[test]
fn the_document_of_settings_says_what_the_table_does() {
    crate::stands_in("docs/settings.md", &document());
}

#[test]
fn the_schema_of_the_configuration_says_what_the_table_does() {
    crate::stands_in("docs/config.schema.json", &format!("{:#}\n", schema()));
}

fn document() -> String {
    let mut out = HEAD.to_owned();
    for (section, place) in SECTIONS {
        write!(out, "\n## {place}\n\n| setting | type | default | meaning | here |\n|---|---|---|---|---|\n").unwrap();
        for setting in in_section(section) {
            let types: Vec<_> = setting.types().collect();
            let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
            let here = here(setting);
            let Setting { name, meaning, .. } = setting;
            writeln!(out, "| `{name}` | {} | {default} | {meaning} | {here} |", types.join(" or ")).unwrap();
        }
    }
    out
}

fn here(setting: &Setting) -> String {
    let fate = match setting.fate_with_parent() {
        Fate::Honoured | Fate::WithParent | Fate::Outside => return String::new(),
        Fate::Inherent => "*as it is*",
        Fate::NotYet => "*no effect*",
        Fate::Refused => "*refused*",
    };
    if setting.advice.is_empty() { fate.to_owned() } else { format!("{fate}: {}", setting.advice) }
}
