//! Finds the cookie in `Cookie` headers, and writes `Set-Cookie` headers.
//!
//! A `Cookie` header consists of bytes. Cookies next to the session cookie may have any encoding
//! and never hide it.

use std::io::Write;
use std::time::Duration;

use http::HeaderValue;

use super::sign::Signature;
use super::{Attributes, SameSite};
use crate::id::SessionId;

/// Returns the values of the cookies with this name, in order of appearance, over all `Cookie`
/// headers.
///
/// Only spaces and tabs are trimmed, because a header has no other whitespace. Nothing is decoded:
/// a name or value with percent signs or quotes is a different one.
pub(crate) fn values<'h>(
    lines: impl IntoIterator<Item = &'h HeaderValue>,
    name: &'h str,
) -> impl Iterator<Item = &'h [u8]> {
    lines.into_iter().flat_map(|line| pairs(line.as_bytes())).filter_map(move |pair| {
        let equals = memchr::memchr(b'=', pair)?;
        (pair[..equals].trim_ascii() == name.as_bytes()).then(|| pair[equals + 1..].trim_ascii())
    })
}

/// Returns the parts between the semicolons of a header. memchr examines many bytes at a time, and
/// the value of a session cookie alone has 87 bytes.
fn pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let end = memchr::memchr(b';', line);
        rest = end.map(|end| &line[end + 1..]);
        Some(&line[..end.unwrap_or(line.len())])
    })
}

/// Writes the `Set-Cookie` headers of one cookie. Everything except the value and the age is
/// prepared once.
pub(crate) struct Writer {
    head: String,
    tail: String,
    removal: HeaderValue,
    /// `true` if the header omits the age.
    expires_on_close: bool,
    /// Where browsers send the cookie: `; Domain=example.com; Path=/`.
    #[cfg(feature = "tower")]
    pub(crate) scope: String,
    /// `true` if the browser sends the cookie over HTTPS only.
    pub(crate) is_secure: bool,
}

impl Writer {
    /// Returns `None` if an attribute contains bytes that are not allowed in a header.
    /// `config/check.rs` rejects those earlier.
    pub(crate) fn new(attributes: &Attributes) -> Option<Self> {
        let domain = attributes.domain.as_ref().map(|domain| format!("; Domain={domain}"));
        let scope = format!("{}; Path={}", domain.unwrap_or_default(), attributes.path);
        let same_site = match attributes.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        };
        let flags: String = [
            (attributes.http_only, "; HttpOnly"),
            (attributes.secure, "; Secure"),
            (true, same_site),
            (attributes.partitioned, "; Partitioned"),
        ]
        .into_iter()
        .filter_map(|(is_set, flag)| is_set.then_some(flag))
        .collect();
        // The scope and the flags must match those of the cookie. Otherwise the browser does not
        // remove it.
        let removal = format!("{}=; Max-Age=0{scope}; Expires=Thu, 01 Jan 1970 00:00:00 GMT{flags}", attributes.name);
        Some(Self {
            head: format!("{}=", attributes.name),
            tail: format!("{scope}{flags}"),
            removal: HeaderValue::try_from(removal).ok()?,
            #[cfg(feature = "tower")]
            scope,
            expires_on_close: attributes.expires_on_close,
            is_secure: attributes.secure,
        })
    }

    /// Returns the header that gives the browser this id, for the whole seconds of `max_age`.
    /// Unless the cookie is `remembered`, the settings decide whether the browser deletes it
    /// earlier, when it is closed.
    pub(crate) fn issue(
        &self,
        id: &SessionId,
        signature: &Signature,
        max_age: Duration,
        remembered: bool,
    ) -> HeaderValue {
        self.line(&[id.as_bytes(), b".", signature], (remembered || !self.expires_on_close).then_some(max_age))
    }

    /// Returns the header for a value that consists of parts, which must be valid in a header.
    pub(crate) fn line(&self, value: &[&[u8]], max_age: Option<Duration>) -> HeaderValue {
        let mut line = Vec::with_capacity(ORDINARY);
        line.extend_from_slice(self.head.as_bytes());
        value.iter().for_each(|part| line.extend_from_slice(part));
        if let Some(max_age) = max_age {
            write!(line, "; Max-Age={}", max_age.as_secs()).expect("writing to a `Vec` never fails");
        }
        line.extend_from_slice(self.tail.as_bytes());
        let mut line = HeaderValue::try_from(line).expect("all parts are valid header text");
        // This keeps HTTP/2 from adding the header to a compression table.
        line.set_sensitive(true);
        line
    }

    /// Returns the header that makes the browser delete the cookie.
    pub(crate) fn remove(&self) -> HeaderValue {
        self.removal.clone()
    }
}

/// The number of cookies of one name that are tried. A page of a sibling domain can put its own
/// cookies in front.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// The capacity that is enough for most headers.
const ORDINARY: usize = 192;

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
    fn a_cookie_that_is_not_text_does_not_hide_others() {
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
        let id = SessionId::parse(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").expect("an id");
        let signature = [b'v'; 43];
        let text = format!("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.{}", "v".repeat(43));
        assert_eq!(
            writer.issue(&id, &signature, Duration::from_millis(86_400_999), false),
            format!("session={text}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax")
        );
        assert_eq!(
            writer.remove(),
            "session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"
        );
        let attributes = Attributes { partitioned: true, expires_on_close: true, ..Attributes::default() };
        let writer = Writer::new(&attributes).expect("header text");
        assert_eq!(
            writer.issue(&id, &signature, Duration::from_secs(7), false),
            format!("__Host-session={text}; Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned")
        );
        assert_eq!(
            writer.remove(),
            "__Host-session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax; Partitioned"
        );
        let writer = Writer::new(&Attributes::default()).expect("header text");
        assert_eq!(
            writer.issue(&id, &signature, Duration::from_secs(7), false),
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
}
