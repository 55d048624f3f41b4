//! Tests which requests pass and which are refused.

use http::HeaderValue;
use http::header::REFERER;

use super::*;

/// Returns whether a request passes, given its headers as `Name: value`, the authority in its
/// target, and the trusted origins.
fn passes(lines: &[&str], authority: Option<&str>, trusted: &[&str]) -> bool {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    let authority = authority.map(|authority| authority.parse().expect("an authority"));
    trusting(trusted).check(&headers, || Here::of_head(&headers, authority.as_ref()), None).is_ok()
}

fn trusting(origins: &[&str]) -> TrustedOrigins {
    let mut trusted = TrustedOrigins::default();
    trusted.set(origins.iter().copied());
    assert_eq!(trusted.strays().next(), None, "origins");
    trusted
}

const HOST_LINE: &str = "Host: example.com";
const OWN: &str = "Origin: https://example.com";
const APP: &str = "Origin: https://app.example.com";
const EVIL: &str = "Origin: https://evil.example";
const NONSENSE: [&str; 9] =
    ["cross-site", "same-site", "", "Same-Origin", "same-origin ", "same-origin, none", "null", "true", "\u{e9}"];

/// Tries each value of `Sec-Fetch-Site` with each `Origin`, with and without a trusted origin.
#[test]
fn sec_fetch_site_decides_unless_the_origin_is_trusted() {
    for origin in [None, Some(OWN), Some(APP), Some(EVIL), Some("Origin: null"), Some("Origin: ")] {
        for trusted in [&[][..], &["https://app.example.com"]] {
            let passes = |site: &str| {
                let site = format!("Sec-Fetch-Site: {site}");
                let lines: Vec<_> = [HOST_LINE, &site].into_iter().chain(origin).collect();
                passes(&lines, None, trusted)
            };
            for site in ["same-origin", "none"] {
                assert!(passes(site), "{site}, {origin:?}");
            }
            for site in NONSENSE {
                let is_trusted = !trusted.is_empty() && origin == Some(APP);
                assert_eq!(passes(site), is_trusted, "{site:?}, {origin:?}, {trusted:?}");
            }
        }
    }
}

/// curl, mobile apps and other services send such requests.
#[test]
fn a_request_without_origin_headers_passes() {
    assert!(passes(&[], None, &[]));
    assert!(passes(&[HOST_LINE], None, &[]));
    assert!(passes(&[HOST_LINE, "Referer: https://evil.example/"], None, &[]));
    assert!(passes(&["Host: a", "Host: b"], None, &[]), "the host does not matter here");
}

/// Old browsers do not send `Sec-Fetch-Site`.
#[test]
fn without_sec_fetch_site_the_origin_must_match_the_host() {
    let same = [
        ("https://example.com", "example.com"),
        ("http://example.com", "example.com"),
        ("https://EXAMPLE.com", "example.COM"),
        ("HTTPS://example.com", "example.com"),
        ("https://example.com", "example.com:443"),
        ("https://example.com:443", "example.com"),
        ("http://example.com", "example.com:80"),
        ("http://example.com:80", "example.com"),
        ("https://example.com:80", "example.com:80"),
        ("http://example.com:3000", "example.com:3000"),
        ("http://example.com:3000", "example.com:03000"),
        ("https://example.com", "example.com:"),
        ("http://127.0.0.1:3000", "127.0.0.1:3000"),
        ("http://[::1]:3000", "[::1]:3000"),
        ("http://[::1]", "[0:0::1]:80"),
        ("http://a_b.example", "a_b.example"),
    ];
    let other = [
        ("https://evil.example", "example.com"),
        ("https://app.example.com", "example.com"),
        ("https://example.com", "app.example.com"),
        ("https://example.com.evil.example", "example.com"),
        ("https://evilexample.com", "example.com"),
        ("https://example.com.", "example.com"),
        ("http://example.com:3001", "example.com:3000"),
        ("http://example.com", "example.com:3000"),
        ("http://example.com:3000", "example.com"),
        ("http://example.com", "example.com:443"),
        ("https://example.com", "example.com:80"),
        ("http://[::1]:3000", "[::2]:3000"),
        ("http://[::1]", "::1"),
        ("ftp://example.com", "example.com"),
        ("chrome-extension://example.com", "example.com"),
        ("https://example.com", ""),
        ("https://example.com", "example.com:443:443"),
        ("https://example.com", "user@example.com"),
        ("https://example.com", "example.com/"),
        ("https://example.com", "example.com::"),
        ("https://example.com", ":443"),
    ];
    for (expected, pairs) in [(true, &same[..]), (false, &other)] {
        for (origin, host) in pairs {
            let (origin, host) = (format!("Origin: {origin}"), format!("Host: {host}"));
            assert_eq!(passes(&[&origin, &host], None, &[]), expected, "{origin}, {host}");
        }
    }
}

