//! The id of a request, in the log and in replies. Layer: vocabulary.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Sender;

/// The id of a request, the same in the log and in the reply.
///
/// velox takes the first of these that the request has:
///
/// 1. the `X-Request-Id` of a [trusted proxy](crate::App::trusted_proxies): up to 128 letters,
///    digits and `-_.:/+=@`,
/// 2. the trace id of a `traceparent` (W3C Trace Context): 32 hexadecimal digits,
/// 3. an id that velox makes: 16 hexadecimal digits. Two such ids do not reveal how many requests
///    came in between.
///
/// An id is not secret, and it is not always unique: a client can send the same `traceparent` as
/// often as it likes.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Call, procedure};
///
/// let id = procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.scope().id().to_string()));
/// # let _ = id;
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(Name);

#[derive(Clone, PartialEq, Eq)]
enum Name {
    Given(HeaderValue),
    Trace(u128),
    Own(Serial),
}

/// The number of a request within this process, from which velox makes its own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Serial(u64);

impl Serial {
    pub(crate) fn next() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self(COUNT.fetch_add(1, Ordering::Relaxed))
    }
}

impl RequestId {
    /// Makes the id of a request from its headers and its sender.
    pub(crate) fn new(serial: Serial, headers: &HeaderMap, sender: &Sender) -> Self {
        let given = || only(headers, X_REQUEST_ID).filter(|value| is_id(value.as_bytes())).cloned();
        let trace = || only(headers, TRACEPARENT).and_then(|value| trace_id(value.as_bytes()));
        Self(match sender.is_trusted_proxy().then(given).flatten() {
            Some(id) => Name::Given(id),
            None => trace().map_or(Name::Own(serial), Name::Trace),
        })
    }

    /// Makes the id of a request without a readable request.
    pub(crate) fn own(serial: Serial) -> Self {
        Self(Name::Own(serial))
    }
}

/// Returns the only value of a header, or `None` if it has several. Of several values, one reader
/// takes the first and another the last.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Returns whether a text is a harmless id: nothing in it can break a log line, or a shell that
/// somebody pastes it into.
fn is_id(text: &[u8]) -> bool {
    let in_id = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(byte);
    (1..=128).contains(&text.len()) && text.iter().all(in_id)
}

/// Returns the trace id of a `traceparent`: `version-trace-parent-flags`. Versions after 00 may
/// append more fields.
fn trace_id(text: &[u8]) -> Option<u128> {
    let mut parts = text.splitn(5, |byte| *byte == b'-');
    let version = hex(parts.next()?, 2).filter(|version| *version != 0xff)?;
    let trace = hex(parts.next()?, 32).filter(|trace| *trace != 0)?;
    hex(parts.next()?, 16).filter(|parent| *parent != 0)?;
    hex(parts.next()?, 2)?;
    (version > 0 || parts.next().is_none()).then_some(trace)
}

/// Reads a number of exactly this many digits, in lower case as the standard requires.
fn hex(text: &[u8], digits: usize) -> Option<u128> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != digits || !text.iter().all(is_digit) {
        return None;
    }
    u128::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Name::Given(id) => f.write_str(id.to_str().unwrap_or_default()),
            Name::Trace(id) => write!(f, "{id:032x}"),
            Name::Own(Serial(count)) => {
                // The hash is computed on display, because few ids are ever shown.
                static KEY: OnceLock<RandomState> = OnceLock::new();
                write!(f, "{:016x}", KEY.get_or_init(RandomState::new).hash_one(count))
            }
        }
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn generated_ids_differ_and_do_not_reveal_their_number() {
        let shown = |id: RequestId| u64::from_str_radix(&id.to_string(), 16).expect("16 digits");
        let ids: Vec<_> = (0..1_000).map(|_| shown(RequestId::own(Serial::next()))).collect();
        let steps: HashSet<_> = ids.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        assert_eq!((ids.iter().collect::<HashSet<_>>().len(), steps.len()), (1_000, 999));
    }

    #[test]
    fn the_trace_id_of_a_valid_traceparent() {
        let id = Some(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        for (text, expected) in [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", id),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", id),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", id),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", id),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future", id),
            ("00-00000000000000000000000000000001-0000000000000001-01", Some(1)),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", None),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", None),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01", None),
            ("00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", None),
            ("0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
            (" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e473\u{e9}-00f067aa0ba902b7-01", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(trace_id(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn an_id_of_a_proxy_may_have_letters_digits_and_a_few_symbols() {
        for id in ["a", "7b0f-_.:/+=@Z", "Root=1-67891233-abcdef012345678912345678", &"x".repeat(128)] {
            assert!(is_id(id.as_bytes()), "{id}");
        }
        for id in ["", &*"x".repeat(129), "a b", "a,b", "a\"b", "<a>", "a\tb", "a;b", "$(a)", "\u{e9}"] {
            assert!(!is_id(id.as_bytes()), "{id}");
        }
    }
}
