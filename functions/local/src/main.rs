//! `postern`: the gateway on one machine.

fn main() {}
