//! Tests the files of the front end, as the application serves them.

use velox_example_fullstack::app::site;
use velox_rpc::Server;
use velox_tests::Site;

async fn get(site: &Site, path: &str, header: &str) -> (String, String) {
    let address = site.address();
    site.reply(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{header}connection: close\r\n\r\n")).await
}

#[tokio::test]
async fn browsers_get_304_for_a_file_that_has_not_changed() {
    let site = Site::start(Server::new(site(None).expect("good settings"))).await;
    for path in ["/", "/app.js", "/app.css", "/theme.js", "/icon.svg"] {
        let (head, body) = get(&site, path, "").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && !body.is_empty(), "{path}: {head}");
        assert!(head.contains("\r\ncontent-security-policy: default-src 'self';"), "{path}: {head}");
        let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("it has a tag");

        let (head, body) = get(&site, path, &format!("if-none-match: {etag}\r\n")).await;
        assert!(head.starts_with("HTTP/1.1 304 ") && body.is_empty(), "{path}: {head}");
        let (head, _) = get(&site, path, "if-none-match: \"another\"\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
    }
}

#[tokio::test]
async fn all_other_paths_belong_to_procedures() {
    let site = Site::start(Server::new(site(None).expect("good settings"))).await;
    assert_eq!(get(&site, "/trpc/auth.whoAmI", "").await.1, r#"{"result":{"data":{"user":null}}}"#);
    let (head, body) = get(&site, "/nowhere", "").await;
    assert!(head.starts_with("HTTP/1.1 404 ") && body.contains("NOT_FOUND"), "{head}{body}");
}
