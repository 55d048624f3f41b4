//! Sets the cache headers of a response for one visitor, so that no shared cache stores it, even if
//! the handler has set other headers.
//!
//! velox-rpc reads `Cache-Control` in the same way for its errors, but the core of this crate does
//! not depend on velox-rpc.

use std::sync::Once;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::headers::items;

/// Sets `Cache-Control: no-store`, unless the handler has set `private`.
pub(crate) fn keep_private(headers: &mut HeaderMap) {
    let is_private = is_private(headers);
    let allows = |name: &&HeaderName| is_targeted(name) || !is_private && **name == CACHE_CONTROL;
    let allowing: Vec<_> = headers.keys().filter(allows).cloned().collect();
    let is_mistake = allowing.iter().any(|name| is_mistake(name, headers));
    for name in allowing {
        headers.remove(name);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if is_mistake {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            tracing::warn!(
                "a handler allowed shared caches to store a response that is meant for one visitor: it is sent with \
                 `Cache-Control: no-store` unless the handler sets `private`"
            );
        });
    }
}

/// Returns whether `Cache-Control` contains `private` or `no-store`, and nothing that contradicts
/// it. `private="a-header"` is not enough, because it lets caches store everything else.
fn is_private(headers: &HeaderMap) -> bool {
    let mut is_private = false;
    for line in headers.get_all(CACHE_CONTROL) {
        let mut quoted = false;
        let is_end = |byte: &u8| {
            quoted ^= *byte == b'"';
            *byte == b',' && !quoted
        };
        for directive in line.as_bytes().split(is_end).map(<[u8]>::trim_ascii) {
            let starts_with =
                |name: &str| directive.get(..name.len()).is_some_and(|s| s.eq_ignore_ascii_case(name.as_bytes()));
            if SHARED.into_iter().any(starts_with) {
                return false;
            }
            is_private |= PRIVATE.into_iter().any(|name| directive.eq_ignore_ascii_case(name.as_bytes()));
        }
        // With an escaped or an open quote, the quoted part cannot be determined.
        if quoted || line.as_bytes().contains(&b'\\') {
            return false;
        }
    }
    is_private
}

/// Returns whether somebody has to hear that this header is replaced. With `no-cache`, which a stream
/// of events often has, a shared cache asks before it uses what it has stored.
fn is_mistake(name: &HeaderName, headers: &HeaderMap) -> bool {
    let is_harmless =
        |directive: &[u8]| [&b"no-cache"[..], b"no-transform"].iter().any(|it| directive.eq_ignore_ascii_case(it));
    is_targeted(name) || !items(headers, name).all(is_harmless)
}

/// Returns whether a header is meant for one kind of shared cache, which obeys it in place of
/// `Cache-Control` (RFC 9213).
fn is_targeted(name: &HeaderName) -> bool {
    name.as_str().ends_with("-cache-control") || name == "surrogate-control"
}

const PRIVATE: [&str; 2] = ["private", "no-store"];
const SHARED: [&str; 3] = ["public", "s-maxage", "immutable"];

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the cache headers of the response after the handler has set these.
    fn said(lines: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        keep_private(&mut headers);
        let line = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().expect("text"));
        headers.iter().map(line).collect()
    }

    #[test]
    fn a_header_that_allows_shared_caches_is_replaced() {
        for value in [
            "public",
            "Public , max-age=60",
            "max-age=60",
            "no-cache",
            "private, S-MAXAGE=1",
            "private, immutable",
            "no-store, public",
            "private=\"set-cookie, public\"",
            "a=\"b, private, c\"",
            "a=\"\\\", private, \\\"\"",
            "private, a=\"b",
        ] {
            assert_eq!(said(&[("cache-control", value)]), ["cache-control: no-store"], "{value}");
        }
        assert_eq!(said(&[("cache-control", "private"), ("cache-control", "PUBLIC")]), ["cache-control: no-store"]);
        assert_eq!(said(&[("cdn-cache-control", "max-age=60")]), ["cache-control: no-store"]);
        assert_eq!(said(&[]), ["cache-control: no-store"]);
    }

    #[test]
    fn a_stream_that_is_not_to_be_cached_is_no_mistake() {
        for (value, expected) in [("No-Cache, no-transform", false), ("no-cache, max-age=60", true), ("public", true)] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
            assert_eq!(is_mistake(&CACHE_CONTROL, &headers), expected, "{value}");
        }
    }

    #[test]
    fn a_private_header_is_kept() {
        for value in ["private", "Private, max-age=60", "no-cache, no-store", "max-age=9,private, a=\"b, public\""] {
            assert_eq!(said(&[("cache-control", value)]), [format!("cache-control: {value}")]);
        }
        let lines =
            [("cache-control", "max-age=60"), ("cache-control", "private"), ("surrogate-control", "max-age=60")];
        assert_eq!(said(&lines), ["cache-control: max-age=60", "cache-control: private"]);
    }
}
