//! Pages: files that are made at start. They are sent unchanged if no route has the path.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, REFERRER_POLICY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::{Body, reply};

#[derive(Default)]
pub(crate) struct Pages(Vec<Page>);

struct Page {
    path: String,
    tag: HeaderValue,
    headers: HeaderMap,
    text: Bytes,
}

/// The result of looking up a page.
pub(super) enum Asked {
    Page(Response<Body>),
    /// The page exists, but only for GET and HEAD.
    MethodNotAllowed,
    Nothing,
}

impl Pages {
    pub(crate) fn add(&mut self, path: String, content_type: &'static str, text: Bytes) {
        let tag = tag(&text);
        let mut headers = HeaderMap::new();
        let content_type = (CONTENT_TYPE, HeaderValue::from_static(content_type));
        let of_all = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
        headers.extend([content_type, (ETAG, tag.clone())].into_iter().chain(of_all));
        self.0.push(Page { path, tag, headers, text });
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.iter().any(|page| page.path == path)
    }

    pub(super) fn ask(&self, parts: &Parts) -> Asked {
        let Some(page) = self.0.iter().find(|page| page.path == parts.uri.path()) else { return Asked::Nothing };
        match parts.method {
            Method::GET | Method::HEAD => Asked::Page(page.answer(&parts.headers)),
            _ => Asked::MethodNotAllowed,
        }
    }
}

impl Page {
    fn answer(&self, request: &HeaderMap) -> Response<Body> {
        if is_known(request, &self.tag) {
            return reply::page(StatusCode::NOT_MODIFIED, self.headers.clone(), Bytes::new());
        }
        reply::page(StatusCode::OK, self.headers.clone(), self.text.clone())
    }
}

/// Returns whether the client already has the page. Tags are compared weakly (RFC 9110, section
/// 13.1.2).
fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = request.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut known = lines.flat_map(|line| line.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}

/// Returns a tag that depends on the text alone, so that all processes make the same one.
fn tag(text: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish())).expect("quotes and digits are visible ASCII")
}

/// The headers of every page. A page changes with the application, so clients revalidate it each
/// time and download it again only if it changed. A page may only run its own scripts and styles,
/// may only connect to its own origin, and may not be framed.
const HEADERS: [(HeaderName, &str); 3] = [
    (CACHE_CONTROL, "no-cache"),
    (REFERRER_POLICY, "no-referrer"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
];
