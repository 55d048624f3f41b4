//! The cookie's value: the id and its signature, `id.base64url(HMAC-SHA256(secret, id))`, without padding.
//!
//! The signature is checked before anything is done with the id. Ids and signatures have one accepted spelling each.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::id::SessionId;
use crate::secret::Secret;

/// Signs with its first key, verifies with all.
pub(crate) struct Signer {
    first: Hmac<Sha256>,
    older: Vec<Hmac<Sha256>>,
}

impl Signer {
    pub(crate) fn new(first: &Secret, older: &[Secret]) -> Self {
        // Keyed once: a clone of the keyed state saves the two blocks of every later signature.
        Self { first: keyed(first), older: older.iter().map(keyed).collect() }
    }

    /// The value of the cookie for this id, in ASCII.
    pub(crate) fn sign(&self, id: &SessionId) -> [u8; VALUE_LENGTH] {
        let mut value = [b'.'; VALUE_LENGTH];
        value[..SessionId::LENGTH].copy_from_slice(id.as_bytes());
        let mac = self.first.clone().chain_update(id.as_bytes()).finalize().into_bytes();
        URL_SAFE_NO_PAD
            .encode_slice(mac, &mut value[SessionId::LENGTH + 1..])
            .expect("a MAC is 43 characters of base64");
        value
    }

    /// The id in a cookie's value, if one of the keys signed it.
    pub(crate) fn verify(&self, value: &[u8]) -> Option<SessionId> {
        if !has_form(value) {
            return None;
        }
        let (id, mac) = (&value[..SessionId::LENGTH], &value[SessionId::LENGTH + 1..]);
        // The engine takes one spelling only. How long it takes depends on what was sent, not on any secret.
        let mut expected = [0; 33];
        let length = URL_SAFE_NO_PAD.decode_slice(mac, &mut expected).ok()?;
        std::iter::once(&self.first)
            .chain(&self.older)
            // `verify_slice` compares the whole length in constant time.
            .any(|key| key.clone().chain_update(id).verify_slice(&expected[..length]).is_ok())
            .then(|| SessionId::parse(id))
            .flatten()
    }
}

/// Whether a value is of the length of a signed id, with the dot in its place: worth a MAC.
pub(crate) fn has_form(value: &[u8]) -> bool {
    value.len() == VALUE_LENGTH && value[SessionId::LENGTH] == b'.'
}

/// Length of the cookie's value: id, dot, signature.
pub(crate) const VALUE_LENGTH: usize = SessionId::LENGTH + 1 + 43;

fn keyed(secret: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn secret(text: &str) -> Secret {
        Secret::new(text).expect("a good secret")
    }

    fn signer() -> Signer {
        Signer::new(&secret("conformance-session-secret-0123456789"), &[])
    }

    #[test]
    fn the_value_is_that_of_an_independent_implementation() {
        let id = SessionId::parse(ID).expect("an id");
        // printf %s <id> | openssl dgst -sha256 -hmac conformance-session-secret-0123456789 -binary | basenc --base64url
        assert_eq!(
            std::str::from_utf8(&signer().sign(&id)).expect("ASCII"),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.5cp8gV89ePCmPGlc0_EaYzI0TpcDCnvdrI9-HehAmOU"
        );
    }

    #[test]
    fn a_signed_value_verifies() {
        let id = SessionId::parse(ID).expect("an id");
        assert_eq!(signer().verify(&signer().sign(&id)), Some(id));
    }

    #[test]
    fn a_change_of_any_byte_to_any_other_is_refused() {
        let value = signer().sign(&SessionId::parse(ID).expect("an id"));
        for index in 0..value.len() {
            for byte in 0..=255u8 {
                let mut changed = value;
                changed[index] = byte;
                assert_eq!(signer().verify(&changed).is_some(), byte == value[index], "byte {index} as {byte}");
            }
        }
    }

    #[test]
    fn a_value_of_another_length_is_refused() {
        let value = signer().sign(&SessionId::parse(ID).expect("an id"));
        for length in 0..value.len() {
            assert_eq!(signer().verify(&value[..length]), None);
        }
        for tail in [&b"="[..], b" ", b".", b"A", b"\0"] {
            assert_eq!(signer().verify(&[&value[..], tail].concat()), None);
        }
    }

    #[test]
    fn a_well_signed_value_that_is_no_id_is_refused() {
        // Signed by the right key, as another part of an application might: 43 equal characters are no id.
        let text = [b'A'; 43];
        let mac = keyed(&secret("conformance-session-secret-0123456789")).chain_update(text).finalize().into_bytes();
        let value = [&text[..], b".", URL_SAFE_NO_PAD.encode(mac).as_bytes()].concat();
        assert_eq!(signer().verify(&value), None);
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let id = SessionId::parse(ID).expect("an id");
        let (new, old) =
            (secret("new-conformance-session-key-123456789"), secret("old-conformance-session-key-123456789"));
        let before = Signer::new(&old, &[]).sign(&id);
        let ring = Signer::new(&new, &[old]);
        assert_eq!(ring.verify(&before), Some(id.clone()));
        assert_eq!(ring.sign(&id), Signer::new(&new, &[]).sign(&id));
        assert_eq!(Signer::new(&new, &[]).verify(&before), None);
    }
}
