//! Whether a browser sent a request from another site: the one answer for sessions and CSRF tokens. Pure, but for what it logs: what the
//! request's headers say, and nothing else.
//!
//! The rules are those of `CrossOriginProtection` in Go 1.25's `net/http` (<https://go.dev/src/net/http/csrf.go>), but stricter with
//! what no browser sends: a header that is there twice, or is empty, is refused and not passed over.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;
use std::sync::{Arc, Once};

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName};

use crate::event::Limit;

/// The request came from another site: a browser sent it, and a page of that site made the browser do so.
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
    /// The headers name no origin, several, or one that cannot be read.
    const UNNAMED: Self = Self { origin: None };

    /// Returns the origin that the request came from, in lower case and without the port that its scheme has anyway. `None` if the
    /// browser names none: no setting would let such a request pass.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The setting that would let the request pass.
    fn allowing(&self) -> Option<String> {
        self.origin.as_ref().map(|origin| format!("trusted_origins([{origin:?}])"))
    }

    /// What the caller is told: in development, also how to let the request pass.
    pub(crate) fn message(&self, text: &'static str, is_development: bool) -> Cow<'static, str> {
        match (self.allowing(), self.origin()) {
            (Some(setting), Some(origin)) if is_development => {
                format!("{text}: `{setting}` lets `{origin}` send mutations").into()
            }
            _ => text.into(),
        }
    }

    /// Writes the refusal to the log, as often as `limit` lets it.
    pub(crate) fn log(&self, cookie: &str, limit: &Limit, now: u64) {
        if let Some(suppressed) = limit.count(now) {
            let (origin, allow) = (self.origin(), self.allowing());
            tracing::warn!(cookie, suppressed, origin, allow, "request from another site refused");
        }
    }
}

/// Where the application answers a request.
pub(crate) struct Here<'a> {
    host: Option<&'a [u8]>,
    scheme: Option<&'a str>,
}

impl<'a> Here<'a> {
    /// By the request's head alone. `authority` is the one in the target, which HTTP/2 has in place of a `Host` header.
    pub(crate) fn of_head(headers: &'a HeaderMap, authority: Option<&'a Authority>) -> Result<Self, CrossSiteError> {
        let header = single(headers, &HOST)?;
        // RFC 9112, section 3.2.2: the target goes before the header.
        let host = authority.map(|authority| authority.as_str().as_bytes()).or(header);
        Ok(Self { host, scheme: None })
    }

    /// By what is known otherwise, for instance from a proxy.
    pub(crate) fn at(host: Option<&'a str>, scheme: Option<&'a str>) -> Self {
        Self { host: host.map(str::as_bytes), scheme }
    }
}

/// The origins that may send mutations beside the application's own.
#[derive(Clone, Default)]
pub(crate) struct TrustedOrigins {
    /// Hosts may begin with `*.`. A text that is no origin is kept as it is.
    named: Vec<Result<Origin, String>>,
    by: Option<Arc<Trusts>>,
    /// There if browsers drop the cookie of a page of another site: this is said once.
    cookie_is_dropped: Option<Arc<Once>>,
}

/// Whether an origin is trusted.
type Trusts = dyn Fn(&str) -> bool + Send + Sync;

impl TrustedOrigins {
    /// Reads each of them as `scheme://host[:port]`, in place of those before. The host may begin with `*.`.
    pub(crate) fn set(&mut self, texts: impl IntoIterator<Item: Into<String>>) {
        let read = |text: String| Origin::parse_trusted(&text).ok_or(text);
        self.named = texts.into_iter().map(Into::into).map(read).collect();
    }

    /// The texts that could not be read so.
    pub(crate) fn strays(&self) -> impl Iterator<Item = &String> {
        self.named.iter().filter_map(|origin| origin.as_ref().err())
    }

    /// Trusts those for which the closure says so, too.
    pub(crate) fn set_by(&mut self, trusts: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.by = Some(Arc::new(trusts));
    }

    /// Says so once if a page of another site is trusted, whose cookie browsers drop.
    pub(crate) fn warn_of_dropped_cookie(&mut self) {
        self.cookie_is_dropped = Some(Arc::new(Once::new()));
    }