/// A proxy reports the scheme of the request.
#[test]
fn a_known_scheme_must_match_the_origin() {
    for (scheme, origin, host, expected) in [
        (None, "http://example.com", "example.com", true),
        (Some("https"), "https://example.com", "example.com", true),
        (Some("https"), "https://example.com", "example.com:443", true),
        (Some("http"), "http://example.com:80", "example.com", true),
        (Some("https"), "http://example.com", "example.com", false),
        (Some("http"), "https://example.com", "example.com", false),
        (Some("https"), "http://example.com:443", "example.com:443", false),
        (Some("https"), "https://evil.example", "example.com", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static(origin));
        let here = || Ok(Here { host: Some(host.as_bytes()), scheme });
        let result = TrustedOrigins::default().check(&headers, here, None);
        assert_eq!(result.is_ok(), expected, "{origin} at {scheme:?} {host}");
    }
}

/// HTTP/2 has no `Host`. If a request has both, the target counts.
#[test]
fn the_authority_of_the_target_wins_over_the_host() {
    assert!(passes(&[OWN], Some("example.com"), &[]));
    assert!(passes(&[OWN], Some("Example.com:443"), &[]));
    assert!(passes(&[OWN, "Host: other.example"], Some("example.com"), &[]));
    assert!(!passes(&[OWN, HOST_LINE], Some("other.example"), &[]));
    assert!(!passes(&[OWN], Some("example.com:3000"), &[]));
    assert!(!passes(&[OWN], None, &[]), "without a host, no origin matches");
}

/// The host is right, and everything that can be trusted is trusted.
#[test]
fn an_invalid_origin_counts_as_another_site() {
    for origin in UNREADABLE {
        let line = format!("Origin: {origin}");
        for site in [&[][..], &["Sec-Fetch-Site: cross-site"], &["Sec-Fetch-Site: same-site"]] {
            let lines: Vec<_> = [HOST_LINE, &line].iter().chain(site).copied().collect();
            assert!(!passes(&lines, None, &["https://example.com"]), "{origin:?}");
        }
    }
}

