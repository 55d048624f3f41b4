//! The cookie in headers: found in `Cookie` by bytes, written as `Set-Cookie`.
//!
//! A `Cookie` header is bytes. What stands beside the session cookie may be of any encoding and never hides it.

use std::time::Duration;

use http::HeaderValue;

use super::sign::VALUE_LENGTH;
use super::{Attributes, SameSite};

/// The values of the cookies of this name, in order of appearance, over all `Cookie` lines.
///
/// Only spaces and tabs are trimmed. Nothing is decoded: a name or value in percent signs or quotes is another one.
pub(crate) fn values<'h>(
    lines: impl IntoIterator<Item = &'h HeaderValue>,
    name: &'h str,
) -> impl Iterator<Item = &'h [u8]> {
    lines.into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).filter_map(move |pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        (trim(&pair[..equals]) == name.as_bytes()).then(|| trim(&pair[equals + 1..]))
    })
}

/// Writes the `Set-Cookie` lines of one session cookie. All but the value and the age is put together once.
pub(crate) struct Writer {
    name: String,
    tail: String,
    removal: HeaderValue,
}

impl Writer {
    /// `None` if an attribute has bytes that no header may have; `config.rs` refuses those before.
    pub(crate) fn new(attributes: &Attributes) -> Option<Self> {
        let mut scope = String::new();
        if let Some(domain) = &attributes.domain {
            scope.push_str("; Domain=");
            scope.push_str(domain);
        }
        scope.push_str("; Path=");
        scope.push_str(&attributes.path);
        let mut flags = String::new();
        if attributes.http_only {
            flags.push_str("; HttpOnly");
        }
        if attributes.secure {
            flags.push_str("; Secure");
        }
        flags.push_str(match attributes.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        // The same scope and flags as the cookie itself, or a browser would not take it for a removal.
        let removal = format!("{}=; Max-Age=0{scope}; Expires=Thu, 01 Jan 1970 00:00:00 GMT{flags}", attributes.name);
        Some(Self {
            name: attributes.name.clone(),
            tail: format!("{scope}{flags}"),
            removal: HeaderValue::try_from(removal).ok()?,
        })
    }

    /// The line that gives the browser this value, for the whole seconds of `max_age`.
    pub(crate) fn issue(&self, value: &[u8; VALUE_LENGTH], max_age: Duration) -> HeaderValue {
        let value = std::str::from_utf8(value).expect("a signed id is ASCII");
        let mut line = String::with_capacity(self.name.len() + VALUE_LENGTH + self.tail.len() + 24);
        line.push_str(&self.name);
        line.push('=');
        line.push_str(value);
        line.push_str("; Max-Age=");
        push_number(&mut line, max_age.as_secs());
        line.push_str(&self.tail);
        let mut line = HeaderValue::try_from(line).expect("the parts were found to be header text when built");
        // Keeps HTTP/2 from putting it into a compression table.
        line.set_sensitive(true);
        line
    }

    /// The line that makes the browser forget the cookie.
    pub(crate) fn remove(&self) -> HeaderValue {
        self.removal.clone()
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

fn push_number(text: &mut String, mut number: u64) {
    // The formatting machinery would be the dearest part of the line.
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&[u8]]) -> Vec<Vec<u8>> {
        let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_bytes(line).expect("a header")).collect();
        values(&lines, "sid").map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_on_any_line() {
        assert_eq!(found(&[b"a=1; sid=x; b=2"]), [b"x"]);
        assert_eq!(found(&[b"a=1", b"\tsid = x ;sid=y"]), [b"x", b"y"]);
        assert_eq!(found(&[b"sid=a=b"]), [b"a=b"]);
    }

    #[test]
    fn names_are_compared_by_bytes() {
        for line in
            [&b"SID=x"[..], b"s%69d=x", b"\"sid\"=x", b"sid", b"=sid=x", b"sid2=x", b"xsid=x", b"$sid=x", b"s id=x"]
        {
            assert!(found(&[line]).is_empty(), "{line:?}");
        }
    }

    #[test]
    fn a_neighbour_that_is_no_text_hides_nothing() {
        assert_eq!(found(&[b"a=\xff\xfe; sid=x; \xe9=1"]), [b"x"]);
    }

    #[test]
    fn nothing_is_decoded() {
        assert_eq!(found(&[b"sid=\"x\""]), [b"\"x\""]);
        assert_eq!(found(&[b"sid=%78"]), [b"%78"]);
        assert_eq!(found(&[b"sid=\xc2\xa0x"]), [b"\xc2\xa0x"]);
    }

    #[test]
    fn lines_are_exact() {
        let seed = Attributes { name: "session".into(), secure: false, ..Attributes::default() };
        let writer = Writer::new(&seed).expect("header text");
        let value = [b'v'; VALUE_LENGTH];
        let text = "v".repeat(VALUE_LENGTH);
        assert_eq!(
            writer.issue(&value, Duration::from_millis(86_400_999)),
            format!("session={text}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax")
        );
        assert_eq!(
            writer.remove(),
            "session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"
        );
        let writer = Writer::new(&Attributes::default()).expect("header text");
        assert_eq!(
            writer.issue(&value, Duration::from_secs(7)),
            format!("__Host-session={text}; Max-Age=7; Path=/; HttpOnly; Secure; SameSite=Lax")
        );
    }

    #[test]
    fn a_cookie_on_a_domain_and_path_is_removed_there() {
        let attributes = Attributes {
            name: "s".into(),
            domain: Some("example.com".into()),
            path: "/api".into(),
            http_only: false,
            same_site: SameSite::None,
            ..Attributes::default()
        };
        let writer = Writer::new(&attributes).expect("header text");
        assert_eq!(
            writer.remove(),
            "s=; Max-Age=0; Domain=example.com; Path=/api; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=None"
        );
    }

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 9, 10, 86_400, u64::MAX] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }
}
