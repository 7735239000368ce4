//! The little DER that certificates are looked at with: one element after another, no recursion, nothing kept.

use rustls::pki_types::UnixTime;
use std::time::Duration;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const SEQUENCE: u8 = 0x30;
/// The version of a certificate: `[0] EXPLICIT`.
const VERSION: u8 = 0xa0;

/// One element: its tag, what is in it, and what comes after it.
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) content: &'d [u8],
    pub(super) rest: &'d [u8],
}

/// The first element of a text. `None`: it is cut short, or its length is told in more than four bytes.
pub(super) fn first(text: &[u8]) -> Option<Element<'_>> {
    let (&tag, text) = text.split_first()?;
    let (&short, text) = text.split_first()?;
    let (length, text) = match short {
        0..=0x7f => (usize::from(short), text),
        0x81..=0x84 => {
            let (digits, text) = text.split_at_checked(usize::from(short & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), text)
        }
        _ => return None,
    };
    let (content, rest) = text.split_at_checked(length)?;
    Some(Element { tag, content, rest })
}

/// The first element, where it has this tag.
pub(super) fn expect(text: &[u8], tag: u8) -> Option<Element<'_>> {
    first(text).filter(|element| element.tag == tag)
}

/// What a certificate says of itself.
pub(super) struct CertificateParts<'d> {
    /// The object identifier of the algorithm that it is signed with.
    pub(super) signed_with: &'d [u8],
    /// From when to when it holds, in seconds of Unix time.
    pub(super) holds: (i64, i64),
    /// Its key: a `SubjectPublicKeyInfo`, without its tag.
    pub(super) key: &'d [u8],
}

/// The parts of a certificate ([RFC 5280, section 4.1](https://datatracker.ietf.org/doc/html/rfc5280#section-4.1)).
pub(super) fn certificate(der: &[u8]) -> Option<CertificateParts<'_>> {
    let whole = expect(der, SEQUENCE)?;
    let body = expect(whole.content, SEQUENCE)?;
    let algorithm = expect(body.rest, SEQUENCE)?;
    let signed_with = expect(algorithm.content, OBJECT_IDENTIFIER)?.content;
    let start = first(body.content).filter(|element| element.tag == VERSION).map_or(body.content, |found| found.rest);
    let serial = expect(start, INTEGER)?;
    let inner_algorithm = expect(serial.rest, SEQUENCE)?;
    let issuer = expect(inner_algorithm.rest, SEQUENCE)?;
    let validity = expect(issuer.rest, SEQUENCE)?;
    let subject = expect(validity.rest, SEQUENCE)?;
    let key = expect(subject.rest, SEQUENCE)?.content;
    let from = first(validity.content)?;
    let to = first(from.rest)?;
    Some(CertificateParts { signed_with, holds: (seconds(&from)?, seconds(&to)?), key })
}

/// Whether a span of time holds now.
pub(super) fn holds_at(span: (i64, i64), now: UnixTime) -> bool {
    let now = i64::try_from(Duration::from_secs(now.as_secs()).as_secs()).unwrap_or(i64::MAX);
    (span.0..=span.1).contains(&now)
}

/// A time as certificates write it: `YYMMDDhhmmssZ`, or with a year of four digits.
fn seconds(element: &Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = text.split_at_checked(if element.tag == UTC_TIME { 2 } else { 4 })?;
    let year: i16 = year.parse().ok()?;
    let year = match (element.tag == UTC_TIME, year) {
        (true, 50..) => 1900 + year,
        (true, _) => 2000 + year,
        (false, _) => year,
    };
    let mut pairs = rest.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok()?.parse::<i8>().ok());
    let mut next = || pairs.next().flatten();
    let date = jiff::civil::DateTime::new(year, next()?, next()?, next()?, next()?, next()?, 0).ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_one_after_another_and_cut_ones_refused() {
        let found = expect(&[0x02, 0x01, 0x05, 0xff], INTEGER).unwrap();
        assert_eq!((found.content, found.rest), (&[5][..], &[0xff][..]));
        let long = [&[0x30, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        assert_eq!(first(&long).unwrap().content.len(), 256);
        for cut in [&[][..], &[0x30], &[0x30, 0x02, 0x00], &[0x30, 0x85, 1, 1, 1, 1, 1], &[0x30, 0x80]] {
            assert!(first(cut).is_none(), "{cut:?}");
        }
    }

    #[test]
    fn times_are_read_in_both_spellings() {
        let time = |tag, content: &'static str| seconds(&Element { tag, content: content.as_bytes(), rest: &[] });
        assert_eq!(time(UTC_TIME, "700101000001Z"), Some(1));
        assert_eq!(time(0x18, "20500101000000Z"), Some(2_524_608_000));
        assert_eq!(time(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(time(UTC_TIME, "70010100"), None);
    }
}
