//! The response headers that closing a session produces.

use http::header::{CACHE_CONTROL, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue};

use crate::caching::keep_private;
use crate::headers::items;

/// The response headers that closing a session produces: the cookie, and headers that keep the
/// response out of shared caches.
///
/// # Examples
///
/// ```
/// use http::HeaderMap;
/// use velox_session::manager::Closing;
///
/// // The request did not use its session.
/// let mut headers = HeaderMap::new();
/// Closing::default().apply(&mut headers);
/// assert!(headers.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "without the cookie, the browser cannot use the saved session"]
pub struct Closing {
    set_cookie: Option<HeaderValue>,
    depends: bool,
}

impl Closing {
    pub(crate) fn new(set_cookie: Option<HeaderValue>, touched: bool) -> Self {
        // A response that sets the cookie is for one visitor, even if its body does not depend on
        // the session.
        Self { depends: touched || set_cookie.is_some(), set_cookie }
    }

    /// Marks the response as dependent on the session, even if no call has read it yet.
    pub(crate) fn of_session(self) -> Self {
        Self { depends: true, ..self }
    }

    /// Returns the `Set-Cookie` header value of the session, if the browser needs one.
    #[must_use]
    pub fn set_cookie(&self) -> Option<&HeaderValue> {
        self.set_cookie.as_ref()
    }

    /// Returns whether the response depends on the session, so that no shared cache may store it.
    #[must_use]
    pub fn depends_on_session(&self) -> bool {
        self.depends
    }

    /// Adds the headers to a response: the cookie, `Vary: Cookie`, and `Cache-Control: no-store`
    /// unless the handler set `private`. It replaces a `Cache-Control` that would let shared caches
    /// store the response.
    pub fn apply(self, headers: &mut HeaderMap) {
        if self.depends {
            keep_out_of_caches(headers);
        }
        if let Some(line) = self.set_cookie {
            headers.append(SET_COOKIE, line);
        }
    }
}

/// Marks a response as dependent on the visitor: it sets `Cache-Control: no-store` unless the
/// handler set `private`, and adds `Vary: Cookie`.
pub(crate) fn keep_out_of_caches(headers: &mut HeaderMap) {
    if headers.is_empty() {
        // This is the usual case, and needs no look-up.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("Cookie"));
        return;
    }
    keep_private(headers);
    if !varies_by_cookie(headers) {
        headers.append(VARY, HeaderValue::from_static("Cookie"));
    }
}

fn varies_by_cookie(headers: &HeaderMap) -> bool {
    items(headers, &VARY).any(|name| name == b"*" || name.eq_ignore_ascii_case(b"cookie"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_that_depends_on_the_session_is_kept_out_of_caches() {
        let mut headers = HeaderMap::new();
        Closing::new(None, true).apply(&mut headers);
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert_eq!(headers[VARY], "Cookie");
        assert!(!headers.contains_key(SET_COOKIE));
    }

    #[test]
    fn a_private_cache_control_of_the_handler_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
        headers.insert(VARY, HeaderValue::from_static("Accept, cookie"));
        Closing::new(Some(HeaderValue::from_static("a=b")), false).apply(&mut headers);
        assert_eq!(headers[CACHE_CONTROL], "private");
        assert_eq!(headers.get_all(VARY).iter().count(), 1);
        assert_eq!(headers[SET_COOKIE], "a=b");
    }

    #[test]
    fn a_response_that_only_sets_the_cookie_is_kept_out_of_caches_too() {
        let mut headers = HeaderMap::new();
        Closing::new(Some(HeaderValue::from_static("a=b")), false).apply(&mut headers);
        assert_eq!(
            (&headers[CACHE_CONTROL], &headers[VARY]),
            (&"no-store".parse().expect("a value"), &"Cookie".parse().expect("a value"))
        );
    }

    #[test]
    fn no_shared_cache_may_store_a_response_with_the_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        Closing::new(Some(HeaderValue::from_static("a=b")), false).apply(&mut headers);
        assert_eq!((headers[CACHE_CONTROL].as_bytes(), headers[VARY].as_bytes()), (&b"no-store"[..], &b"Cookie"[..]));
    }

    #[test]
    fn another_vary_is_extended() {
        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        Closing::new(None, true).apply(&mut headers);
        assert_eq!(headers.get_all(VARY).iter().collect::<Vec<_>>(), ["Accept", "Cookie"]);
    }
}
