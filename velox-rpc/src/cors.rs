//! CORS for a front end on another origin. Pure: this module makes a tower-http layer and uses no
//! other module of velox.

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::AllowHeaders;
pub use tower_http::cors::CorsLayer;
use url::Url;

/// Allows pages of these origins to call the application with cookies, and to read its replies.
///
/// The layer allows exactly these origins. It never answers with `*`, and never with an origin that
/// is not in the list. It allows:
///
/// - cookies, for a page that calls `fetch(url, { credentials: 'include' })`,
/// - the methods GET, POST, PUT, PATCH and DELETE,
/// - every request header that the browser asks for in its preflight, such as `Content-Type`,
///   `Authorization`, or the `trpc-accept` of `httpBatchStreamLink`,
/// - reading the response headers `Retry-After`, `X-RateLimit-Limit`, `X-RateLimit-Remaining`,
///   `X-RateLimit-Reset` and `X-Request-Id`.
///
/// Browsers may remember a preflight for an hour. [`CorsLayer`] has a method to change each of
/// these settings.
///
/// Write an origin as browsers send it, `scheme://host` or `scheme://host:port`: in lower case,
/// without a path, without a trailing slash and without the default port of its scheme.
///
/// Sessions refuse mutations from other origins even if CORS allows them. Set `trusted_origins` of
/// the session to the same list.
///
/// # Examples
///
/// ```
/// use velox_rpc::http::Request;
/// use velox_rpc::{App, Router, cors, procedure};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
/// let origins = ["https://app.example.com", "http://localhost:5173"];
/// let app = App::new(()).router(health).layer(cors(origins)?).into_service()?;
///
/// let request = Request::get("/api/health/getHealth").header("origin", "http://localhost:5173");
/// let reply = app.call(request.body(String::new())?).await;
/// assert_eq!(reply.headers()["access-control-allow-origin"], "http://localhost:5173");
/// # Ok(()) }
/// ```
///
/// To allow only some request headers, and pages that send no cookies:
///
/// ```
/// use velox_rpc::cors;
/// use velox_rpc::http::HeaderName;
/// use velox_rpc::http::header::CONTENT_TYPE;
///
/// let layer = cors(["https://app.example.com"])?
///     .allow_headers([CONTENT_TYPE, HeaderName::from_static("x-tenant")])
///     .allow_credentials(false);
/// # let _ = layer;
/// # Ok::<(), velox_rpc::cors::CorsError>(())
/// ```
///
/// # Errors
///
/// Returns an error that lists every origin that no browser sends, with the correct spelling if
/// there is one. An empty list is also an error.
///
/// # Security
///
/// A page of an allowed origin can read and do everything that its visitor can. Allow only front
/// ends that you trust as much as your own.
pub fn cors<O: AsRef<str>>(origins: impl IntoIterator<Item = O>) -> Result<CorsLayer, CorsError> {
    layer(origins.into_iter().map(|origin| parse(origin.as_ref())).collect())
}

fn layer(origins: Vec<Result<HeaderValue, String>>) -> Result<CorsLayer, CorsError> {
    if origins.is_empty() {
        return Err(CorsError(vec![EMPTY.to_owned()]));
    }
    let (mut allowed, mut mistakes) = (Vec::new(), Vec::new());
    for origin in origins {
        match origin {
            Ok(origin) => allowed.push(origin),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(CorsError(mistakes));
    }
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(MAX_AGE);
    Ok(layer)
}

/// Reads an origin. The error says what is wrong with it and what to write instead.
fn parse(text: &str) -> Result<HeaderValue, String> {
    match text {
        "null" => return Err(format!("`null` {NULL}")),
        _ if text.contains('*') => return Err(format!("`{text}` {WILDCARD}")),
        _ => {}
    }
    match as_sent(text) {
        Some(sent) if sent == text => HeaderValue::try_from(sent).map_err(|_| format!("`{text}` {UNREADABLE}")),
        Some(sent) => Err(format!("`{text}` is not written as browsers send it: write `{sent}`")),
        None => Err(match with_a_scheme(text) {
            Some([https, http]) => format!("`{text}` has no scheme: write `{https}` or `{http}`"),
            None => format!("`{text}` {UNREADABLE}"),
        }),
    }
}

/// Returns the two origins that a text without a scheme can mean.
fn with_a_scheme(text: &str) -> Option<[String; 2]> {
    if text.contains("://") {
        return None;
    }
    Some([as_sent(&format!("https://{text}"))?, as_sent(&format!("http://{text}"))?])
}

/// Returns the origin of a URL, as browsers write it into the `Origin` header.
fn as_sent(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    // `Url::origin` returns no origin for the schemes of apps, such as `capacitor://localhost`, but
    // these do send one.
    Some(match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    })
}

