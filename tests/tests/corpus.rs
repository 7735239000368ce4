//! Plays the recorded wire cases and scenarios of routing against the real `postern` binary: each is answered as recorded,
//! or it is said why not.
#![allow(clippy::expect_used, reason = "a runner that cannot start fails its test")]

use postern_tests::binaries;
use std::ffi::OsStr;
use std::process::Command;

fn python<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> (bool, String) {
    let output = Command::new("python3")
        // No bytecode beside the sources.
        .arg("-B")
        .args(arguments)
        .current_dir(binaries::root().join("tests/corpus"))
        .output()
        .expect("python3 is on the PATH");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

/// Runs a script of `tests/corpus` against the binary.
fn play(script: &str, options: &[&str]) -> (bool, String) {
    let postern = binaries::postern().expect("postern is built");
    let arguments = [OsStr::new(script), OsStr::new("--postern"), postern.as_os_str()];
    python(arguments.into_iter().chain(options.iter().map(OsStr::new)))
}

#[test]
fn every_recorded_case_is_answered_as_recorded_or_it_is_said_why_not() {
    let (passed, text) = play("play.py", &[]);
    assert!(passed, "{text}");
}

#[test]
fn it_does_not_matter_how_the_bytes_of_a_stream_are_cut() {
    let (passed, text) = play("play.py", &["--bytewise"]);
    assert!(passed, "{text}");
}

#[test]
fn a_stream_that_is_cut_short_never_ends_cleanly() {
    let (passed, text) = play("cuts.py", &[]);
    assert!(passed, "{text}");
}

#[test]
fn recorded_scenarios_of_routing_hold_or_it_is_said_why_not() {
    let (passed, text) = play("scenarios.py", &[]);
    assert!(passed, "{text}");
}

#[test]
fn the_comparison_finds_each_kind_of_difference() {
    let (passed, text) = python(["-m", "unittest"]);
    assert!(passed, "{text}");
}
