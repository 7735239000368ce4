//! What asked for a run: EventBridge Scheduler with an input of ours, a rule of EventBridge, or somebody by hand. An
//! event may come twice; the jobs bear it.

use super::job::Job;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The task that names a whole round, as the template's schedule sends it.
const ROUND: &str = "sweep";

/// Members of an input that say where it comes from. EventBridge Scheduler can fill in each.
const ORIGIN: [&str; 4] = ["scheduled_time", "attempt", "execution_id", "schedule_arn"];

/// Who sends the events of EventBridge's own rules.
const RULES: &str = "aws.events";

/// What is asked for, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What is to be done.
    pub task: Task,
    /// Where the event comes from, for the report: `scheduled_time`, `attempt`, …
    pub origin: BTreeMap<&'static str, String>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Every job.
    #[default]
    Round,
    /// This job alone.
    One(Job),
}

/// Why an event is not understood. Nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is no JSON object.
    #[error("an event is a JSON object; `{{}}` asks for every job")]
    NotAnObject,
    /// It asks for what there is not.
    #[error("there is no task `{0}`; use `{ROUND}` or leave `task` out for every job, or name one of {jobs}", jobs = jobs())]
    UnknownTask(String),
    /// It has a member that nobody reads.
    #[error("`{0}` is no member of a maintenance event; those are `task`, {origin}", origin = listed(ORIGIN))]
    UnknownMember(String),
    /// A member has a value of the wrong kind.
    #[error("`{0}` must be a text")]
    NotText(&'static str),
    /// An event of EventBridge, but of another service.
    #[error("events of `{0}` are not for maintenance; a rule with a schedule sends `{RULES}`")]
    ForeignSource(String),
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// [`EventError`] names what is not understood, and what would be.
    pub fn read(event: &Value) -> Result<Self, EventError> {
        match event {
            // What a call by hand without a payload sends.
            Value::Null => Ok(Self::default()),
            Value::Object(members) => match members.get("source") {
                Some(source) => Self::of_rule(source, members),
                None => Self::of_input(members),
            },
            _ => Err(EventError::NotAnObject),
        }
    }

    /// A rule says nothing but when.
    fn of_rule(source: &Value, members: &Map<String, Value>) -> Result<Self, EventError> {
        if source.as_str() != Some(RULES) {
            return Err(EventError::ForeignSource(source.as_str().map_or_else(|| source.to_string(), str::to_owned)));
        }
        let time = members.get("time").and_then(Value::as_str);
        let origin = time.map(|time| ("scheduled_time", time.to_owned())).into_iter().collect();
        Ok(Self { task: Task::Round, origin })
    }

    fn of_input(members: &Map<String, Value>) -> Result<Self, EventError> {
        let mut event = Self::default();
        for (name, value) in members {
            if name == "task" {
                event.task = task(value)?;
            } else {
                let known = ORIGIN.into_iter().find(|known| known == name);
                let known = known.ok_or_else(|| EventError::UnknownMember(name.clone()))?;
                event.origin.insert(known, text(known, value)?);
            }
        }
        Ok(event)
    }
}

fn task(value: &Value) -> Result<Task, EventError> {
    let name = value.as_str().ok_or(EventError::NotText("task"))?;
    if name == ROUND {
        return Ok(Task::Round);
    }
    Job::named(name).map(Task::One).ok_or_else(|| EventError::UnknownTask(name.to_owned()))
}

fn text(name: &'static str, value: &Value) -> Result<String, EventError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        // A person writes the attempt as a number.
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(EventError::NotText(name)),
    }
}

fn jobs() -> String {
    listed(Job::ALL.map(Job::name))
}

fn listed<const N: usize>(names: [&str; N]) -> String {
    names.map(|name| format!("`{name}`")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_sample_is_understood_and_asks_for_a_whole_round() {
        for sample in [
            include_str!("../../../../events/maintenance-scheduler.json"),
            include_str!("../../../../events/maintenance-rule.json"),
            include_str!("../../../../events/maintenance-manual.json"),
        ] {
            let event = Event::read(&serde_json::from_str(sample).unwrap()).unwrap();
            assert_eq!(event.task, Task::Round, "{sample}");
        }
        assert_eq!(Event::read(&Value::Null), Ok(Event::default()));
    }

    #[test]
    fn an_input_names_one_job_and_says_where_it_comes_from() {
        let event = Event::read(&json!({"task": "log_retention", "attempt": 2})).unwrap();
        assert_eq!(event.task, Task::One(Job::LogRetention));
        assert_eq!(event.origin.get("attempt").map(String::as_str), Some("2"));
    }

    #[test]
    fn what_is_not_understood_is_named_with_what_would_be() {
        let said = |event: Value| Event::read(&event).unwrap_err().to_string();
        assert_eq!(
            said(json!({"task": "tidy"})),
            "there is no task `tidy`; use `sweep` or leave `task` out for every job, or name one of `expired_holds`, \
             `budget_rollover`, `spend_sums`, `key_rotation`, `resealing`, `log_retention`, `erasure`, `expired_items`, `health_checks`"
        );
        assert_eq!(
            said(json!({"tusk": "sweep"})),
            "`tusk` is no member of a maintenance event; those are `task`, `scheduled_time`, `attempt`, \
             `execution_id`, `schedule_arn`"
        );
        assert_eq!(
            said(json!({"source": "aws.s3"})),
            "events of `aws.s3` are not for maintenance; a rule with a schedule sends `aws.events`"
        );
        assert_eq!(said(json!([])), "an event is a JSON object; `{}` asks for every job");
        assert_eq!(said(json!({"task": 1})), "`task` must be a text");
    }
}
