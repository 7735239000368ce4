//! What `postern` tells the person who started it. Standard output for what was asked for, standard error for
//! complaints.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Says that the server is up and, for a key made for this run, how to use it. This is the only time it is shown.
pub(crate) fn welcome(scheme: &str, address: SocketAddr, new_master_key: Option<&str>, model: Option<&str>) {
    let mut text = format!("Postern listens on {scheme}://{address}\n");
    if let Some(key) = new_master_key {
        text.push_str(&format!(
            "\nNo master key is set, so one was made for this run: {key}\nTo keep one, set LITELLM_MASTER_KEY or \
             general_settings.master_key. Until then only this machine can connect.\n\nTry it:\n\n  curl -N \
             {scheme}://{address}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: \
             application/json' -d '{{\"model\": \"{}\", \"stream\": true, \"messages\": [{{\"role\": \"user\", \
             \"content\": \"Hello\"}}]}}'\n\n",
            model.unwrap_or("demo")
        ));
    }
    say(&text);
}

/// Says one line on standard output.
pub(crate) fn say(text: &str) {
    // Nobody may be listening, and that is fine.
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}

/// Says what the operator should know, on standard error.
pub(crate) fn warn(warning: &dyn std::fmt::Display) {
    let _ = io::stderr().write_all(format!("warning: {warning}\n").as_bytes());
}

/// Tells an error with its causes on standard error.
pub(crate) fn complain(error: &dyn Error) {
    let mut text = format!("postern: {error}\n");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!("  because: {inner}\n"));
        cause = inner.source();
    }
    let _ = io::stderr().write_all(text.as_bytes());
}
