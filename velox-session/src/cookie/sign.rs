//! The value of the cookie: the id and its signature, `id.base64url(HMAC-SHA256(secret, id))`,
//! without padding.
//!
//! The signature is checked before anything is done with the id. Each id and each signature has
//! exactly one accepted spelling.

use ctutils::CtEq;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::id::SessionId;
use crate::secret::Secret;

/// Signs with the first key, and verifies with all keys.
pub(crate) struct Signer {
    first: Key,
    older: Vec<Key>,
}

impl Signer {
    /// Returns a signer that signs with the first secret.
    pub(crate) fn new(first: &Secret, older: &[Secret]) -> Self {
        // The keys are prepared once. Cloning the prepared state saves hashing two blocks for each
        // signature.
        Self { first: keyed(first), older: older.iter().map(keyed).collect() }
    }

    /// Returns the keys, the first one first, to sign other data with the secret of the sessions.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.older)
    }

    /// Returns the signature of an id with the first key.
    pub(crate) fn sign(&self, id: &SessionId) -> Signature {
        signature(&self.first, id.as_bytes())
    }

    /// Returns the id in a value with a valid signature. The signature is checked before anything
    /// is done with the id.
    pub(crate) fn verify<'v>(&self, value: &'v [u8]) -> Option<Verified<'v>> {
        if !has_form(value) {
            return None;
        }
        let (id, sent) = (&value[..SessionId::LENGTH], value.last_chunk()?);
        // This compares the encoded signature, so that each one has only one valid spelling. The
        // comparison takes constant time over the whole length.
        let signed_by = |key: &Key| bool::from(signature(key, id).ct_eq(sent));
        let is_current = signed_by(&self.first);
        if !is_current && !self.older.iter().any(signed_by) {
            return None;
        }
        Some(Verified { id: SessionId::parse(id)?, current: is_current.then_some(sent) })
    }
}

/// The parts of a value with a valid signature.
pub(crate) struct Verified<'v> {
    pub(crate) id: SessionId,
    /// The signature, if it was made with the first key. A signature by an older key is replaced
    /// when the cookie is next sent.
    pub(crate) current: Option<&'v Signature>,
}

/// A secret, prepared for signing.
pub(crate) type Key = Hmac<Sha256>;

/// An encoded signature.
pub(crate) type Signature = [u8; SIGNATURE_LENGTH];

/// Returns whether a value has the length and the dot of a signed id. For other values no signature
/// is computed.
pub(crate) fn has_form(value: &[u8]) -> bool {
    value.len() == VALUE_LENGTH && value[SessionId::LENGTH] == b'.'
}

pub(crate) const SIGNATURE_LENGTH: usize = 43;
/// The length of the cookie's value.
pub(crate) const VALUE_LENGTH: usize = SessionId::LENGTH + 1 + SIGNATURE_LENGTH;

/// Signs bytes with a key.
pub(crate) fn signature(key: &Key, text: &[u8]) -> Signature {
    let mac = key.clone().chain_update(text).finalize().into_bytes();
    let mut written = [0; SIGNATURE_LENGTH];
    BASE64URL_NOPAD.encode_mut(&mac, &mut written);
    written
}

/// Prepares a secret for all signatures.
pub(crate) fn keyed(secret: &Secret) -> Key {
    Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use hmac::block_api::HmacCore;
    use sha2::digest::block_api::{Buffer, CoreProxy};
    use zeroize::ZeroizeOnDrop;

    use super::*;

    const ID: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn secret(text: &str) -> Secret {
        Secret::new(text).expect("a good secret")
    }

    fn value(id: &SessionId, signature: Signature) -> Vec<u8> {
        [&id.as_bytes()[..], b".", &signature].concat()
    }

    fn signed(id: &SessionId) -> Vec<u8> {
        value(id, signer().sign(id))
    }

    fn verified(signer: &Signer, value: &[u8]) -> Option<SessionId> {
        signer.verify(value).map(|verified| verified.id)
    }

    fn signer() -> Signer {
        Signer::new(&secret("conformance-session-secret-0123456789"), &[])
    }

    #[test]
    fn the_value_matches_an_independent_implementation() {
        let id = SessionId::parse(ID).expect("an id");
        // printf %s <id> | openssl dgst -sha256 -hmac conformance-session-secret-0123456789 -binary | basenc --base64url
        assert_eq!(
            String::from_utf8(signed(&id)).expect("ASCII"),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.5cp8gV89ePCmPGlc0_EaYzI0TpcDCnvdrI9-HehAmOU"
        );
    }

    #[test]
    fn a_signed_value_verifies() {
        let id = SessionId::parse(ID).expect("an id");
        assert_eq!(verified(&signer(), &signed(&id)), Some(id));
    }

    #[test]
    fn a_change_of_any_byte_to_any_other_is_refused() {
        let value = signed(&SessionId::parse(ID).expect("an id"));
        for index in 0..value.len() {
            for byte in 0..=255u8 {
                let mut changed = value.clone();
                changed[index] = byte;
                assert_eq!(signer().verify(&changed).is_some(), byte == value[index], "byte {index} as {byte}");
            }
        }
    }

    #[test]
    fn a_value_of_another_length_is_refused() {
        let value = signed(&SessionId::parse(ID).expect("an id"));
        for length in 0..value.len() {
            assert!(signer().verify(&value[..length]).is_none());
        }
        for tail in [&b"="[..], b" ", b".", b"A", b"\0"] {
            assert!(signer().verify(&[&value[..], tail].concat()).is_none());
        }
    }

    #[test]
    fn a_signed_value_that_is_not_an_id_is_refused() {
        // The right key has signed this, as another part of an application might. 43 equal
        // characters are not an id.
        let text = [b'A'; 43];
        let mac = keyed(&secret("conformance-session-secret-0123456789")).chain_update(text).finalize().into_bytes();
        let value = [&text[..], b".", BASE64URL_NOPAD.encode(&mac).as_bytes()].concat();
        assert!(signer().verify(&value).is_none());
    }

    #[test]
    fn the_keys_of_a_signer_are_wiped_when_it_is_dropped() {
        // Features of hmac and sha2 do this; they are off by default. A prepared key consists
        // of two hash states and a buffer, and does not tell by itself that it is wiped.
        fn wiped<T: ZeroizeOnDrop>() -> usize {
            size_of::<T>()
        }
        let parts = 2 * wiped::<<Sha256 as CoreProxy>::Core>() + wiped::<Buffer<HmacCore<Sha256>>>();
        assert_eq!(size_of::<Hmac<Sha256>>(), parts, "nothing else is in it");
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let id = SessionId::parse(ID).expect("an id");
        let (new, old) =
            (secret("new-conformance-session-key-123456789"), secret("old-conformance-session-key-123456789"));
        let before = value(&id, Signer::new(&old, &[]).sign(&id));
        let ring = Signer::new(&new, &[old]);
        let now = value(&id, ring.sign(&id));
        assert_eq!(now, value(&id, Signer::new(&new, &[]).sign(&id)));

        let by_older = ring.verify(&before).expect("the ring has its key");
        assert_eq!((by_older.id, by_older.current), (id.clone(), None));
        let by_first = ring.verify(&now).expect("the ring has its key");
        assert_eq!(by_first.current, Some(&ring.sign(&id)));
        assert!(Signer::new(&new, &[]).verify(&before).is_none());
    }
}
