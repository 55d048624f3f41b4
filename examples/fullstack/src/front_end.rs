//! Serves the front end: the files of `dist`, which are compiled into the program.

use std::fmt::Write;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// Returns a router for the page and its files. `npm run build` in `web` builds them.
pub fn router() -> Router {
    let files = [
        File::new("/", "text/html; charset=utf-8", include_bytes!("../dist/index.html")),
        File::new("/app.js", "text/javascript; charset=utf-8", include_bytes!("../dist/app.js")),
        File::new("/app.css", "text/css; charset=utf-8", include_bytes!("../dist/app.css")),
        File::new("/theme.js", "text/javascript; charset=utf-8", include_bytes!("../dist/theme.js")),
        File::new("/icon.svg", "image/svg+xml", include_bytes!("../dist/icon.svg")),
    ];
    files.into_iter().fold(Router::new(), |router, file| {
        router.route(file.path, get(async move |headers: HeaderMap| file.answer(&headers)))
    })
}

#[derive(Clone)]
struct File {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    etag: String,
}

impl File {
    fn new(path: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let mut etag = String::from('"');
        for byte in &Sha256::digest(bytes)[..16] {
            write!(etag, "{byte:02x}").expect("writing to a string never fails");
        }
        etag.push('"');
        Self { path, kind, bytes, etag }
    }

    /// Answers with the file, or with 304 if the browser has it. `no-cache` makes browsers ask each
    /// time.
    fn answer(&self, request: &HeaderMap) -> Response {
        let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| known == self.etag.as_str());
        let headers = [
            (header::ETAG, self.etag.as_str()),
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        match known {
            true => (StatusCode::NOT_MODIFIED, headers).into_response(),
            false => (headers, [(header::CONTENT_TYPE, self.kind)], self.bytes).into_response(),
        }
    }
}

/// The page may load only its own files and talk only to its own server.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
