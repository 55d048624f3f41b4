//! Decides whether a browser sent a request from another site, for sessions and for CSRF tokens.
//! Apart from its log lines this code is pure, and looks only at the headers of the request.
//!
//! The rules are those of `CrossOriginProtection` in Go 1.25's `net/http`
//! (<https://go.dev/src/net/http/csrf.go>), but stricter with headers that no browser sends: a
//! header that is repeated or empty is refused and not ignored.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;
use std::sync::{Arc, Once};

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName};

use crate::event::Event;

/// The error for a request that a page of another site made the browser send.
///
/// # Examples
///
/// ```
/// use http::{HeaderMap, HeaderValue, Uri};
/// use velox_session::{MemoryStore, session_middleware};
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let manager = session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build_manager()?;
/// let mut headers = HeaderMap::new();
/// headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
/// headers.insert("origin", HeaderValue::from_static("https://app.example"));
///
/// let error = manager.check_origin(&headers, &Uri::from_static("/logout")).unwrap_err();
/// assert_eq!(error.to_string(), "the request came from another site");
/// assert_eq!(error.origin(), Some("https://app.example"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request came from another site")]
#[non_exhaustive]
pub struct CrossSiteError {
    origin: Option<String>,
}

impl CrossSiteError {
    /// The headers name no origin, several, or one that cannot be parsed.
    const UNNAMED: Self = Self { origin: None };

    /// Returns the origin of the request, in lower case and without the default port of its scheme.
    /// Returns `None` if the browser names none; no setting would let such a request pass.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Returns the setting that would let the request pass.
    fn allowing(&self) -> Option<String> {
        self.origin.as_ref().map(|origin| format!("trusted_origins([{origin:?}])"))
    }

    /// Returns the message for the caller. In development, it also says how to let the request
    /// pass.
    pub(crate) fn message(&self, text: &'static str, is_development: bool) -> Cow<'static, str> {
        match (self.allowing(), self.origin()) {
            (Some(setting), Some(origin)) if is_development => {
                format!("{text}: `{setting}` lets `{origin}` send mutations").into()
            }
            _ => text.into(),
        }
    }

    /// Logs the refusal, as often as `event` allows.
    pub(crate) fn log(&self, cookie: &str, event: &Event, now: u64) {
        if let Some(suppressed) = event.count(now) {
            let (origin, allow) = (self.origin(), self.allowing());
            tracing::warn!(cookie, suppressed, origin, allow, "request from another site refused");
        }
    }
}

/// The host and scheme at which the application was called.
pub(crate) struct Here<'a> {
    host: Option<&'a [u8]>,
    scheme: Option<&'a str>,
}

impl<'a> Here<'a> {
    /// Takes the host from the request headers. `authority` is the one in the target, which HTTP/2
    /// has in place of a `Host` header.
    pub(crate) fn of_head(headers: &'a HeaderMap, authority: Option<&'a Authority>) -> Result<Self, CrossSiteError> {
        let header = single(headers, &HOST)?;
        // RFC 9112, section 3.2.2: the target takes precedence over the header.
        let host = authority.map(|authority| authority.as_str().as_bytes()).or(header);
        Ok(Self { host, scheme: None })
    }

    /// Takes the host and scheme from another source, for example from a proxy.
    pub(crate) fn at(host: Option<&'a str>, scheme: Option<&'a str>) -> Self {
        Self { host: host.map(str::as_bytes), scheme }
    }
}

/// The origins that may send mutations in addition to the application's own.
#[derive(Clone, Default)]
pub(crate) struct TrustedOrigins {
    /// Hosts may start with `*.`. A string that is not an origin is kept as it is.
    named: Vec<Result<Origin, String>>,
    by: Option<Arc<Trusts>>,
    /// Set if browsers drop the cookie of requests from another site. The warning is logged once.
    cookie_is_dropped: Option<Arc<Once>>,
}

/// A closure that returns whether an origin is trusted.
type Trusts = dyn Fn(&str) -> bool + Send + Sync;

