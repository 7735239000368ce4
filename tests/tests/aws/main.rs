//! The AWS half against emulators (`dynoxide`, `moto`) and, for failures they do not give, against a stub.

mod conformance;
mod dynamo_failures;
mod dynamo_table;
mod objects;
mod secrets;
