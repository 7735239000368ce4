//! An event as one JSON object. The library's own form of it leaves out what an error was caused by, which is what an
//! operator looks for.

use serde_json::{Map, Value};
use std::error::Error;
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes `{"timestamp":…,"level":…,"fields":{"message":…,…}}`, with `spans` where the event is in any.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JsonLine;

/// The fields of an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.extend([": ", &error.to_string()]);
            cause = error.source();
        }
        self.set(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (mut fields, mut timestamp) = (Fields::default(), String::new());
        event.record(&mut fields);
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), timestamp.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("fields".to_owned(), fields.0.into());
        let spans = context.event_scope().into_iter().flatten().map(|span| Value::from(span.name()));
        let spans: Vec<_> = spans.collect();
        if !spans.is_empty() {
            line.insert("spans".to_owned(), spans.into());
        }
        writeln!(out, "{}", Value::from(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Debug, thiserror::Error)]
    #[error("the store cannot be read")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("it does not answer \"at all\"")]
    struct Inner;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt().event_format(JsonLine).with_writer(move || writer.clone());
        tracing::subscriber::with_default(lines.finish(), log);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn an_error_is_told_with_all_that_caused_it_and_every_value_keeps_its_type() {
        let error = Outer(Inner);
        let error = &error as &dyn Error;
        let lines =
            logged(|| tracing::warn!(error, tries = 3, share = 0.5, done = false, key = %"k", "a \"key\"\nfails"));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "WARN");
        assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'));
        let cause = "the store cannot be read: it does not answer \"at all\"";
        let fields =
            json!({"message": "a \"key\"\nfails", "error": cause, "tries": 3, "share": 0.5, "done": false, "key": "k"});
        assert_eq!(lines[0]["fields"], fields);
        assert_eq!(lines[0].get("spans"), None);
    }

    #[test]
    fn the_spans_around_an_event_are_named() {
        let lines = logged(|| tracing::info_span!("job").in_scope(|| tracing::info!("begins")));
        assert_eq!(lines[0]["spans"], json!(["job"]));
    }
}
