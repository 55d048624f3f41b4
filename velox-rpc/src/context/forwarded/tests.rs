//! Tests forwarding headers, and which parts of them velox trusts.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

/// Reads headers of a request from `10.0.0.1`, with the trusted networks `10.0.0.0/8` and
/// `fd00::/8`.
fn told(headers: &HeaderMap) -> Told<'_> {
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(str::to_owned);
    read(headers, Some(ip("10.0.0.1")), &TrustedProxies::parse(&trusted).expect("networks"))
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Makes headers from pairs of name and value.
fn headers<T: AsRef<[u8]>>(lines: &[(HeaderName, T)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name, HeaderValue::from_bytes(value.as_ref()).expect("a value"));
    }
    headers
}

fn client(name: HeaderName, lines: &[&str]) -> Option<IpAddr> {
    told(&headers(&lines.iter().map(|line| (name.clone(), line)).collect::<Vec<_>>())).client
}

#[test]
fn the_client_is_the_last_address_that_is_not_a_trusted_proxy() {
    for (lines, expected) in [
        (&["203.0.113.7"][..], "203.0.113.7"),
        (&["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        (&["203.0.113.7,10.0.0.2,10.0.0.3"], "203.0.113.7"),
        (&["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        (&["203.0.113.7, 10.0.0.2", "10.0.0.3", "10.0.0.4, 10.0.0.5"], "203.0.113.7"),
        (&["198.51.100.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        (&["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        (&["10.0.0.9, 203.0.113.7"], "203.0.113.7"),
        (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (&["  203.0.113.7\t"], "203.0.113.7"),
        (&["203.0.113.7:4711"], "203.0.113.7"),
        (&["2001:db8::1"], "2001:db8::1"),
        (&["[2001:db8::1]"], "2001:db8::1"),
        (&["[2001:db8::1]:4711"], "2001:db8::1"),
        (&["2001:DB8:0::1"], "2001:db8::1"),
        (&["::ffff:203.0.113.7"], "203.0.113.7"),
        (&["[::ffff:203.0.113.7]:80"], "203.0.113.7"),
        (&["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
        (&["203.0.113.7, fd00::1"], "203.0.113.7"),
    ] {
        assert_eq!(client(FOR, lines), Some(ip(expected)), "{lines:?}");
    }
}

#[test]
fn an_invalid_address_ends_the_search_at_the_last_trusted_one() {
    for stray in [
        "",
        "unknown",
        "_hidden",
        "_hidden:80",
        "example.com",
        "203.0.113",
        "203.0.113.7.8",
        "203.0.113.7 80",
        "203.0.113.7:port",
        "203.0.113.7:99999",
        "203.0.113.7:+80",
        "[203.0.113.7]",
        "[::1",
        "::1]",
        "[::1]x",
        "[::1]:-1",
        "[::1%eth0]:80",
        "for=203.0.113.7",
        "\"203.0.113.7\"",
        "'203.0.113.7'",
        "203.0.113.7;10.0.0.2",
        "0x7f.1",
    ] {
        assert_eq!(client(FOR, &[stray]), Some(ip("10.0.0.1")), "{stray}");
        let lines = format!("203.0.113.7, {stray}, 10.0.0.2");
        assert_eq!(client(FOR, &[&lines]), Some(ip("10.0.0.2")), "{stray}");
        assert_eq!(client(FOR, &["203.0.113.7", stray, "10.0.0.2"]), Some(ip("10.0.0.2")), "{stray}");
        // It is harmless to the left of the elements that count.
        let lines = format!("{stray}, 203.0.113.7");
        assert_eq!(client(FOR, &[&lines]), Some(ip("203.0.113.7")), "{stray}");
    }
}

#[test]
fn non_ascii_bytes_are_not_an_address() {
    for stray in [&b"203.0.113.7, \xff"[..], b"203.0.113.7, \xc3\xa4", b"203.0.113.7, 1\xef\xbc\x8e2.3.4"] {
        assert_eq!(told(&headers(&[(FOR, stray)])).client, Some(ip("10.0.0.1")));
    }
    for forged in [&b"\xff, "[..], b"\xc3\xa4\"\\, "] {
        for (name, added) in [(FOR, "203.0.113.7"), (FORWARDED, "for=203.0.113.7")] {
            let line = [forged, added.as_bytes()].concat();
            assert_eq!(told(&headers(&[(name, line)])).client, Some(ip("203.0.113.7")));
        }
    }
    let lines = [(PROTO, &b"https, \xff"[..]), (HOST, b"shop.example, \xff")];
    let headers = headers(&lines);
    assert_eq!((told(&headers).scheme, told(&headers).host), (None, None));
}

#[test]
fn scheme_and_host_come_from_the_outermost_trusted_proxy() {
    for (proto, host, expected) in [
        (&["https"][..], &["shop.example"][..], (Some("https"), Some("shop.example"))),
        (&["HTTP"], &["Shop.example:8443"], (Some("http"), Some("Shop.example:8443"))),
        (&["https, http"], &["evil.example, shop.example"], (Some("http"), Some("shop.example"))),
        (&["https", "http"], &["evil.example", "shop.example"], (Some("http"), Some("shop.example"))),
        (&["wss"], &["a b"], (None, None)),
        (&["https,"], &["shop.example,"], (None, None)),
        (&["https http"], &["https://shop.example"], (None, None)),
        (&[], &["user@shop.example"], (None, None)),
        (&[], &[""], (None, None)),
        (&[], &["[2001:db8::1]:80"], (None, Some("[2001:db8::1]:80"))),
    ] {
        let lines = proto.iter().map(|line| (PROTO, line)).chain(host.iter().map(|line| (HOST, line)));
        let headers = headers(&lines.collect::<Vec<_>>());
        assert_eq!((told(&headers).scheme, told(&headers).host), expected, "{proto:?}, {host:?}");
    }
}

#[test]
fn an_element_of_forwarded_describes_its_own_hop() {
    let peer = "10.0.0.1";
    for (lines, expected) in [
        (&["for=203.0.113.7"][..], ("203.0.113.7", None, None)),
        (&["For=203.0.113.7;Proto=HTTPS;HOST=shop.example"], ("203.0.113.7", Some("https"), Some("shop.example"))),
        (&["host=\"shop.example:80\" ; for=\"[2001:db8::1]:4711\""], ("2001:db8::1", None, Some("shop.example:80"))),
        (&["for=203.0.113.7:4711;by=10.0.0.1"], ("203.0.113.7", None, None)),
        (&["for=\"203.0.113.7:_a.b\""], ("203.0.113.7", None, None)),
        (&["for=[2001:db8::1]"], ("2001:db8::1", None, None)),
        (&["for=203.0.113.7;x=\"a,b;c\", for=10.0.0.2"], ("203.0.113.7", None, None)),
        // The outermost proxy saw the scheme and the host that the client used.
        (
            &["for=203.0.113.7;proto=https;host=shop.example, for=10.0.0.2;proto=http;host=inner"],
            ("203.0.113.7", Some("https"), Some("shop.example")),
        ),
        (&["for=203.0.113.7;proto=https", "for=10.0.0.2;proto=http"], ("203.0.113.7", Some("https"), None)),
        // The client sent everything to the left of its address.
        (
            &["for=10.0.0.9;proto=https;host=evil.example, for=203.0.113.7;proto=http"],
            ("203.0.113.7", Some("http"), None),
        ),
        (&["for=198.51.100.1", "for=203.0.113.7"], ("203.0.113.7", None, None)),
        // These trusted proxies do not reveal their client.
        (&["for=203.0.113.7, for=unknown;proto=https;host=shop.example"], (peer, Some("https"), Some("shop.example"))),
        (&["for=203.0.113.7, for=\"_gazonk\";proto=https"], (peer, Some("https"), None)),
        (&["for=203.0.113.7, proto=https"], (peer, Some("https"), None)),
    ] {
        let headers = headers(&lines.iter().map(|line| (FORWARDED, line)).collect::<Vec<_>>());
        let (client, scheme, host) = expected;
        assert_eq!(told(&headers), Told { client: Some(ip(client)), scheme, host }, "{lines:?}");
    }
}

#[test]
fn an_invalid_element_of_forwarded_ends_the_search() {
    for stray in [
        "",
        "203.0.113.7",
        "for",
        ";",
        "for=203.0.113.7;",
        "for=203.0.113.7;for=203.0.113.7",
        "for=203.0.113.7;FOR=203.0.113.8",
        "for=203.0.113.7;proto=http;proto=https",
        "for=\"203.0.113.7",
        "for=203.0.113.7\"",
        "for=\"203\\.0.113.7\"",
        "for=\"203.0.113.7\"x",
        "for=\"a\"b\"",
    ] {
        let line = format!("for=198.51.100.1;proto=https, {stray}");
        let headers = headers(&[(FORWARDED, line)]);
        assert_eq!(told(&headers), Told { client: Some(ip("10.0.0.1")), scheme: None, host: None }, "{stray}");
    }
}

#[test]
fn an_open_quote_of_a_client_does_not_hide_what_a_proxy_adds() {
    for forged in ["for=\"", "for=\"198.51.100.1", "for=\"\\", "for=\"a\\\"", "\"", "\\", "for=198.51.100.1;x=\"y"] {
        for added in ["for=203.0.113.7", "for=\"203.0.113.7:80\"", "for=\"203.0.113.7\";proto=http"] {
            let joined = format!("{forged}, {added}");
            assert_eq!(client(FORWARDED, &[&joined]), Some(ip("203.0.113.7")), "{joined}");
            assert_eq!(client(FORWARDED, &[forged, added]), Some(ip("203.0.113.7")), "{joined}");
        }
    }
}

#[test]
fn forwarded_counts_only_without_the_other_headers() {
    let forged = (FORWARDED, "for=198.51.100.1;proto=https;host=evil.example");
    for beside in [(FOR, "203.0.113.7"), (PROTO, "http"), (HOST, "shop.example")] {
        let headers = headers(&[forged.clone(), beside.clone()]);
        let told = told(&headers);
        assert_ne!(told.client, Some(ip("198.51.100.1")), "{beside:?}");
        assert_ne!((told.scheme, told.host), (Some("https"), Some("evil.example")), "{beside:?}");
    }
}

#[test]
fn ten_thousand_elements_are_read_once_each() {
    let many = |element: &str| vec![element; 10_000].join(", ");
    // This would take hours if reading an element looked at all others.
    for _ in 0..100 {
        assert_eq!(client(FOR, &[&many("10.0.0.2")]), Some(ip("10.0.0.2")));
        assert_eq!(client(FORWARDED, &[&many("for=\"10.0.0.2\"")]), Some(ip("10.0.0.2")));
        assert_eq!(client(FOR, &[&many("\""), "203.0.113.7"]), Some(ip("203.0.113.7")));
    }
}

proptest! {
    /// Whatever a client sends, the elements that a trusted proxy adds on the right decide.
    #[test]
    fn headers_of_untrusted_clients_are_ignored(
        forged in prop::collection::vec(prop::collection::vec(0x20_u8..0xff, 0..40), 0..4),
        joined in any::<bool>(),
    ) {
        let forged: Vec<_> = forged.into_iter().map(|line| line.into_iter().filter(|byte| *byte != 0x7f).collect()).collect();
        for (name, added) in [(FOR, "203.0.113.7"), (FORWARDED, "for=203.0.113.7;proto=http;host=shop.example")] {
            let mut lines: Vec<Vec<u8>> = forged.clone();
            match lines.last_mut() {
                Some(last) if joined => last.extend([b", ", added.as_bytes()].concat()),
                _ => lines.push(added.as_bytes().to_vec()),
            }
            let headers = headers(&lines.into_iter().map(|line| (name.clone(), line)).collect::<Vec<_>>());
            prop_assert_eq!(told(&headers).client, Some(ip("203.0.113.7")));
            if name == FORWARDED {
                prop_assert_eq!((told(&headers).scheme, told(&headers).host), (Some("http"), Some("shop.example")));
            }
        }
    }
}
