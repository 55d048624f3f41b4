//! The part of the reply's head that calls can set.

use std::mem;
use std::sync::{Mutex, PoisonError};

use http::header::{SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// The headers and the status that calls and middlewares set.
#[derive(Debug, Default)]
pub(crate) struct ReplyHead {
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
}

impl ReplyHead {
    /// Adds the headers of a call. `Set-Cookie` and `Vary` keep the values of all calls; any other
    /// header keeps those of the last call.
    fn add(&mut self, headers: HeaderMap) {
        for name in headers.keys() {
            if ![SET_COOKIE, VARY].contains(name) {
                self.headers.remove(name);
            }
            for value in headers.get_all(name) {
                self.headers.append(name, value.clone());
            }
        }
    }

    /// Removes what cannot be sent, and returns what it was and what to do instead. `json` is the
    /// output of the call, or `None` if it failed.
    fn take_unsendable(&mut self, json: Option<&[u8]>) -> Option<String> {
        let mut faults = Vec::new();
        // An error has its own status.
        if let (Some(json), Some(status)) = (json, self.status)
            && let Some(advice) = advice_on_status(status, json == b"null")
        {
            faults.push(format!("the status {} cannot be sent: {advice}", status.as_u16()));
            self.status = None;
        }
        let refused =
            |(name, value): (&HeaderName, _)| advice_on_header(name, value).map(|advice| (name.clone(), advice));
        let refused: Vec<_> = self.headers.iter().filter_map(refused).collect();
        for (name, advice) in refused {
            // `refused` lists a header once for each of its values.
            if self.headers.remove(&name).is_some() {
                faults.push(format!("the header `{name}` cannot be sent: {advice}"));
            }
        }
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// A handle on the head of the reply. Use it to set headers and the status.
///
/// velox sends these headers whether the call succeeds or fails, with two exceptions. An error
/// always has its own status. And if a call fails, a `Cache-Control` that allows shared caches
/// becomes `no-store`; `private` stays.
///
/// # Errors
///
/// velox does not silently drop what it cannot send. The call ends with an internal error, and the
/// log says what to change, if the handler or a middleware sets
///
/// - a status that is neither a success (2xx) nor a redirection (3xx): return an
///   [`Error`](crate::Error) to report a failure,
/// - a status without a body (204, 205 or 304) for a value other than `()` or `None`,
/// - `content-type`, because every reply is JSON,
/// - `x-content-type-options` with another value than `nosniff`, which every reply has,
/// - `content-length`, `transfer-encoding`, `connection`, `keep-alive`, `proxy-connection` or
///   `upgrade`, which the server sets.
///
/// velox checks what a handler sets right after it. A session then keeps nothing of the call, as
/// after every internal error.
///
/// # Examples
///
/// ```
/// use http::{HeaderValue, header};
/// use velox_rpc::{Call, procedure};
///
/// let cached = procedure::<()>().query(|Call { ctx, .. }| {
///     ctx.reply().header(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
///     Ok("the same for a minute")
/// });
/// # let _ = cached;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a>(pub(super) &'a Mutex<Said>);

/// The head that calls have set, or `None` in the usual case that they have set nothing.
pub(super) type Said = Option<ReplyHead>;

impl Reply<'_> {
    /// Sets a header and replaces any of the same name.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|said| said.get_or_insert_default().headers.insert(name, value));
        self
    }

    /// Adds a header and keeps those of the same name.
    pub fn append(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|said| said.get_or_insert_default().headers.append(name, value));
        self
    }

    /// Returns whether a header of this name is set.
    pub fn has_header(self, name: &HeaderName) -> bool {
        self.with(|said| said.as_ref().is_some_and(|head| head.headers.contains_key(name)))
    }

    /// Sets the status of a successful call: a success (2xx) or a redirection (3xx).
    pub fn status(self, status: StatusCode) -> Self {
        self.with(|said| said.get_or_insert_default().status = Some(status));
        self
    }

    /// Edits the headers in place, for code that takes an `http::HeaderMap`. Headers that are set
    /// in another way meanwhile are added at the end.
    pub fn edit_headers<T>(self, edit: impl FnOnce(&mut HeaderMap) -> T) -> T {
        // Runs without the lock, because `edit` is foreign code that may use this reply.
        let mut edited = Edited { reply: self, head: self.with(Option::take) };
        edit(&mut edited.head.get_or_insert_default().headers)
    }

    /// Returns whether nothing was set, which is the usual case.
    #[inline]
    pub(crate) fn is_unset(self) -> bool {
        self.with(|said| said.as_ref().is_none_or(|head| head.status.is_none() && head.headers.is_empty()))
    }

    /// Removes what cannot be sent: see [`ReplyHead::take_unsendable`].
    #[inline]
    pub(crate) fn take_unsendable(self, json: Option<&[u8]>) -> Option<String> {
        self.with(|said| said.as_mut()?.take_unsendable(json))
    }

    /// Adds the headers of a call of a streamed reply, which has its own status.
    pub(super) fn add(self, headers: HeaderMap) {
        self.with(|said| said.get_or_insert_default().add(headers));
    }

    /// Takes the headers and the status that were set.
    pub(super) fn take(self) -> ReplyHead {
        self.with(Option::take).unwrap_or_default()
    }

    fn with<T>(self, f: impl FnOnce(&mut Said) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A head whose headers are being edited. It is put back when this is dropped, even if the edit
/// panics.
struct Edited<'a> {
    reply: Reply<'a>,
    head: Said,
}

impl Drop for Edited<'_> {
    fn drop(&mut self) {
        let edited = self.head.take();
        self.reply.with(|said| {
            if let Some(meanwhile) = mem::replace(said, edited) {
                let head = said.get_or_insert_default();
                head.status = meanwhile.status.or(head.status);
                head.add(meanwhile.headers);
            }
        });
    }
}