/// The error of [`cors`](fn@cors). It lists every invalid origin.
///
/// # Examples
///
/// ```
/// use velox_rpc::cors;
///
/// let error = cors(["https://app.example.com/", "http://localhost:5173"]).unwrap_err();
/// let [mistake] = error.mistakes() else { panic!("one mistake") };
/// assert_eq!(mistake, "`https://app.example.com/` is not written as browsers send it: write `https://app.example.com`");
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("wrong origins for CORS: {}", .0.join("; "))]
pub struct CorsError(Vec<String>);

impl CorsError {
    /// Returns the mistakes, each with the origin and how to write it.
    pub fn mistakes(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Debug for CorsError {
    /// Writes the same text as `Display`, because a `main` that returns this error prints it with
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An hour saves most preflight requests, and a change of the settings still reaches every browser
/// within the hour. Chromium remembers a preflight for two hours at most.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The response headers that velox sets for front ends, besides those that every page may read.
const EXPOSED: [&str; 5] =
    ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id"];

const EMPTY: &str = "the list is empty: name the origin of each front end, or add no layer";
const NULL: &str = "stands for pages without an origin, which anybody can make: name the origin of each front end";
const WILDCARD: &str = "stands for many origins: name the origin of each front end";
const UNREADABLE: &str = "is not an origin: write `https://app.example.com` or `http://localhost:5173`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_as_browsers_send_it_is_allowed() {
        for origin in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://app.example.com:443",
            "https://xn--bcher-kva.example",
            "https://app_1.example.com",
            "https://example.com.",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        ] {
            assert_eq!(parse(origin), Ok(HeaderValue::from_static(origin)));
        }
    }

    #[test]
    fn the_error_for_an_unusual_origin_says_how_to_write_it() {
        for (written, sent) in [
            ("https://app.example.com/", "https://app.example.com"),
            ("https://app.example.com/login?next=a#b", "https://app.example.com"),
            ("https://App.Example.com", "https://app.example.com"),
            ("HTTPS://app.example.com", "https://app.example.com"),
            ("https://a:443", "https://a"),
            ("http://a:80/", "http://a"),
            ("https://a:", "https://a"),
            ("http://localhost:05173", "http://localhost:5173"),
            (" https://a", "https://a"),
            ("https://a\n", "https://a"),
            ("https:/a", "https://a"),
            ("https://user:secret@a", "https://a"),
            ("https://b\u{fc}cher.example", "https://xn--bcher-kva.example"),
            ("http://127.1:3000", "http://127.0.0.1:3000"),
            ("http://[0:0::1]", "http://[::1]"),
            ("http://[::ffff:10.0.0.1]", "http://[::ffff:a00:1]"),
        ] {
            let mistake = parse(written).expect_err(written);
            assert_eq!(mistake, format!("`{written}` is not written as browsers send it: write `{sent}`"));
        }
        for (written, rest) in [("app.example.com", "app.example.com"), ("localhost:5173/", "localhost:5173")] {
            let mistake = parse(written).expect_err(written);
            assert_eq!(mistake, format!("`{written}` has no scheme: write `https://{rest}` or `http://{rest}`"));
        }
    }

    #[test]
    fn an_invalid_origin_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", UNREADABLE),
            ("https://", UNREADABLE),
            ("https://a b", UNREADABLE),
            ("https://a:99999", UNREADABLE),
            ("https://a, https://b", UNREADABLE),
            ("file:///home/index.html", UNREADABLE),
            ("mailto:ada", UNREADABLE),
            ("null", NULL),
            ("*", WILDCARD),
            ("https://*", WILDCARD),
            ("https://*.example.com", WILDCARD),
        ] {
            assert_eq!(parse(text), Err(format!("`{text}` {reason}")));
        }
    }

    #[test]
    fn every_invalid_origin_is_reported() {
        let error = cors(["https://a", "*", "https://b/", "null"]).expect_err("three mistakes");
        let wrong: Vec<_> = error.mistakes().iter().filter_map(|mistake| mistake.split('`').nth(1)).collect();
        assert_eq!(wrong, ["*", "https://b/", "null"]);
        assert_eq!(cors(Vec::<String>::new()).expect_err("a mistake").mistakes(), [EMPTY]);
    }
}