impl TrustedOrigins {
    /// Replaces the named origins. Each is parsed as `scheme://host[:port]`, and the host may start
    /// with `*.`.
    pub(crate) fn set(&mut self, texts: impl IntoIterator<Item: Into<String>>) {
        let read = |text: String| Origin::parse_trusted(&text).ok_or(text);
        self.named = texts.into_iter().map(Into::into).map(read).collect();
    }

    /// Returns the strings that could not be parsed.
    pub(crate) fn strays(&self) -> impl Iterator<Item = &String> {
        self.named.iter().filter_map(|origin| origin.as_ref().err())
    }

    /// Also trusts the origins for which the closure returns `true`.
    pub(crate) fn set_by(&mut self, trusts: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.by = Some(Arc::new(trusts));
    }

    /// Makes `check` log a warning once if a trusted request comes from another site, whose cookie
    /// browsers drop.
    pub(crate) fn warn_of_dropped_cookie(&mut self) {
        self.cookie_is_dropped = Some(Arc::new(Once::new()));
    }

    /// Returns the trusted origins that are certainly on another site than a domain: their last two
    /// labels differ, and nobody can have registered a shorter name.
    pub(crate) fn beyond<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = String> + 'a {
        let site = |host: &'a str| host.rsplit('.').take(2).map(str::to_ascii_lowercase);
        self.named.iter().flatten().filter(move |origin| !site(domain).eq(site(&origin.host))).map(Origin::to_string)
    }

    /// Refuses a request that a browser sent from another site, unless that site is trusted. `here`
    /// is called only if the result depends on it.
    ///
    /// A request without any of these headers was not sent by a page of another site, because
    /// browsers add `Origin` to every request other than GET and HEAD. A stricter caller passes in
    /// `page` a header to check if the others are missing, such as `Referer`.
    pub(crate) fn check<'a>(
        &self,
        headers: &HeaderMap,
        here: impl FnOnce() -> Result<Here<'a>, CrossSiteError>,
        page: Option<&HeaderName>,
    ) -> Result<(), CrossSiteError> {
        let site = single(headers, &SEC_FETCH_SITE)?;
        let origin = match (site, single(headers, &ORIGIN)?) {
            // The browser has compared the origins, including the scheme. `none` means that the
            // visitor caused the request, for example with a bookmark.
            (Some(b"same-origin" | b"none"), _) => return Ok(()),
            (_, Some(origin)) => Origin::parse(origin),
            (Some(_), None) => None,
            (None, None) => match page.map(|name| single(headers, name)).transpose()?.flatten() {
                Some(page) => Origin::of_page(page),
                None => return Ok(()),
            },
        };
        let origin = origin.ok_or(CrossSiteError::UNNAMED)?;
        // If the browser compared the origins, its result is better, because the scheme may not be
        // known here.
        if site.is_none() && origin.is_at(&here()?) {
            return Ok(());
        }
        let text = origin.to_string();
        let is_named = self.named.iter().flatten().any(|trusted| trusted.covers(&origin));
        if !is_named && !self.by.as_ref().is_some_and(|trusts| trusts(&text)) {
            return Err(CrossSiteError { origin: Some(text) });
        }
        if site == Some(b"cross-site")
            && let Some(once) = &self.cookie_is_dropped
        {
            once.call_once(|| warn_of_dropped_cookie(&text));
        }
        Ok(())
    }
}

/// Warns that a trusted origin is on another site, for which browsers neither store nor send the
/// cookie.
pub(crate) fn warn_of_dropped_cookie(origin: &str) {
    tracing::warn!(
        origin,
        "browsers drop the cookie of requests from this trusted origin, because it is on another site: set \
         `same_site(SameSite::None)`, and `partitioned(true)` for browsers that block third-party cookies"
    );
}