/// Returns what to do instead of setting this status for a call that returned a value or null, or
/// `None` if the status can be sent.
fn advice_on_status(status: StatusCode, is_null: bool) -> Option<&'static str> {
    if !status.is_success() && !status.is_redirection() {
        Some("a successful call needs a 2xx or a 3xx, so return an `Error` for another status")
    } else if is_without_body(status) && !is_null {
        Some("its reply has no body, so return `Ok(())` or do not set the status")
    } else {
        None
    }
}

/// Returns what to do instead of setting this header, or `None` if it can be sent.
fn advice_on_header(name: &HeaderName, value: &HeaderValue) -> Option<&'static str> {
    match name.as_str() {
        "content-type" => Some("every reply is JSON, so do not set it"),
        "x-content-type-options" if value != "nosniff" => Some("every reply has `nosniff`, so do not set it"),
        "content-length" => Some("the server counts the bytes, so do not set it"),
        // HTTP/2 forbids these headers.
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => {
            Some("the server manages its connections, so do not set it")
        }
        _ => None,
    }
}

/// Returns whether a reply of this status has no body, whatever the call returned (RFC 9110,
/// sections 15.3.5, 15.3.6 and 15.4.5).
pub(crate) fn is_without_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a head with this status and these headers.
    fn head(status: Option<u16>, lines: &[(&'static str, &'static str)]) -> ReplyHead {
        let status = status.map(|status| StatusCode::from_u16(status).expect("a status"));
        let mut head = ReplyHead { status, headers: HeaderMap::new() };
        for (name, value) in lines {
            head.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        head
    }

    #[test]
    fn an_edit_of_the_headers_may_use_the_reply() {
        let head = Mutex::new(Some(head(None, &[("x-one", "1"), ("x-two", "1")])));
        let (reply, two) = (Reply(&head), HeaderValue::from_static("2"));
        reply.edit_headers(|headers| {
            reply.header(HeaderName::from_static("x-two"), two.clone()).status(StatusCode::CREATED);
            headers.append("x-three", two);
        });
        let head = head.into_inner().expect("nothing panicked").expect("headers were set");
        let line = |name| head.headers.get(name).map(HeaderValue::as_bytes);
        assert_eq!([line("x-one"), line("x-two"), line("x-three")], [Some(&b"1"[..]), Some(b"2"), Some(b"2")]);
        assert_eq!((head.headers.len(), head.status), (3, Some(StatusCode::CREATED)));
    }

    #[test]
    fn headers_survive_an_edit_that_panics() {
        let head = Mutex::new(Some(head(None, &[("x-one", "1")])));
        let edit = || Reply(&head).edit_headers(|_| panic!("on purpose"));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(edit)).expect_err("it panics");
        assert!(Reply(&head).has_header(&HeaderName::from_static("x-one")));
    }

    #[test]
    fn valid_headers_and_statuses_are_kept() {
        let lines = [("x-one", "1"), ("x-content-type-options", "nosniff"), ("set-cookie", "a=b"), ("vary", "cookie")];
        for (status, json) in [
            (None, Some("null")),
            (Some(202), Some("1")),
            (Some(302), Some("null")),
            (Some(204), Some("null")),
            (Some(205), Some("null")),
            (Some(304), Some("null")),
            (Some(404), None),
            (Some(204), None),
        ] {
            let mut head = head(status, &lines);
            assert_eq!(head.take_unsendable(json.map(str::as_bytes)), None, "{status:?} for {json:?}");
            assert_eq!((head.status.map(|status| status.as_u16()), head.headers.len()), (status, lines.len()));
        }
    }

    #[test]
    fn an_invalid_status_is_named_and_removed() {
        for status in [204, 205, 304] {
            let mut head = head(Some(status), &[]);
            let what = head.take_unsendable(Some(b"1")).expect("it cannot be sent");
            let advice = "its reply has no body, so return `Ok(())` or do not set the status";
            assert_eq!(what, format!("the status {status} cannot be sent: {advice}"));
            assert_eq!(head.status, None);
        }
        for status in [100, 101, 400, 404, 500, 999] {
            let what = head(Some(status), &[]).take_unsendable(Some(b"null")).expect("it cannot be sent");
            let advice = "a successful call needs a 2xx or a 3xx, so return an `Error` for another status";
            assert_eq!(what, format!("the status {status} cannot be sent: {advice}"));
        }
    }

    #[test]
    fn an_invalid_header_is_named_and_removed_even_from_an_error() {
        for (name, value) in [
            ("content-type", "text/csv"),
            ("content-type", "application/json"),
            ("content-length", "1"),
            ("transfer-encoding", "chunked"),
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("upgrade", "h2c"),
            ("x-content-type-options", "sniff"),
        ] {
            for json in [Some(b"1".as_slice()), None] {
                let mut head = head(None, &[("x-one", "1"), (name, value)]);
                let what = head.take_unsendable(json).expect("it cannot be sent");
                assert!(what.starts_with(&format!("the header `{name}` cannot be sent: ")), "{what}");
                assert_eq!(head.headers.keys().collect::<Vec<_>>(), ["x-one"]);
            }
        }
    }

    #[test]
    fn every_invalid_header_or_status_is_named_once() {
        let lines = [
            ("x-content-type-options", "nosniff"),
            ("content-type", "text/csv"),
            ("x-content-type-options", "sniff"),
            ("content-type", "text/html"),
        ];
        let mut head = head(Some(404), &lines);
        let what = head.take_unsendable(Some(b"1")).expect("none of it can be sent");
        let count = |part: &str| what.matches(part).count();
        assert_eq!(
            (count("404"), count("`content-type`"), count("`x-content-type-options`"), count("; ")),
            (1, 1, 1, 2)
        );
        assert!(head.headers.is_empty() && head.status.is_none());
    }
}
