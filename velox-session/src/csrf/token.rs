//! The token in the format of VeloxTS:
//! `<32 random bytes>.<issued>.<expires>.<MAC of all before it>`, with times in Unix seconds and
//! bytes in base64url without padding.
//!
//! The key is the secret itself, as in VeloxTS. The same key signs session cookies. The number of
//! dots distinguishes the two: the signed part of a session cookie has none (`cookie/sign.rs`), and
//! the signed part of a token has two. A token that is bound to a session has three, because a dot
//! and the id of the session are appended before signing.

use std::time::Duration;

use ctutils::CtEq;
use data_encoding::BASE64URL_NOPAD;

use crate::cookie::sign::{Key, signature};

/// Signs tokens with the first key and verifies them with all keys.
pub(super) struct Tokens {
    pub(super) keys: Vec<Key>,
    pub(super) lifetime: Duration,
}

impl Tokens {
    /// Returns a new token that lives from `now` on, in Unix milliseconds. The binding is signed
    /// but not sent.
    pub(super) fn issue(&self, now: u64, binding: &[u8]) -> Result<String, getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let issued = now / 1000;
        let expires = issued.saturating_add(self.lifetime.as_secs());
        let mut token = format!("{}.{issued}.{expires}", BASE64URL_NOPAD.encode(&random));
        let mac = self.keys.first().map(|key| signature(key, &[token.as_bytes(), binding].concat()));
        token.push('.');
        token.extend(mac.iter().flatten().map(|byte| char::from(*byte)));
        Ok(token)
    }

    /// Checks that the application signed a token and that it has not expired. Its times are read
    /// only after its signature was verified.
    pub(super) fn check(&self, token: &[u8], now: u64, binding: &[u8]) -> Result<(), Flaw> {
        let dot = token.iter().rposition(|byte| *byte == b'.').ok_or(Flaw::Signature)?;
        let (signed, sent) = (&token[..dot], &token[dot + 1..]);
        // This compares the encoded signature, so that each signature has only one valid spelling.
        let bound = [signed, binding].concat();
        if !self.keys.iter().any(|key| signature(key, &bound)[..].ct_eq(sent).into()) {
            return Err(Flaw::Signature);
        }
        // Other data that the secret signs is not a token.
        let expires = expiry(signed).ok_or(Flaw::Signature)?;
        if now / 1000 < expires { Ok(()) } else { Err(Flaw::Expired) }
    }
}

/// Returns when a token expires, given its signed part.
fn expiry(signed: &[u8]) -> Option<u64> {
    let mut parts = std::str::from_utf8(signed).ok()?.split('.');
    let (Some(_), Some(_), Some(expires), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    expires.parse().ok()
}

/// The reason why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Signature,
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::sign::keyed;
    use crate::secret::Secret;

    const NOW: u64 = 1_700_000_000_000;
    const RANDOM: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn key(text: &str) -> Key {
        keyed(&Secret::new(text).expect("a good secret"))
    }

    fn tokens() -> Tokens {
        let keys = vec![key("conformance-session-secret-0123456789")];
        Tokens { keys, lifetime: Duration::from_secs(3600) }
    }

    #[test]
    fn a_token_has_its_times_and_is_valid_until_it_expires() {
        let token = tokens().issue(NOW + 999, b"").expect("random bytes");
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!((parts.len(), parts[0].len(), parts[3].len()), (4, 43, 43));
        assert_eq!(parts[1..3], ["1700000000", "1700003600"]);
        let check = |now| tokens().check(token.as_bytes(), now, b"");
        assert_eq!((check(NOW), check(NOW + 3_599_999)), (Ok(()), Ok(())));
        assert_eq!((check(NOW + 3_600_000), check(u64::MAX)), (Err(Flaw::Expired), Err(Flaw::Expired)));
    }

    #[test]
    fn a_token_matches_an_independent_implementation() {
        // printf %s <all before the last dot> | openssl dgst -sha256 -hmac conformance-session-secret-0123456789 -binary | basenc --base64url
        let token = format!("{RANDOM}.1700000000.1700003600.RjCNNCc6oFKr_2oHsjEAT3oZ6Qp34s75aJQOdXxx3hs");
        assert_eq!(tokens().check(token.as_bytes(), NOW, b""), Ok(()));
    }

    #[test]
    fn a_change_of_any_byte_to_any_other_is_refused() {
        let token = tokens().issue(NOW, b"").expect("random bytes").into_bytes();
        for index in 0..token.len() {
            for byte in 0..=255u8 {
                let mut changed = token.clone();
                changed[index] = byte;
                assert_eq!(tokens().check(&changed, NOW, b"").is_ok(), byte == token[index], "byte {index} as {byte}");
            }
        }
        for length in 0..token.len() {
            assert_eq!(tokens().check(&token[..length], NOW, b""), Err(Flaw::Signature));
        }
    }

    /// A session's cookie is signed by the same key.
    #[test]
    fn other_values_signed_by_the_secret_are_not_tokens() {
        let key = key("conformance-session-secret-0123456789");
        for text in [RANDOM, "", ".", "1.2", "1.2.3.4", "1.2.x", "1.2.-3", "1.2.99999999999999999999", "a.b.\u{e9}"] {
            let mac = signature(&key, text.as_bytes());
            let signed = [text.as_bytes(), b".", &mac].concat();
            assert_eq!(tokens().check(&signed, NOW, b""), Err(Flaw::Signature), "{text}");
        }
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let (new, old) = (key("new-conformance-session-key-123456789"), key("old-conformance-session-key-123456789"));
        let of = |keys| Tokens { keys, lifetime: Duration::from_secs(60) };
        let before = of(vec![old.clone()]).issue(NOW, b"").expect("random bytes");
        let ring = of(vec![new.clone(), old]);
        let now = ring.issue(NOW, b"").expect("random bytes");
        assert_eq!(ring.check(before.as_bytes(), NOW, b""), Ok(()));
        assert_eq!(of(vec![new.clone()]).check(now.as_bytes(), NOW, b""), Ok(()));
        assert_eq!(of(vec![new]).check(before.as_bytes(), NOW, b""), Err(Flaw::Signature));
    }
}
