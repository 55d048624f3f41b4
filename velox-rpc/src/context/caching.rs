//! Keeps shared caches from storing the reply of a failed call. Layer: vocabulary.
//!
//! A handler sets `Cache-Control` for its result. If the call fails, velox sends an error instead,
//! which no shared cache may keep.

use std::sync::Once;

use http::header::{CACHE_CONTROL, EXPIRES};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Removes the headers that allow shared caches to keep a reply, and sets `no-store` instead. A
/// `private` reply stays as it is.
pub(crate) fn forbid_sharing(headers: &mut HeaderMap) {
    let is_private = is_private(headers);
    let allows = |name: &&HeaderName| is_targeted(name) || !is_private && [CACHE_CONTROL, EXPIRES].contains(name);
    let allowing: Vec<_> = headers.keys().filter(allows).cloned().collect();
    if allowing.is_empty() {
        return;
    }
    for name in allowing {
        headers.remove(name);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::info!(
            "a call failed after its handler allowed shared caches to keep the reply: errors are sent with `Cache-Control: no-store`"
        );
    });
}

/// Returns whether `Cache-Control` says `private` or `no-store`, and nothing that contradicts it.
/// `private="a-header"` is not enough, because a cache may keep everything except that header.
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
        // After an escaped or unclosed quote, nobody can tell what is quoted.
        if quoted || line.as_bytes().contains(&b'\\') {
            return false;
        }
    }
    is_private
}

/// Returns whether a header addresses one kind of shared cache, which then ignores `Cache-Control`
/// (RFC 9213).
fn is_targeted(name: &HeaderName) -> bool {
    name.as_str().ends_with("-cache-control") || name == "surrogate-control"
}

const PRIVATE: [&str; 2] = ["private", "no-store"];
const SHARED: [&str; 3] = ["public", "s-maxage", "immutable"];

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the headers that are left, sorted.
    fn left(lines: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        forbid_sharing(&mut headers);
        let line = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().expect("text"));
        let mut left: Vec<_> = headers.iter().map(line).collect();
        left.sort();
        left
    }

    #[test]
    fn a_header_that_allows_shared_caches_is_replaced() {
        for said in [
            "public",
            "PUBLIC, max-age=60",
            "max-age=60",
            "max-age=60 , Public",
            "s-maxage=1",
            "private, s-maxage=1",
            "private,immutable",
            "no-store, public",
            "no-cache",
            "",
            "private=\"set-cookie, public\"",
            "private=\"set-cookie\"",
            "a=\"b, private, c\"",
            "a=\"\\\", private, \\\"\"",
            "private, a=\"b",
            "public=\"private\"",
            "max-age=\"60\", public",
        ] {
            assert_eq!(left(&[("cache-control", said)]), ["cache-control: no-store"], "{said}");
        }
        let lines = [("cache-control", "private"), ("cache-control", "max-age=60, public")];
        assert_eq!(left(&lines), ["cache-control: no-store"]);
        assert_eq!(left(&[("expires", "Thu, 01 Jan 2099 00:00:00 GMT")]), ["cache-control: no-store"]);
    }

    #[test]
    fn a_private_header_is_kept() {
        for said in [
            "private",
            "no-store",
            "Private, max-age=60",
            "no-cache, no-store, must-revalidate",
            "max-age=60,private",
            "private, no-cache=\"set-cookie, public\"",
        ] {
            assert_eq!(left(&[("cache-control", said)]), [format!("cache-control: {said}")]);
        }
        let lines = [("cache-control", "max-age=60"), ("cache-control", "private"), ("expires", "0")];
        assert_eq!(left(&lines), ["cache-control: max-age=60", "cache-control: private", "expires: 0"]);
        assert_eq!(left(&[("x-other", "public")]), ["x-other: public"]);
        assert_eq!(left(&[]), [""; 0]);
    }

    #[test]
    fn headers_for_special_shared_caches_are_removed() {
        for name in ["cdn-cache-control", "surrogate-control", "example-cdn-cache-control"] {
            assert_eq!(left(&[(name, "max-age=60")]), ["cache-control: no-store"], "{name}");
            assert_eq!(left(&[("cache-control", "private"), (name, "public")]), ["cache-control: private"], "{name}");
        }
    }
}
