//! Reads what trusted proxies say about a request, from `Forwarded` (RFC 7239) or
//! `X-Forwarded-For`, `-Proto` and `-Host`. Pure.
//!
//! Each proxy adds to the right end of a list, and a client can put anything to the left of that.
//! So velox reads a list from the right, and only as far as trusted proxies added its elements.
//! Layer: vocabulary.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use super::TrustedProxies;
use super::host::is_host;

/// The information about a request that trusted proxies gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told<'a> {
    pub(super) client: Option<IpAddr>,
    pub(super) scheme: Option<&'static str>,
    pub(super) host: Option<&'a str>,
}

/// Reads what the trusted proxies say about a request that came from one of them, whose address is
/// `peer`.
///
/// `Forwarded` counts only if the other three headers are missing. Most proxies set those and
/// pass on a `Forwarded` header from the client unchanged.
pub(super) fn read<'a>(headers: &'a HeaderMap, peer: Option<IpAddr>, proxies: &TrustedProxies) -> Told<'a> {
    if [FOR, PROTO, HOST].iter().any(|name| headers.contains_key(name)) {
        x_forwarded(headers, peer, proxies)
    } else {
        forwarded(headers, peer, proxies)
    }
}

fn x_forwarded<'a>(headers: &'a HeaderMap, peer: Option<IpAddr>, proxies: &TrustedProxies) -> Told<'a> {
    let last = |name| text(elements(headers, name).next()?);
    let mut told = Told { client: peer, scheme: last(PROTO).and_then(scheme), host: last(HOST).and_then(host) };
    for element in elements(headers, FOR) {
        let Some(address) = text(element).and_then(address) else { break };
        told.client = Some(address);
        if !proxies.trusts_address(address) {
            break;
        }
    }
    told
}

fn forwarded<'a>(headers: &'a HeaderMap, peer: Option<IpAddr>, proxies: &TrustedProxies) -> Told<'a> {
    let mut told = Told { client: peer, scheme: None, host: None };
    for element in elements(headers, FORWARDED) {
        let Some(hop) = text(element).and_then(Hop::parse) else { break };
        // The outermost proxy saw the scheme and the host that the client used.
        (told.scheme, told.host) = (hop.proto.and_then(scheme), hop.host.and_then(host));
        let Some(address) = hop.client.and_then(address) else { break };
        told.client = Some(address);
        if !proxies.trusts_address(address) {
            break;
        }
    }
    told
}

/// Returns the elements of a list from right to left, over all lines of its header.
///
/// It matches quotes from the right, too. Otherwise a client could hide what a proxy adds by
/// opening a quote and not closing it.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).iter().rev().flat_map(|line| {
        let mut quoted = false;
        line.as_bytes().rsplit(move |byte| {
            quoted ^= *byte == b'"';
            *byte == b',' && !quoted
        })
    })
}

fn text(element: &[u8]) -> Option<&str> {
    std::str::from_utf8(element.trim_ascii()).ok()
}

/// One element of `Forwarded`.
#[derive(Default)]
struct Hop<'a> {
    client: Option<&'a str>,
    proto: Option<&'a str>,
    host: Option<&'a str>,
}

impl<'a> Hop<'a> {
    /// Reads `for=…;proto=…;host=…` in any order, each at most once. An element with only other
    /// parameters is valid, too.
    fn parse(element: &'a str) -> Option<Self> {
        let mut hop = Self::default();
        let mut quoted = false;
        let pairs = element.split(|letter| {
            quoted ^= letter == '"';
            letter == ';' && !quoted
        });
        for pair in pairs {
            let (name, value) = pair.trim_ascii().split_once('=')?;
            let value = unquoted(value)?;
            let known = [("for", &mut hop.client), ("proto", &mut hop.proto), ("host", &mut hop.host)];
            let place = known.into_iter().find_map(|(known, place)| known.eq_ignore_ascii_case(name).then_some(place));
            if place.is_some_and(|place| place.replace(value).is_some()) {
                return None;
            }
        }
        Some(hop)
    }
}

/// Removes the quotes around a value. Addresses, hosts and schemes never need escapes.
fn unquoted(value: &str) -> Option<&str> {
    let inner = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!inner.contains(['"', '\\'])).then_some(inner)
}

/// Reads an address with an optional port. `unknown` and invented names are not addresses.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, rest): (IpAddr, _) = match text.strip_prefix('[') {
        Some(text) => {
            let (address, rest) = text.split_once(']')?;
            (address.parse::<Ipv6Addr>().ok()?.into(), rest)
        }
        None => {
            let (address, rest) = text.split_at(text.find(':')?);
            (address.parse::<Ipv4Addr>().ok()?.into(), rest)
        }
    };
    is_port_or_nothing(rest).then(|| address.to_canonical())
}

/// Returns whether the text is empty, a port such as `:4711`, or an obfuscated port, `:_name` (RFC
/// 7239, section 6).
fn is_port_or_nothing(text: &str) -> bool {
    let Some(port) = text.strip_prefix(':') else { return text.is_empty() };
    match port.strip_prefix('_') {
        Some(name) => name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
        None => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok(),
    }
}

fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|scheme| scheme.eq_ignore_ascii_case(text))
}

fn host(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty() && is_host(text.as_bytes()))
}

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

#[cfg(test)]
mod tests;
