//! The syntax of a host in a header. Layer: vocabulary.

use std::net::Ipv6Addr;

/// Returns whether this is a name or an address with an optional port (RFC 3986, section 3.2.2). A
/// user, a path, a space and percent-encoding are not allowed.
pub(crate) fn is_host(host: &[u8]) -> bool {
    let end = match host {
        [b'[', rest @ ..] => match rest.iter().position(|byte| *byte == b']') {
            Some(length) if is_ipv6(&rest[..length]) => length + 2,
            _ => return false,
        },
        _ => host.iter().position(|byte| !IN_NAME[usize::from(*byte)]).unwrap_or(host.len()),
    };
    match &host[end..] {
        [] => true,
        [b':', port @ ..] => is_port(port),
        _ => false,
    }
}

fn is_ipv6(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Returns whether the text is a port number in range. An empty port is allowed, as in `host:`.
fn is_port(text: &[u8]) -> bool {
    text.is_empty()
        || text.iter().all(u8::is_ascii_digit)
            && std::str::from_utf8(text).is_ok_and(|text| text.parse::<u16>().is_ok())
}

/// The bytes that a registered name may contain.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-._~!$&'()*+,;=";
    let mut mark = 0;
    while mark < marks.len() {
        table[marks[mark] as usize] = true;
        mark += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn hosts() {
        for host in ["localhost", "example.com:3000", "127.0.0.1", "[::1]", "[::1]:80", "a:", ""] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in
            ["a b", "a/b", "u@a", "a:port", "a:80:80", "a:99999", "[::1", "::1]", "[::1]x", "[x]", "%zz", "a\tb"]
        {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
