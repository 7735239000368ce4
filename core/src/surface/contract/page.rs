//! The same for people: one page without scripts.

use super::described::{Body, Described, Section, name_of};
use super::document::shown;
use super::everything::sections;
use crate::flow::admin::body::{Field, Kind};
use std::fmt::{self, Write};

const STYLE: &str = "
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c }
nav a { margin-right: .8rem; white-space: nowrap }
details { border-top: 1px solid #ddd; padding: .35rem 0 }
summary { cursor: pointer }
code { font: 14px/1.4 ui-monospace, monospace }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600 }
.also, .kind { color: #666 }
table { border-collapse: collapse; margin: .4rem 0 .6rem 1.2rem }
td { padding: .1rem 1rem .1rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #e4e4e4 } a { color: #8ab4f8 } details { border-color: #333 }
  .also, .kind { color: #999 }
}
";

/// The page.
///
/// # Errors
/// None: writing to a text does not fail.
pub(super) fn page() -> Result<String, fmt::Error> {
    let sections = sections();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Postern</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body>\
         <h1>Postern {}</h1><p>One OpenAI-compatible endpoint in front of every model provider. Callers show a key: \
         <code>Authorization: Bearer sk-…</code>. The same as an OpenAPI document: \
         <a href=\"openapi.json\">openapi.json</a>.</p><nav>",
        env!("CARGO_PKG_VERSION")
    );
    for section in &sections {
        write_link(&mut page, section)?;
    }
    page.push_str("</nav>");
    for section in &sections {
        write_section(&mut page, section)?;
    }
    page.push_str("</body></html>\n");
    Ok(page)
}

fn write_link(page: &mut String, section: &Section) -> fmt::Result {
    write!(page, "<a href=\"#{}\">{}</a> ", anchor(section), escaped(section.name))
}

fn write_section(page: &mut String, section: &Section) -> fmt::Result {
    write!(page, "<h2 id=\"{}\">{}</h2><p>{}</p>", anchor(section), escaped(section.name), in_words(section.about))?;
    for operation in &section.operations {
        write_operation(page, operation)?;
    }
    Ok(())
}

fn write_operation(page: &mut String, described: &Described) -> fmt::Result {
    let mut routes = described.routes.iter().map(|route| route.split_once(' ').unwrap_or(("", route)));
    let Some((method, pattern)) = routes.next() else { return Ok(()) };
    let (path, _) = shown(pattern, described.named);
    write!(
        page,
        "<details><summary><code><span class=\"method\">{method}</span>{}</code> – {}</summary>",
        escaped(&path),
        in_words(described.summary)
    )?;
    let also: Vec<String> =
        routes.map(|(method, path)| escaped(&format!("{method} {}", shown(path, described.named).0))).collect();
    if !also.is_empty() {
        write!(page, "<p class=\"also\">Also <code>{}</code></p>", also.join("</code>, <code>"))?;
    }
    write_fields(page, "Query", &described.query.concat(), described.needs)?;
    match described.body {
        Body::None => {}
        Body::Json(fields) => write_fields(page, "Body", &fields(), described.needs)?,
        Body::Form(fields) => write_fields(page, "Form", fields, described.needs)?,
    }
    page.push_str("</details>");
    Ok(())
}

fn write_fields(page: &mut String, of: &str, fields: &[Field], needs: &[&str]) -> fmt::Result {
    if fields.is_empty() {
        return Ok(());
    }
    write!(page, "<table><caption class=\"kind\">{of}</caption>")?;
    for (name, kind) in fields {
        let needed = if needs.contains(name) { ", needed" } else { "" };
        write!(
            page,
            "<tr><td><code>{}</code></td><td class=\"kind\">{}{needed}</td></tr>",
            escaped(name),
            told(*kind)
        )?;
    }
    page.push_str("</table>");
    Ok(())
}

fn told(kind: Kind) -> String {
    match kind {
        Kind::OneOf(names) => escaped(&format!("{} {}", name_of(kind), names.join(", "))),
        _ => name_of(kind).to_owned(),
    }
}

fn anchor(section: &Section) -> String {
    section.name.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// A sentence, with what stands in backticks as code.
fn in_words(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
