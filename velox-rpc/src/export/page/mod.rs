//! Serves the page that shows an OpenAPI document and lets people try it. Its files are written for
//! velox and embedded in the binary, so the page works without a network.

use std::borrow::Cow;

use super::OpenApi;
use crate::router::Manifest;

/// A file below the page's path.
pub(crate) struct File {
    /// The part of the file's path after the path of the page. It is empty for the page itself.
    pub(crate) suffix: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) text: Cow<'static, str>,
}

/// Returns the page, its scripts and styles, and the document that it shows. `path` is the path of
/// the page, such as `/docs`.
pub(crate) fn files(path: &str, open_api: &OpenApi, manifest: &Manifest) -> Vec<File> {
    let file = |suffix, content_type, text| File { suffix, content_type, text };
    // The URLs are relative, so that the page works behind any prefix that a proxy or a router
    // adds.
    let base = path.rsplit('/').next().unwrap_or(path);
    let root = root(path);
    let page = include_str!("index.html").replace("{base}", base).replace("{root}", &root);
    let page = page.replace("{title}", &escaped(open_api.title()));
    let document = open_api.text(manifest, &root);
    let script = |(suffix, text)| file(suffix, "text/javascript; charset=utf-8", Cow::Borrowed(text));
    let others = [
        file("", "text/html; charset=utf-8", Cow::Owned(page)),
        file("/app.css", "text/css; charset=utf-8", Cow::Borrowed(include_str!("app.css"))),
        file("/openapi.json", "application/json; charset=utf-8", Cow::Owned(document)),
    ];
    others.into_iter().chain(SCRIPTS.map(script)).collect()
}

/// The scripts. They are modules that import each other by these names.
const SCRIPTS: [(&str, &str); 7] = [
    ("/app.js", include_str!("app.js")),
    ("/call.js", include_str!("call.js")),
    ("/dom.js", include_str!("dom.js")),
    ("/form.js", include_str!("form.js")),
    ("/json.js", include_str!("json.js")),
    ("/operation.js", include_str!("operation.js")),
    ("/schema.js", include_str!("schema.js")),
];

/// Returns the relative URL from the document to the application: `..` from `/docs/openapi.json`.
fn root(path: &str) -> String {
    vec![".."; path.matches('/').count()].join("/")
}

/// Checks the path of the page, and returns what is wrong with it.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut segments = path.strip_prefix('/').ok_or("it must start with `/`")?.split('/');
    if segments.all(|segment| !segment.is_empty() && segment.bytes().all(is_plain)) {
        Ok(())
    } else {
        Err("write segments of letters, digits, `-`, `.`, `_` and `~`, as in `/docs`")
    }
}

/// Escapes a string for HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_must_have_plain_segments() {
        assert_eq!(check_path("/docs"), Ok(()));
        assert_eq!(check_path("/internal/docs"), Ok(()));
        for path in ["", "docs", "/", "/docs/", "/a//b", "/:id", "/d\"ocs", "/d ocs"] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_title_is_escaped() {
        let open_api = OpenApi::new("</title><script>\"&", "1");
        let files = files("/internal/docs", &open_api, &Manifest::default());
        let page = &files[0].text;
        assert!(page.contains("<title>&lt;/title&gt;&lt;script&gt;&quot;&amp;</title>"), "{page}");
        assert!(page.contains("src=\"docs/app.js\""), "{page}");
    }

    #[test]
    fn the_page_is_small_and_names_no_other_host() {
        let files = files("/docs", &OpenApi::new("Shop", "1"), &Manifest::default());
        assert!(files.iter().map(|file| file.text.len()).sum::<usize>() < 40_000);
        for file in files {
            assert!(!file.text.contains("http://") && !file.text.contains("https://"), "{}", file.suffix);
        }
    }
}