    /// Those that are surely on another site than a domain: the last two labels differ, and nobody can have registered fewer.
    pub(crate) fn beyond<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = String> + 'a {
        let site = |host: &'a str| host.rsplit('.').take(2).map(str::to_ascii_lowercase);
        self.named.iter().flatten().filter(move |origin| !site(domain).eq(site(&origin.host))).map(Origin::to_string)
    }

    /// Refuses what a browser sent from another site, unless that site is trusted. `here` is asked only where the answer depends on it.
    ///
    /// What says nothing of its origin was not sent by a page of another site: browsers put `Origin` into every request that is
    /// not a GET or HEAD. Who wants to know more names a header that tells the page where nothing else is told, such as `Referer`.
    pub(crate) fn check<'a>(
        &self,
        headers: &HeaderMap,
        here: impl FnOnce() -> Result<Here<'a>, CrossSiteError>,
        page: Option<&HeaderName>,
    ) -> Result<(), CrossSiteError> {
        let site = single(headers, &SEC_FETCH_SITE)?;
        let origin = match (site, single(headers, &ORIGIN)?) {
            // The browser compared the origins, scheme and all. `none` is the visitor's own doing, such as a bookmark.
            (Some(b"same-origin" | b"none"), _) => return Ok(()),
            (_, Some(origin)) => Origin::parse(origin),
            (Some(_), None) => None,
            (None, None) => match page.map(|name| single(headers, name)).transpose()?.flatten() {
                Some(page) => Origin::of_page(page),
                None => return Ok(()),
            },
        };
        let origin = origin.ok_or(CrossSiteError::UNNAMED)?;
        // Where the browser compared, it knew better: the scheme may not be known here.
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

/// Says that a trusted origin is on another site, from which the cookie is neither taken nor sent.
pub(crate) fn warn_of_dropped_cookie(origin: &str) {
    tracing::warn!(
        origin,
        "a trusted origin is on another site, and browsers drop the cookie of its pages without a word: it needs \
         `same_site(SameSite::None)`, and `partitioned(true)` where third-party cookies are blocked"
    );
}

/// Where a page came from, as browsers tell it: in lower case, and without the port that the scheme has anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Reads `scheme://host[:port]`, and nothing behind it. `null` is none.
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

    /// The same, where the host may begin with `*.` in the place of any one label.
    fn parse_trusted(text: &str) -> Option<Self> {
        let Some((scheme, host)) = text.split_once("://*.") else { return Self::parse(text.as_bytes()) };
        let mut origin = Self::parse(format!("{scheme}://{host}").as_bytes())?;
        // `*.com` would be the whole world, and nobody has a name below an address.
        let (_, last) = origin.host.rsplit_once('.').or((origin.host == "localhost").then_some(("", "localhost")))?;
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        origin.host.insert_str(0, "*.");
        Some(origin)
    }

    /// The origin of a page, given its address.
    fn of_page(address: &[u8]) -> Option<Self> {
        let (scheme, rest) = std::str::from_utf8(address).ok()?.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        Self::parse(format!("{scheme}://{authority}").as_bytes())
    }

    /// Whether another origin is this one, or one of those for which it stands.
    fn covers(&self, other: &Self) -> bool {
        let is_host = match self.host.strip_prefix("*.") {
            Some(parent) => other.host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
            None => self.host == other.host,
        };
        is_host && (&self.scheme, self.port) == (&other.scheme, other.port)
    }

    /// Whether the application answers at this origin.
    ///
    /// Where no proxy says by which scheme the request came, a page got by HTTP passes for one got by HTTPS of the same host, in a
    /// browser so old that it does not compare the origins itself. `Strict-Transport-Security` prevents that.
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
        // Only an address has colons.
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{host}{close}")?;
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The host in lower case, and the port if there is one.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let end = match authority.strip_prefix('[') {
        Some(address) => address.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let host = match host.strip_prefix('[') {
        // An address has many spellings.
        Some(address) => address.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.to_string(),
        None => host.to_ascii_lowercase(),
    };
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)) {
        return None;
    }
    match port.strip_prefix(':') {
        // `parse` alone would take a sign.
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

/// The only value of a header. Of several, one reader takes the first and another the last.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, CrossSiteError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(CrossSiteError::UNNAMED),
        (value, None) => Ok(value.map(|value| value.as_bytes())),
    }
}

/// Bytes of an origin: a host has 253 at most. It is told in the log and in replies.
const LONGEST: usize = 300;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests;