#[test]
fn a_repeated_header_is_refused() {
    let trusted = ["https://app.example.com"];
    for lines in [
        [HOST_LINE, OWN, OWN],
        [HOST_LINE, OWN, EVIL],
        [HOST_LINE, APP, APP],
        [HOST_LINE, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: same-origin"],
        [HOST_LINE, "Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"],
        [HOST_LINE, HOST_LINE, OWN],
        [HOST_LINE, "Host: evil.example", EVIL],
    ] {
        assert!(!passes(&lines, None, &trusted), "{lines:?}");
    }
    assert!(!passes(&["Sec-Fetch-Site: same-origin", OWN, EVIL], None, &trusted));
    assert!(!passes(&["Sec-Fetch-Site: none", "Sec-Fetch-Site: none", APP], None, &trusted));
}

#[test]
fn a_trusted_origin_is_one_scheme_host_and_port() {
    let trusted = ["https://App.example.com:443", "http://localhost:5173", "capacitor://localhost", "http://[::1]:80"];
    let passes = |origin: &str, site: Option<&str>| {
        let origin = format!("Origin: {origin}");
        let lines: Vec<_> = [HOST_LINE, &origin].into_iter().chain(site).collect();
        passes(&lines, None, &trusted)
    };
    assert!(passes("https://example.com", None), "the application's own origin needs no trust");
    for site in [None, Some("Sec-Fetch-Site: cross-site"), Some("Sec-Fetch-Site: same-site")] {
        for origin in ["https://app.example.com", "http://localhost:5173", "capacitor://localhost", "http://[::1]"] {
            assert!(passes(origin, site), "{origin}, {site:?}");
        }
        for origin in [
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://x.app.example.com",
            "https://app.example.com.evil.example",
            "http://localhost",
            "https://localhost:5173",
            "capacitor://localhost:80",
            "null",
        ] {
            assert!(!passes(origin, site), "{origin}, {site:?}");
        }
    }
}

#[test]
fn all_invalid_origins_are_reported_at_once() {
    let texts: Vec<_> = UNREADABLE.iter().chain(&["https://app.example.com"]).map(|text| (*text).to_owned()).collect();
    let mut trusted = TrustedOrigins::default();
    trusted.set(texts);
    // A star is special only in the trusted origins.
    let unreadable: Vec<_> = UNREADABLE.into_iter().filter(|text| *text != "https://*.example.com").collect();
    assert!(trusted.strays().eq(&unreadable));
    trusted.set(["https://app.example.com"]);
    assert_eq!(trusted.strays().next(), None);
}

#[test]
fn a_wildcard_matches_exactly_one_label() {
    let trusted = ["https://*.Preview.example.com", "http://*.localhost:5173"];
    for (origin, expected) in [
        ("https://a.preview.example.com", true),
        ("https://pr-7.preview.example.com:443", true),
        ("https://A.PREVIEW.example.com", true),
        ("http://a.localhost:5173", true),
        ("https://preview.example.com", false),
        ("https://.preview.example.com", false),
        ("https://a.b.preview.example.com", false),
        ("https://apreview.example.com", false),
        ("https://a.preview.example.com.evil.example", false),
        ("https://evil.example/.preview.example.com", false),
        ("https://*.preview.example.com", false),
        ("http://a.preview.example.com", false),
        ("https://a.preview.example.com:8443", false),
        ("http://localhost:5173", false),
        ("http://a.localhost", false),
    ] {
        let origin = format!("Origin: {origin}");
        for site in ["cross-site", "same-site"] {
            assert_eq!(
                passes(&[HOST_LINE, &origin, &format!("Sec-Fetch-Site: {site}")], None, &trusted),
                expected,
                "{origin}"
            );
        }
    }
    let mut strays = TrustedOrigins::default();
    let texts = [
        "https://*.com",
        "https://*.",
        "https://*.*.example.com",
        "https://a.*.example.com",
        "https://a*.example.com",
        "https://*",
        "*://*.example.com",
        "*.example.com",
        "https://*.0.0.1",
        "https://*.[::1]",
        "https://*.example.com/",
    ];
    strays.set(texts);
    assert!(strays.strays().eq(&texts));
}

#[test]
fn a_closure_gets_the_origin_in_its_normal_form() {
    let mut trusted = trusting(&["https://named.example"]);
    trusted.set_by(|origin| origin == "https://tenant.example" || origin == "http://[::1]:3000");
    for (origin, expected) in [
        ("https://named.example", true),
        ("https://tenant.example", true),
        ("HTTPS://Tenant.Example:443", true),
        ("http://[0:0::1]:3000", true),
        ("https://other.example", false),
        ("null", false),
    ] {
        let headers = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
        assert_eq!(trusted.check(&headers, || Here::of_head(&headers, None), None).is_ok(), expected, "{origin}");
    }
}

/// A proxy that changes `Host` makes no difference if the browser has compared the origins. A
/// caller can name a header with the URL of the page, which is checked if the others are missing.
#[test]
fn the_referer_counts_only_if_enabled_and_nothing_else_is_known() {
    let check = |lines: &[(HeaderName, &'static str)]| {
        let lines = lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let headers = HeaderMap::from_iter(lines);
        let here = || Here::of_head(&headers, None);
        [None, Some(&REFERER)].map(|page| TrustedOrigins::default().check(&headers, here, page).is_ok())
    };
    let (host, evil) = ((HOST, "example.com"), (REFERER, "https://evil.example/a"));
    assert_eq!(check(&[host.clone(), evil.clone()]), [true, false]);
    assert_eq!(check(&[host.clone(), (REFERER, "https://example.com/a?b#c")]), [true, true]);
    assert_eq!(check(&[host.clone(), (REFERER, "example.com")]), [true, false]);
    assert_eq!(check(&[host.clone(), (ORIGIN, "https://example.com"), evil.clone()]), [true, true]);
    assert_eq!(
        check(&[(HOST, "inner:3000"), (SEC_FETCH_SITE, "same-origin"), (ORIGIN, "https://example.com"), evil]),
        [true; 2]
    );
    assert_eq!(check(&[host, (SEC_FETCH_SITE, "cross-site"), (REFERER, "https://example.com/")]), [false; 2]);
}

#[test]
fn a_refusal_names_a_valid_origin() {
    let named = |origin: &str| {
        let headers = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_bytes(origin.as_bytes()).expect("a value"))]);
        let error =
            TrustedOrigins::default().check(&headers, || Here::of_head(&headers, None), None).expect_err("refused");
        error.origin().map(str::to_owned)
    };
    assert_eq!(named("HTTPS://Evil.example:443").as_deref(), Some("https://evil.example"));
    assert_eq!(named("http://[0:0::1]:81").as_deref(), Some("http://[::1]:81"));
    let (long, longer) = (format!("https://{}", "a".repeat(292)), format!("https://{}", "a".repeat(293)));
    assert_eq!((named(&long), named(&longer)), (Some(long), None));
    for origin in UNREADABLE {
        assert_eq!(named(origin), None, "{origin}");
    }
}

const UNREADABLE: [&str; 29] = [
    "",
    "null",
    "*",
    "example.com",
    "example.com:443",
    "//example.com",
    "://example.com",
    "https:",
    "https://",
    "https:/example.com",
    "https:example.com",
    "https://example.com/",
    "https://example.com/path",
    "https://example.com?a",
    "https://example.com#a",
    "https://example.com:",
    "https://example.com:+443",
    "https://example.com:65536",
    "https://example.com:443:443",
    "https://example.com:https",
    "https://user@example.com",
    "https://*.example.com",
    "https://example.com https://example.com",
    "https://example.com,https://example.com",
    "https://ex\u{e4}mple.com",
    "https://ex%61mple.com",
    "https://[::1",
    "https://[example.com]",
    "1https://example.com",
];
