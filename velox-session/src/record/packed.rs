//! What a session holds, as the few bytes that a store in memory keeps of it.
//!
//! ```text
//!   0                                                          nobody is logged in
//!   length of the id + 1, length of the address, both texts    a user
//!   ... then the JSON of the data, or nothing
//! ```
//!
//! Lengths are in LEB128, seven bits a byte: one byte for most.

use super::UserText;
use super::content::User;

pub(super) fn write(user: Option<User<'_>>, json: Option<&[u8]>) -> Vec<u8> {
    let json = json.unwrap_or_default();
    let mut bytes =
        Vec::with_capacity(2 * LONGEST + user.map_or(0, |user| user.id.len() + user.email.len()) + json.len());
    match user {
        Some(User { id, email }) => {
            write_length(&mut bytes, id.len() + 1);
            write_length(&mut bytes, email.len());
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(email.as_bytes());
        }
        None => write_length(&mut bytes, 0),
    }
    bytes.extend_from_slice(json);
    bytes
}

/// The user, and the JSON of the data.
pub(super) fn read(bytes: &[u8]) -> (Option<UserText>, &[u8]) {
    let (id, email, rest) = lengths(bytes);
    let Some(id) = id else { return (None, rest) };
    let (text, json) = rest.split_at(id + email);
    (Some(UserText::from_bytes(text, id)), json)
}

/// The id of the user.
pub(crate) fn user_id(bytes: &[u8]) -> Option<&[u8]> {
    let (id, _, rest) = lengths(bytes);
    Some(&rest[..id?])
}

/// The lengths of the id, if there is a user, and of the address; and what follows.
fn lengths(bytes: &[u8]) -> (Option<usize>, usize, &[u8]) {
    let (id, rest) = read_length(bytes);
    let (email, rest) = if id == 0 { (0, rest) } else { read_length(rest) };
    (id.checked_sub(1), email, rest)
}

fn write_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

fn read_length(bytes: &[u8]) -> (usize, &[u8]) {
    let end = bytes.iter().position(|byte| *byte < 0x80).expect("a length was written");
    let length = bytes[..=end].iter().rev().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
    (length, &bytes[end + 1..])
}

/// Bytes of the longest length.
const LONGEST: usize = usize::BITS.div_ceil(7) as usize;
