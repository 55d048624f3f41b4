//! The cookie's value: the id and its signature, `id.base64url(HMAC-SHA256(secret, id))`, without padding.
//!
//! The signature is checked before anything is done with the id. Ids and signatures have one accepted spelling each.

use ctutils::CtEq;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::id::SessionId;
use crate::secret::Secret;

/// Signs with its first key, verifies with all.
pub(crate) struct Signer {
    first: Key,
    older: Vec<Key>,
}

impl Signer {
    /// A signer that signs with the first secret.
    pub(crate) fn new(first: &Secret, older: &[Secret]) -> Self {
        // Keyed once: a clone of the keyed state saves the two blocks of every later signature.
        Self { first: keyed(first), older: older.iter().map(keyed).collect() }
    }

    /// The keys themselves, the first one first: for what else a session's secret signs.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.older)
    }

    /// The signature of an id, by the first key.
    pub(crate) fn sign(&self, id: &SessionId) -> Signature {
        signature(&self.first, id.as_bytes())
    }

    /// The id of a value that is well signed. The signature is checked before anything is done with the id.
    pub(crate) fn verify<'v>(&self, value: &'v [u8]) -> Option<Verified<'v>> {
        if !has_form(value) {
            return None;
        }
        let (id, sent) = (&value[..SessionId::LENGTH], value.last_chunk()?);
        // The spelling is compared and not what it stands for, so that there is no second one; over the whole length in
        // constant time.
        let signed_by = |key: &Key| bool::from(signature(key, id).ct_eq(sent));
        let is_current = signed_by(&self.first);
        if !is_current && !self.older.iter().any(signed_by) {
            return None;
        }
        Some(Verified { id: SessionId::parse(id)?, current: is_current.then_some(sent) })
    }
}

/// What a well signed value holds.
pub(crate) struct Verified<'v> {
    pub(crate) id: SessionId,
    /// Its signature, if it is by the first key; one by an older key is made anew when the cookie is next sent.
    pub(crate) current: Option<&'v Signature>,
}

/// A secret, ready to sign.
pub(crate) type Key = Hmac<Sha256>;

/// A signature as it is written.
pub(crate) type Signature = [u8; SIGNATURE_LENGTH];

/// Whether a value has the length and the dot of a signed id: others cost no signature.
pub(crate) fn has_form(value: &[u8]) -> bool {
    value.len() == VALUE_LENGTH && value[SessionId::LENGTH] == b'.'
}

pub(crate) const SIGNATURE_LENGTH: usize = 43;
/// The length of a cookie's value.
pub(crate) const VALUE_LENGTH: usize = SessionId::LENGTH + 1 + SIGNATURE_LENGTH;

/// The signature of a text by a key.
pub(crate) fn signature(key: &Key, text: &[u8]) -> Signature {
    let mac = key.clone().chain_update(text).finalize().into_bytes();
    let mut written = [0; SIGNATURE_LENGTH];
    BASE64URL_NOPAD.encode_mut(&mac, &mut written);
    written
}

/// Keyed once, for all signatures.
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
    fn the_value_is_that_of_an_independent_implementation() {
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
    fn a_well_signed_value_that_is_no_id_is_refused() {
        // Signed by the right key, as another part of an application might: 43 equal characters are no id.
        let text = [b'A'; 43];
        let mac = keyed(&secret("conformance-session-secret-0123456789")).chain_update(text).finalize().into_bytes();
        let value = [&text[..], b".", BASE64URL_NOPAD.encode(&mac).as_bytes()].concat();
        assert!(signer().verify(&value).is_none());
    }

    #[test]
    fn the_keys_of_a_signer_are_wiped_when_it_is_dropped() {
        // L6: by a feature of hmac and of sha2 that is off unless asked for. A keyed state is two of the hash and a buffer, and says
        // nothing of itself.
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
