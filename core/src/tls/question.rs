//! Asks a server that refused our handshake what it would speak: the greeting of an old client, and the server's choice
//! in its answer. Bytes in, bytes out; nothing is ever negotiated with it, and no secret is in it.
//!
//! [RFC 5246](https://datatracker.ietf.org/doc/html/rfc5246), section 7.4.1; [RFC 8422](https://datatracker.ietf.org/doc/html/rfc8422).

use super::suites::{self, SUITES};

/// The most of an answer that is read, in bytes: its head is all that matters.
pub const ANSWER_BYTES: usize = 128;

const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const TLS_1_0: u16 = 0x0301;
const TLS_1_2: u16 = 0x0303;
/// Renegotiation is not wanted, said as a suite.
const NO_RENEGOTIATION: u16 = 0x00ff;

/// What a server would speak with an old client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This version, with this suite.
    Speaks {
        /// As it is written on the wire.
        version: u16,
        /// The suite's name.
        suite: String,
    },
    /// Nothing either.
    Refuses,
}

/// The greeting of a client that knows TLS 1.0 to 1.2 and every suite.
pub fn greeting(host: &str) -> Vec<u8> {
    let mut extensions = Vec::new();
    let is_name = host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
    if is_name {
        let name = sized([&[0][..], &sized(host.as_bytes())].concat());
        extension(&mut extensions, 0, &name);
    }
    // secp256r1, secp384r1, secp521r1, x25519.
    extension(&mut extensions, 10, &sized(numbers(&[0x17, 0x18, 0x19, 0x1d])));
    // Points in full.
    extension(&mut extensions, 11, &[1, 0]);
    // RSA and ECDSA with every hash from SHA-1 on, PSS.
    let schemes =
        [0x0401, 0x0501, 0x0601, 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0301, 0x0303, 0x0201, 0x0203];
    extension(&mut extensions, 13, &sized(numbers(&schemes)));
    let mut known: Vec<u16> = SUITES.iter().map(|(number, _)| *number).collect();
    known.push(NO_RENEGOTIATION);
    let body = [
        &TLS_1_2.to_be_bytes()[..],
        // The random bytes of a handshake that is never made.
        &[0x5a; 32],
        // No session.
        &[0],
        &sized(numbers(&known)),
        // No compression.
        &[1, 0],
        &sized(extensions),
    ]
    .concat();
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let message = [&[CLIENT_HELLO], length.get(1..).unwrap_or_default(), &body].concat();
    [&[HANDSHAKE][..], &TLS_1_0.to_be_bytes(), &sized(message)].concat()
}

/// What an answer to the greeting means. `None`: it is too short yet, or no TLS.
pub fn choice(answer: &[u8]) -> Option<Choice> {
    let number = |at: usize| Some(u16::from_be_bytes([*answer.get(at)?, *answer.get(at + 1)?]));
    match *answer.first()? {
        ALERT => Some(Choice::Refuses),
        HANDSHAKE if *answer.get(5)? == SERVER_HELLO => {
            let version = number(9)?;
            let session = usize::from(*answer.get(43)?);
            Some(Choice::Speaks { version, suite: suites::name(number(44 + session)?) })
        }
        _ => None,
    }
}

/// The name of a version as it is written on the wire.
pub(super) fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301 => "TLS 1.0".to_owned(),
        0x0302 => "TLS 1.1".to_owned(),
        0x0303 => "TLS 1.2".to_owned(),
        other => format!("version 0x{other:04x}"),
    }
}

fn extension(all: &mut Vec<u8>, number: u16, content: &[u8]) {
    all.extend(number.to_be_bytes());
    all.extend(sized(content));
}

/// Behind its length in two bytes.
fn sized(content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let length = u16::try_from(content.len()).unwrap_or_default();
    [&length.to_be_bytes()[..], content].concat()
}

fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_is_as_long_as_it_says() {
        let greeting = greeting("upstream.test");
        assert_eq!(usize::from(u16::from_be_bytes([greeting[3], greeting[4]])), greeting.len() - 5);
        assert_eq!(usize::from(u16::from_be_bytes([greeting[7], greeting[8]])), greeting.len() - 9);
        assert!(greeting.windows(13).any(|part| part == b"upstream.test"));
    }

    #[test]
    fn the_choice_is_read_behind_a_session_of_any_length() {
        for session in [0_u8, 32] {
            let head = [&[22, 3, 1, 0, 80, 2, 0, 0, 76, 3, 1][..], &[9; 32], &[session]].concat();
            let answer = [head, vec![7; usize::from(session)], vec![0, 0x2f, 0]].concat();
            let suite = "TLS_RSA_WITH_AES_128_CBC_SHA".to_owned();
            assert_eq!(choice(&answer), Some(Choice::Speaks { version: 0x0301, suite }));
            assert_eq!(choice(&answer[..44 + usize::from(session)]), None);
        }
        assert_eq!(choice(&[21, 3, 3, 0, 2, 2, 40]), Some(Choice::Refuses));
        assert_eq!(choice(b"HTTP/1.1 400 Bad Request"), None);
    }
}