/// The origin of a page as browsers send it: in lower case, and without the default port of the
/// scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Parses `scheme://host[:port]` with nothing after it. `null` is not an origin.
    fn parse(text: &[u8]) -> Option<Self> {
        let (scheme, authority) =
            std::str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST)?.split_once("://")?;
        let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !scheme.bytes().all(in_scheme) {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = host_and_port(authority)?;
        Some(Self { host, port: port.filter(|port| Some(*port) != default_port(&scheme)), scheme })
    }

    /// Does the same, but the host may start with `*.` in place of any one label.
    fn parse_trusted(text: &str) -> Option<Self> {
        let Some((scheme, host)) = text.split_once("://*.") else { return Self::parse(text.as_bytes()) };
        let mut origin = Self::parse(format!("{scheme}://{host}").as_bytes())?;
        // `*.com` would trust nearly everybody, and an IP address has no subdomains.
        let (_, last) = origin.host.rsplit_once('.').or((origin.host == "localhost").then_some(("", "localhost")))?;
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        origin.host.insert_str(0, "*.");
        Some(origin)
    }

    /// Returns the origin of a page from its address.
    fn of_page(address: &[u8]) -> Option<Self> {
        let (scheme, rest) = std::str::from_utf8(address).ok()?.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        Self::parse(format!("{scheme}://{authority}").as_bytes())
    }

    /// Returns whether this origin, which may have a star, matches another one.
    fn covers(&self, other: &Self) -> bool {
        let is_host = match self.host.strip_prefix("*.") {
            Some(parent) => other.host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
            None => self.host == other.host,
        };
        is_host && (&self.scheme, self.port) == (&other.scheme, other.port)
    }

    /// Returns whether the application was called at this origin.
    ///
    /// If no proxy reports the scheme of the request, a page loaded over HTTP counts as one loaded
    /// over HTTPS from the same host. This only matters for browsers that are too old to compare
    /// the origins themselves. `Strict-Transport-Security` prevents it.
    fn is_at(&self, here: &Here<'_>) -> bool {
        let (Some(default), Some(host)) = (default_port(&self.scheme), here.host) else { return false };
        // RFC 3986, section 3.2.3: the port may be empty.
        let host = host.strip_suffix(b":").unwrap_or(host);
        let Some((host, port)) = std::str::from_utf8(host).ok().and_then(host_and_port) else { return false };
        let is_scheme = here.scheme.is_none_or(|scheme| scheme == self.scheme);
        is_scheme && self.host == host && self.port == port.filter(|port| *port != default)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        // Only an IPv6 address contains colons.
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{host}{close}")?;
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Says what to write in place of a text that is not a trusted origin.
pub(crate) fn instead_of(stray: &str) -> String {
    let stray = stray.trim();
    let origin = |text: &str| {
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        Origin::parse_trusted(&format!("{scheme}://{authority}"))
    };
    if let Some(origin) = origin(stray) {
        return format!("write `{origin}`");
    }
    match [origin(&format!("https://{stray}")), origin(&format!("http://{stray}"))] {
        [Some(https), Some(http)] if stray != "null" => format!("write `{https}` or `{http}`"),
        _ => "write `https://app.example.com`, `http://localhost:5173`, or `https://*.preview.example.com` with at least \
              two labels after the star"
            .to_owned(),
    }
}

/// Returns the host in lower case, and the port if one is given.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let end = match authority.strip_prefix('[') {
        Some(address) => address.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let host = match host.strip_prefix('[') {
        // An IPv6 address has many spellings.
        Some(address) => address.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.to_string(),
        None => host.to_ascii_lowercase(),
    };
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)) {
        return None;
    }
    match port.strip_prefix(':') {
        // `parse` alone would accept a sign.
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some((host, Some(port.parse().ok()?))),
        None if port.is_empty() => Some((host, None)),
        _ => None,
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Returns the only value of a header. With several values, different readers would choose
/// different ones.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, CrossSiteError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(CrossSiteError::UNNAMED),
        (value, None) => Ok(value.map(|value| value.as_bytes())),
    }
}

/// The maximal length of an origin. A host has at most 253 bytes. The limit matters because the
/// origin appears in the log and in replies.
const LONGEST: usize = 300;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests;
