//! What a session holds, as the few bytes that a store in memory keeps of it.
//!
//! ```text
//!   0, or: length of the id + 1, of the address, of their JSON     nobody is logged in, or a user
//!   the id, the address, their JSON
//!   0, or: 32, the handle
//!   length of the data, the data, the flash messages               if there are any; in JSON
//! ```
//!
//! Lengths are in LEB128, seven bits a byte: one byte for most.

use super::UserText;
use super::content::Content;
use super::data::Data;

pub(super) fn write(content: &Content) -> Vec<u8> {
    let (data, flash) = content.texts();
    let user = content.user_text().map(UserText::parts);
    let user_length: usize = user.iter().flatten().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(5 * LONGEST + user_length + 32 + data.len() + flash.len());
    match user {
        Some(parts) => {
            for (part, more) in parts.iter().zip([1, 0, 0]) {
                write_length(&mut bytes, part.len() + more);
            }
            parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
        }
        None => write_length(&mut bytes, 0),
    }
    let handle = content.handle().map_or(&[][..], |handle| handle);
    write_length(&mut bytes, handle.len());
    bytes.extend_from_slice(handle);
    if !data.is_empty() || !flash.is_empty() {
        write_length(&mut bytes, data.len());
        bytes.extend_from_slice(data.as_bytes());
        bytes.extend_from_slice(flash.as_bytes());
    }
    bytes
}

pub(super) fn read(bytes: &[u8], created_at: u64) -> Content {
    let (lengths, rest) = user_lengths(bytes);
    let (user, rest) = rest.split_at(lengths.iter().flatten().sum());
    let user = lengths.map(|[id, email, _]| UserText::from_bytes(user, id, id + email));
    let (handle, rest) = read_length(rest);
    let (handle, rest) = rest.split_at(handle);
    let data = (!rest.is_empty()).then(|| {
        let (data, rest) = read_length(rest);
        let (data, flash) = std::str::from_utf8(rest).expect("texts were written").split_at(data);
        Data::packed(data, flash)
    });
    Content::read(user, created_at, handle.try_into().ok(), data)
}

/// The lengths of the id, of the address and of their JSON, if there is a user; and what follows.
fn user_lengths(bytes: &[u8]) -> (Option<[usize; 3]>, &[u8]) {
    let (id, rest) = read_length(bytes);
    let Some(id) = id.checked_sub(1) else { return (None, rest) };
    let (email, rest) = read_length(rest);
    let (json, rest) = read_length(rest);
    (Some([id, email, json]), rest)
}

fn write_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

fn read_length(bytes: &[u8]) -> (usize, &[u8]) {
    if let [length @ 0..0x80, rest @ ..] = bytes {
        return (usize::from(*length), rest);
    }
    let end = bytes.iter().position(|byte| *byte < 0x80).expect("a length was written");
    let length = bytes[..=end].iter().rev().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
    (length, &bytes[end + 1..])
}

/// Bytes of the longest length.
const LONGEST: usize = usize::BITS.div_ceil(7) as usize;
