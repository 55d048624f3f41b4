//! The proxies that the application trusts. Layer: vocabulary.

use std::net::IpAddr;

use super::Peer;

/// The trusted proxies in front of the application: networks of addresses, and the Unix socket.
#[derive(Debug, Default)]
pub(crate) struct TrustedProxies {
    networks: Vec<Network>,
    unix: bool,
}

impl TrustedProxies {
    /// Reads each text as an address, as a network in CIDR notation, or as the word `unix`.
    ///
    /// # Errors
    ///
    /// Returns one message for each text that is none of these.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, Vec<String>> {
        let (mut proxies, mut mistakes) = (Self::default(), Vec::new());
        for text in texts {
            match Network::parse(text) {
                _ if text == "unix" => proxies.unix = true,
                Ok(network) => proxies.networks.push(network),
                Err(mistake) => mistakes.push(format!("`{text}` {mistake}")),
            }
        }
        if mistakes.is_empty() { Ok(proxies) } else { Err(mistakes) }
    }

    /// Returns whether the other end of a connection is a trusted proxy.
    pub(crate) fn trusts(&self, peer: Peer) -> bool {
        peer.ip().map_or(self.unix, |address| self.trusts_address(address.to_canonical()))
    }

    /// Returns whether an address belongs to a trusted proxy. Pass an IPv4 address as such, not
    /// mapped to IPv6.
    pub(super) fn trusts_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

/// All addresses of one IP version that begin with the same bits. `::/0` contains no IPv4 address.
#[derive(Debug)]
struct Network {
    first: IpAddr,
    prefix: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| UNREADABLE)?;
        let written = width(address);
        let prefix = match prefix {
            // `parse` alone would accept a sign.
            Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
                prefix.parse().ok().filter(|prefix| *prefix <= written).ok_or(UNREADABLE)?
            }
            Some(_) => return Err(UNREADABLE),
            None => written,
        };
        let first = address.to_canonical();
        // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        let prefix = prefix.checked_sub(written - width(first)).ok_or(UNREADABLE)?;
        let network = Self { first, prefix };
        if network.beyond(bits(first)) == bits(first) { Ok(network) } else { Err(BEYOND) }
    }

    fn contains(&self, address: IpAddr) -> bool {
        width(address) == width(self.first) && self.beyond(bits(address)) == bits(self.first)
    }

    /// Returns the bits of an address with those behind the prefix set to zero.
    fn beyond(&self, bits: u128) -> u128 {
        let free = width(self.first) - self.prefix;
        bits.checked_shr(free).and_then(|bits| bits.checked_shl(free)).unwrap_or(0)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

const UNREADABLE: &str =
    "is neither an address nor a network: write `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`, or `unix` for a Unix socket";
const BEYOND: &str = "has bits set behind its prefix: write the first address of the network, or a longer prefix";

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(texts: &[&str]) -> Result<TrustedProxies, Vec<String>> {
        TrustedProxies::parse(&texts.iter().copied().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_network_contains_the_addresses_with_its_prefix() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", &["10.0.0.0", "10.255.255.255"][..], &["9.255.255.255", "11.0.0.0", "::a00:0"][..]),
            ("192.0.2.7", &["192.0.2.7"], &["192.0.2.6", "::192.0.2.7"]),
            ("192.0.2.6/31", &["192.0.2.6", "192.0.2.7"], &["192.0.2.5", "192.0.2.8"]),
            ("0.0.0.0/0", &["0.0.0.0", "255.255.255.255"], &["::"]),
            ("::/0", &["::", "2001:db8::1"], &["10.0.0.1"]),
            ("2001:db8::/32", &["2001:db8::", "2001:db8:ffff::1"], &["2001:db9::"]),
            ("2001:db8::1", &["2001:db8::1"], &["2001:db8::2"]),
            ("::ffff:10.0.0.0/104", &["10.1.2.3"], &["11.1.2.3"]),
            ("::ffff:10.0.0.1", &["10.0.0.1"], &["10.0.0.2"]),
        ] {
            let proxies = proxies(&[network]).expect("a network");
            let trusts = |text: &str| proxies.trusts_address(text.parse().expect("an address"));
            assert!(inside.iter().all(|text| trusts(text)), "{network}");
            assert!(!outside.iter().any(|text| trusts(text)), "{network}");
            assert!(!proxies.trusts(Peer::Unix), "{network}");
        }
    }

    #[test]
    fn an_ipv4_mapped_peer_counts_as_ipv4() {
        let peer = Peer::Address("[::ffff:10.1.2.3]:80".parse().expect("an address"));
        assert!(proxies(&["10.0.0.0/8"]).expect("a network").trusts(peer));
        assert!(!proxies(&["unix"]).expect("a word").trusts(peer));
        assert!(proxies(&["unix", "10.0.0.0/8"]).expect("a word and a network").trusts(Peer::Unix));
    }

    #[test]
    fn each_invalid_entry_is_reported() {
        let strays = [
            "",
            "*",
            "proxy.example",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "10.0.0.1/8",
            "2001:db8::1/32",
            "::/129",
            "::ffff:10.0.0.0/8",
            "[::1]",
            "10.0.0.1:80",
            "Unix",
            " 10.0.0.1",
        ];
        let mistakes = proxies(&strays).expect_err("mistakes");
        assert_eq!(mistakes.len(), strays.len(), "{mistakes:#?}");
        for (mistake, stray) in mistakes.iter().zip(strays) {
            assert!(mistake.starts_with(&format!("`{stray}` ")), "{mistake}");
        }
        assert!(mistakes[8].ends_with(BEYOND), "{}", mistakes[8]);
        assert_eq!(proxies(&["10.0.0.0/8", "x"]).expect_err("a mistake").len(), 1);
    }
}
