//! The formats of texts that are looked at. Each check is the one validator or the type's own `Deserialize` makes, or a
//! laxer one: a text that was accepted must never be reported.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use validator::{ValidateEmail as _, ValidateUrl as _};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Email,
    Url,
    Uuid,
    Ip,
    Ipv4,
    Ipv6,
    DateTime,
    Date,
}

impl Format {
    /// By the name in a JSON Schema; an unknown format is not looked at.
    pub(super) fn named(name: &str) -> Option<Format> {
        Some(match name {
            "email" => Format::Email,
            "uri" => Format::Url,
            "uuid" => Format::Uuid,
            "ip" => Format::Ip,
            "ipv4" => Format::Ipv4,
            "ipv6" => Format::Ipv6,
            "date-time" => Format::DateTime,
            "date" => Format::Date,
            _ => return None,
        })
    }

    /// The name Zod's text has for it, and the rule a message of the user's own is kept under.
    pub(super) fn zod(self) -> &'static str {
        match self {
            Format::Email => "email",
            Format::Url => "url",
            Format::Uuid => "uuid",
            Format::Ip | Format::Ipv4 | Format::Ipv6 => "ip",
            Format::DateTime => "datetime",
            Format::Date => "date",
        }
    }

    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Format::Email => text.validate_email(),
            Format::Url => text.validate_url(),
            Format::Uuid => is_uuid(text),
            Format::Ip => text.parse::<IpAddr>().is_ok(),
            Format::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Format::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Format::DateTime => is_datetime(text),
            Format::Date => is_date(text),
        }
    }
}

/// Every spelling the uuid crate reads: hyphenated, plain, in braces, as a URN.
fn is_uuid(text: &str) -> bool {
    let text = text.strip_prefix("urn:uuid:").unwrap_or(text);
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let bytes = text.as_bytes();
    match bytes.len() {
        32 => bytes.iter().all(u8::is_ascii_hexdigit),
        36 => bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}

/// A day, then something that begins like a time of day. Zones are left to the type: each crate reads its own set.
fn is_datetime(text: &str) -> bool {
    if has_wide_year(text) {
        return true;
    }
    let (Some(day), Some(rest)) = (text.get(..10), text.get(10..)) else {
        return false;
    };
    let rest = rest.as_bytes();
    is_date(day)
        && matches!(rest.first(), Some(b'T' | b't' | b' '))
        && rest.get(1..6).is_some_and(|time| {
            matches!(time, [hour1, hour2, b':', minute1, minute2]
                if [hour1, hour2, minute1, minute2].into_iter().all(u8::is_ascii_digit))
        })
}

fn is_date(text: &str) -> bool {
    if has_wide_year(text) {
        return true;
    }
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)?
            .iter()
            .try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    bytes.len() == 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && digits(0..4).is_some()
        && digits(5..7).is_some_and(|month| (1..=12).contains(&month))
        && digits(8..10).is_some_and(|day| (1..=31).contains(&day))
}

/// Years beyond four digits carry a sign; they are left to the type.
fn has_wide_year(text: &str) -> bool {
    text.starts_with(['+', '-'])
}
