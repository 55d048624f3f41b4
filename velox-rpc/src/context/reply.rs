//! The head of the reply, as far as calls have a say in it.

use std::sync::{Mutex, PoisonError};

use http::header::{SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// What calls and middlewares have to say about the head of the reply.
#[derive(Debug, Default)]
pub(crate) struct ReplyHead {
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
}

impl ReplyHead {
    /// Adds the headers of a call: cookies beside each other, of the others the last one counts.
    pub(super) fn add(&mut self, headers: HeaderMap) {
        for name in headers.keys() {
            if ![SET_COOKIE, VARY].contains(name) {
                self.headers.remove(name);
            }
            for value in headers.get_all(name) {
                self.headers.append(name, value.clone());
            }
        }
    }

    /// Takes out what cannot be sent, and says what it was and what to do. `json` is what the call gave, `None` if it failed.
    fn take_unsendable(&mut self, json: Option<&[u8]>) -> Option<String> {
        let mut faults = Vec::new();
        // An error has a status of its own.
        if let (Some(json), Some(status)) = (json, self.status)
            && let Some(advice) = advice_on_status(status, json == b"null")
        {
            faults.push(format!("the reply was given the status {}: {advice}", status.as_u16()));
            self.status = None;
        }
        let refused =
            |(name, value): (&HeaderName, _)| advice_on_header(name, value).map(|advice| (name.clone(), advice));
        let refused: Vec<_> = self.headers.iter().filter_map(refused).collect();
        for (name, advice) in refused {
            // It stands there once for each value.
            if self.headers.remove(&name).is_some() {
                faults.push(format!("the reply was given the header `{name}`: {advice}"));
            }
        }
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// A handle on the head of the reply: headers and status to send.
///
/// What is set here is sent whether the call ends well or in an error. Two things are meant for the result alone: an error has its own
/// status, and a `Cache-Control` that allows shared caches to keep the reply becomes `no-store`. `private` stays.
///
/// # Errors
///
/// Nothing is dropped in silence. The call ends in an internal error, and the log says what to change, if the handler or a middleware
/// sets
///
/// - a status that is no success (2xx) or redirection (3xx): what failed is an [`Error`](crate::Error),
/// - a status without a body (204, 205 or 304) for a value other than `()` or `None`,
/// - `content-type`: every reply is JSON,
/// - `x-content-type-options` to anything but `nosniff`, which every reply has,
/// - `content-length`, `transfer-encoding`, `connection`, `keep-alive`, `proxy-connection` or `upgrade`: these are the server's.
///
/// What a handler sets is checked right after it, so that a session keeps nothing of the call, as with every internal error.
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
pub struct Reply<'a>(pub(super) &'a Mutex<ReplyHead>);

impl Reply<'_> {
    /// Sets a header, in place of any of the same name.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|head| head.headers.insert(name, value));
        self
    }

    /// Adds a header beside those of the same name.
    pub fn append(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|head| head.headers.append(name, value));
        self
    }

    /// Whether a header of this name is set.
    pub fn has_header(self, name: &HeaderName) -> bool {
        self.with(|head| head.headers.contains_key(name))
    }

    /// Sets the status of a call that ends well: a success (2xx) or a redirection (3xx).
    pub fn status(self, status: StatusCode) -> Self {
        self.with(|head| head.status = Some(status));
        self
    }

    /// Changes the headers in place, for what takes an `http::HeaderMap`.
    pub fn edit_headers<T>(self, edit: impl FnOnce(&mut HeaderMap) -> T) -> T {
        self.with(|head| edit(&mut head.headers))
    }

    /// Whether nothing was said of the reply, as a rule.
    #[inline]
    pub(crate) fn is_unset(self) -> bool {
        self.with(|head| head.status.is_none() && head.headers.is_empty())
    }

    /// Takes out what cannot be sent: see [`ReplyHead::take_unsendable`].
    pub(crate) fn take_unsendable(self, json: Option<&[u8]>) -> Option<String> {
        self.with(|head| head.take_unsendable(json))
    }

    fn with<T>(self, f: impl FnOnce(&mut ReplyHead) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What to do instead of setting this status for a call that gave a value or null; `None` if it can be sent.
fn advice_on_status(status: StatusCode, is_null: bool) -> Option<&'static str> {
    if !status.is_success() && !status.is_redirection() {
        Some("a call that ends well has a 2xx or a 3xx, return an `Error` for another")
    } else if is_without_body(status) && !is_null {
        Some("it has no body, return `Ok(())` or leave the status out")
    } else {
        None
    }
}

/// What to do instead of setting this header; `None` if it can be sent.
fn advice_on_header(name: &HeaderName, value: &HeaderValue) -> Option<&'static str> {
    match name.as_str() {
        "content-type" => Some("replies are JSON, leave it out"),
        "x-content-type-options" if value != "nosniff" => Some("every reply has `nosniff`, leave it out"),
        "content-length" => Some("the server counts the bytes, leave it out"),
        // HTTP/2 has none of these.
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => {
            Some("the server decides over its connections, leave it out")
        }
        _ => None,
    }
}

/// Whether a reply of this status has no body, whatever the call gave (RFC 9110, 15.3.5, 15.3.6 and 15.4.5).
pub(crate) fn is_without_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head with this status and these headers.
    fn head(status: Option<u16>, lines: &[(&'static str, &'static str)]) -> ReplyHead {
        let status = status.map(|status| StatusCode::from_u16(status).expect("a status"));
        let mut head = ReplyHead { status, headers: HeaderMap::new() };
        for (name, value) in lines {
            head.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        head
    }

    #[test]
    fn what_can_be_sent_stays() {
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
    fn a_status_that_cannot_be_sent_is_named_and_taken_out() {
        for status in [204, 205, 304] {
            let mut head = head(Some(status), &[]);
            let what = head.take_unsendable(Some(b"1")).expect("it cannot be sent");
            let advice = "it has no body, return `Ok(())` or leave the status out";
            assert_eq!(what, format!("the reply was given the status {status}: {advice}"));
            assert_eq!(head.status, None);
        }
        for status in [100, 101, 400, 404, 500, 999] {
            let what = head(Some(status), &[]).take_unsendable(Some(b"null")).expect("it cannot be sent");
            let advice = "a call that ends well has a 2xx or a 3xx, return an `Error` for another";
            assert_eq!(what, format!("the reply was given the status {status}: {advice}"));
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_and_taken_out_also_of_an_error() {
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
                assert!(what.starts_with(&format!("the reply was given the header `{name}`: ")), "{what}");
                assert_eq!(head.headers.keys().collect::<Vec<_>>(), ["x-one"]);
            }
        }
    }

    #[test]
    fn all_that_cannot_be_sent_is_named_once() {
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
