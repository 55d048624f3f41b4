//! The hosts that an application answers for. Pure.

use std::net::IpAddr;

pub(crate) struct AllowedHosts(Vec<Allowed>);

enum Allowed {
    Any,
    Name(String),
    /// A domain and all its subdomains.
    Domain(String),
    Address(IpAddr),
    AnyAddress,
}

impl AllowedHosts {
    /// Returns the hosts allowed in development: `localhost` with its subdomains, and every IP
    /// address. DNS rebinding cannot use them, because it makes the browser send the attacker's
    /// domain as the host.
    pub(crate) fn local() -> Self {
        Self(vec![Allowed::Domain("localhost".to_owned()), Allowed::AnyAddress])
    }

    /// Parses a list of hosts.
    ///
    /// # Errors
    ///
    /// Returns one message for each host that cannot be parsed, or one if the list is empty.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, Vec<String>> {
        if texts.is_empty() {
            return Err(vec![EMPTY.to_owned()]);
        }
        let (mut hosts, mut mistakes) = (Vec::new(), Vec::new());
        for text in texts {
            match Allowed::parse(text) {
                Some(allowed) => hosts.push(allowed),
                None => mistakes.push(format!("`{text}` {UNREADABLE}")),
            }
        }
        if mistakes.is_empty() { Ok(Self(hosts)) } else { Err(mistakes) }
    }

    /// Returns whether a host is in the list. The port is ignored.
    pub(super) fn allows(&self, host: &str) -> bool {
        let name = without_port(host);
        let address = address(name);
        // `example.com.` is the same name as `example.com`.
        let name = name.strip_suffix('.').unwrap_or(name);
        self.0.iter().any(|allowed| match allowed {
            Allowed::Any => true,
            Allowed::Name(own) => name.eq_ignore_ascii_case(own),
            Allowed::Domain(own) => is_within(name, own),
            Allowed::Address(own) => address == Some(*own),
            Allowed::AnyAddress => address.is_some(),
        })
    }
}

impl Allowed {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        if let Some(address) = address(text) {
            return Some(Self::Address(address));
        }
        match text.strip_prefix('.') {
            Some(domain) => is_name(domain).then(|| Self::Domain(domain.to_owned())),
            None => is_name(text).then(|| Self::Name(text.to_owned())),
        }
    }
}

fn is_name(text: &str) -> bool {
    let in_label = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text.split('.').all(|label| !label.is_empty() && label.bytes().all(in_label))
}

fn is_within(name: &str, domain: &str) -> bool {
    let Some(start) = name.len().checked_sub(domain.len()) else { return false };
    let ends_so = name.as_bytes()[start..].eq_ignore_ascii_case(domain.as_bytes());
    ends_so && (start == 0 || name.as_bytes()[start - 1] == b'.')
}

/// Returns the name or the address of a host, without the port.
fn without_port(host: &str) -> &str {
    let end = match host.find(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    &host[..end]
}

/// Parses an IP address. IPv6 may have brackets.
fn address(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    Some(inner.unwrap_or(text).parse::<IpAddr>().ok()?.to_canonical())
}

const EMPTY: &str = "the list is empty: name a host, or `*` for every host";
const UNREADABLE: &str = "is not a host: write `example.com`, `.example.com` for a name and its subdomains, an address, or `*` for every \
    host, without a scheme or a port";

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Result<AllowedHosts, Vec<String>> {
        AllowedHosts::parse(&texts.iter().copied().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_host_is_allowed_by_name_on_any_port() {
        for (allowed, good, bad) in [
            (
                "example.com",
                &["example.com", "EXAMPLE.com:3000", "example.com.", "example.com.:80", "example.com:"][..],
                &["www.example.com", "example.com.evil.example", "example.org", "xexample.com", "", ":80", "com"][..],
            ),
            (
                ".example.com",
                &["example.com", "www.example.com", "a.b.Example.COM:80", "www.example.com."],
                &["xexample.com", "example.com.evil.example", "com", ".com", ""],
            ),
            ("127.0.0.1", &["127.0.0.1", "127.0.0.1:3000", "[::ffff:127.0.0.1]"], &["127.0.0.2", "127.0.0.1.nip.io"]),
            ("[::1]", &["[::1]", "[::1]:3000", "[0:0::1]"], &["[::2]", "1"]),
            ("::1", &["[::1]:3000"], &["[::2]"]),
            ("*", &["example.com", "[::1]:80", "127.0.0.1", ""], &[]),
        ] {
            let hosts = hosts(&[allowed]).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
            for host in good {
                assert!(hosts.allows(host), "{allowed}: {host}");
            }
            for host in bad {
                assert!(!hosts.allows(host), "{allowed}: {host}");
            }
        }
    }

    #[test]
    fn in_development_only_local_hosts_are_allowed() {
        let hosts = AllowedHosts::local();
        for host in
            ["localhost", "localhost:3000", "api.localhost:3000", "LOCALHOST", "127.0.0.1:3000", "[::1]", "10.1.2.3"]
        {
            assert!(hosts.allows(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "xlocalhost", "127.0.0.1.evil.example", "localhost2", ""]
        {
            assert!(!hosts.allows(host), "{host}");
        }
    }

    #[test]
    fn each_invalid_entry_is_reported() {
        let strays = [
            "",
            ".",
            "..",
            "*.example.com",
            "**",
            "example.com:80",
            "https://example.com",
            "example.com/",
            "example..com",
            "example.com.",
            "a b",
            "u@example.com",
            "b\u{fc}cher.example",
            "[::1]:80",
        ];
        let mistakes = hosts(&strays).err().expect("mistakes");
        assert_eq!(mistakes.len(), strays.len(), "{mistakes:#?}");
        assert_eq!(hosts(&[]).err().expect("a mistake"), [EMPTY]);
        assert_eq!(hosts(&["example.com", "a b"]).err().expect("a mistake").len(), 1);
    }
}
