//! Which IP addresses are those of the public internet.
//!
//! Sources: IANA's special-purpose registries, <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 blocks that are nobody's on the internet: first address, bits of the prefix.
const RESERVED_V4: [([u8; 4], u32); 17] = [
    // This network.
    ([0, 0, 0, 0], 8),
    // Private networks.
    ([10, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    // Behind a carrier's address translation; also where some clouds keep their metadata.
    ([100, 64, 0, 0], 10),
    // Loopback.
    ([127, 0, 0, 0], 8),
    // Link-local: metadata of AWS, Azure, Google and others.
    ([169, 254, 0, 0], 16),
    // Azure's agent of virtual machines: in the public range, and only seen from inside.
    ([168, 63, 129, 16], 32),
    // Protocol assignments.
    ([192, 0, 0, 0], 24),
    // Documentation.
    ([192, 0, 2, 0], 24),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Relays of 6to4.
    ([192, 88, 99, 0], 24),
    // Benchmarks.
    ([198, 18, 0, 0], 15),
    // Multicast, reserved, broadcast.
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// IPv6 blocks within the unicast range that are nobody's on the internet.
const RESERVED_V6: [([u16; 8], u32); 3] = [
    // Protocol assignments, Teredo among them, whose addresses hide IPv4 ones.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    // Documentation.
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Whether an address is one of the public internet. One that stands for an IPv4 address is what that is.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

/// Whether an address is only seen from its own link: where clouds keep their metadata and credentials.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => inner.is_link_local(),
            // AWS has its metadata at fd00:ec2::254.
            None => is_in_v6(address, [0xfe80, 0, 0, 0, 0, 0, 0, 0], 10) || address.segments()[..2] == [0xfd00, 0x0ec2],
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, 6to4, or by NAT64's well-known prefix.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(of(high, low))
        }
        _ => None,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !RESERVED_V4.iter().any(|&(block, bits)| is_in_v4(address, block, bits))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // All that is given out so far lies in 2000::/3; unique local, link-local, multicast and the old forms lie outside.
    is_in_v6(address, [0x2000, 0, 0, 0, 0, 0, 0, 0], 3)
        && !RESERVED_V6.iter().any(|&(block, bits)| is_in_v6(address, block, bits))
}

fn is_in_v4(address: Ipv4Addr, block: [u8; 4], bits: u32) -> bool {
    let differs = u32::from(address) ^ u32::from_be_bytes(block);
    differs.leading_zeros() >= bits
}

fn is_in_v6(address: Ipv6Addr, block: [u16; 8], bits: u32) -> bool {
    let differs = u128::from(address) ^ u128::from(Ipv6Addr::from(block));
    differs.leading_zeros() >= bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_on_the_internet_is_told_in_every_form() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001:0:a00:1::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_is_on_the_internet_is_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "169.253.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    proptest! {
        #[test]
        fn a_form_of_an_address_is_what_the_address_is(bits: u32, rest: u16) {
            let address = Ipv4Addr::from(bits);
            let (high, low) = ((bits >> 16) as u16, bits as u16);
            let plain = is_public(address.into());
            prop_assert_eq!(is_public(address.to_ipv6_mapped().into()), plain);
            prop_assert_eq!(is_public(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into()), plain);
            prop_assert_eq!(is_public(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, rest).into()), plain);
        }

        #[test]
        fn what_the_standard_library_calls_private_is_never_public(bits: u32, wide: u128) {
            let four = Ipv4Addr::from(bits);
            let special = four.is_private() || four.is_loopback() || four.is_link_local() || four.is_multicast()
                || four.is_broadcast() || four.is_documentation() || four.is_unspecified();
            prop_assert!(!(special && is_public(four.into())));
            let six = Ipv6Addr::from(wide);
            let special = six.is_unique_local() || six.is_unicast_link_local() || six.is_multicast() || six.is_loopback();
            prop_assert!(!(special && is_public(six.into())));
        }
    }
}
