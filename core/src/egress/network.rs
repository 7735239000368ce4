//! A network of addresses, as settings write it: `10.0.0.0/8`, `2001:db8::/32`, or one address. Pure.

use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address or a network, such as `203.0.113.7` or `10.0.0.0/8`")]
pub struct NoNetwork;

impl Network {
    /// Whether an address is in it. An IPv4 address that is written as IPv6 counts as what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shared = |a: u128, b: u128, width: u32| match width.checked_sub(self.bits) {
            Some(rest) => (a ^ b).checked_shr(rest).unwrap_or(0) == 0,
            None => false,
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                shared(u128::from(u32::from(own)), u128::from(u32::from(other)), u32::BITS)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => shared(u128::from(own), u128::from(other), u128::BITS),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let most = if address.is_ipv4() { u32::BITS } else { u128::BITS };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| NoNetwork))?;
        if bits > most { Err(NoNetwork) } else { Ok(Self { address, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        for (network, address) in [
            ("10.0.0.0/8", "10.255.0.1"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3", "::ffff:10.1.2.3"),
            ("0.0.0.0/0", "203.0.113.7"),
            ("::/0", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1"),
        ] {
            assert!(holds(network, address), "{network} {address}");
        }
        for (network, address) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("10.1.2.0/31", "10.1.2.2"),
            ("10.1.2.3", "10.1.2.4"),
            ("0.0.0.0/0", "2001:db8::1"),
            ("2001:db8::/32", "2001:db9::1"),
        ] {
            assert!(!holds(network, address), "{network} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "example.com", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(NoNetwork), "{text}");
        }
    }
}
