//! A user as one text: what a record keeps of who is logged in.

use super::content::User;
use crate::user::SessionUser;

/// A user as one text, the id followed by the e-mail address. A short one, as most are, is in here and not in a piece of memory of its own:
/// with each request, one is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UserText {
    Short(Block),
    Long { id_length: usize, text: Box<str> },
}

impl UserText {
    pub(crate) fn new(user: &SessionUser) -> Self {
        let text = format!("{}{}", user.id, user.email);
        match Block::new(text.as_bytes(), user.id.len()) {
            Some(block) => Self::Short(block),
            None => Self::Long { id_length: user.id.len(), text: text.into() },
        }
    }

    /// The user of a text in UTF-8, with the length of the id in it.
    pub(crate) fn from_bytes(text: &[u8], id_length: usize) -> Self {
        match Block::new(text, id_length) {
            Some(block) => Self::Short(block),
            None => {
                let text = String::from_utf8(text.to_vec()).expect("it was written as a text");
                Self::Long { id_length, text: text.into() }
            }
        }
    }

    pub(crate) fn read(&self) -> User<'_> {
        match self {
            Self::Short(block) => block.read(),
            Self::Long { id_length, text } => {
                let (id, email) = text.split_at(*id_length);
                User { id, email }
            }
        }
    }
}

/// A short text in bytes of a fixed number: the text, zeros, and at the end how long the id is, how long the text is, and a zero.
///
/// All of them, read as UTF-8, are a text: to see that takes a few steps of sixteen bytes each, where the text alone, which ends and begins
/// anywhere, takes one for each byte.
#[derive(Clone, Debug, PartialEq)]
#[repr(align(8))]
pub(crate) struct Block([u8; BLOCK]);

impl Block {
    /// The block of a text in UTF-8, if that is short.
    fn new(text: &[u8], id_length: usize) -> Option<Self> {
        let mut bytes = [0; BLOCK];
        bytes[..ID_LENGTH].get_mut(..text.len())?.copy_from_slice(text);
        bytes[ID_LENGTH] = u8::try_from(id_length).ok()?;
        bytes[LENGTH] = u8::try_from(text.len()).ok()?;
        Some(Self(bytes))
    }

    /// The block of these bytes, which [`bytes`](Self::bytes) has given.
    pub(crate) fn from_bytes(bytes: &[u8; BLOCK]) -> Self {
        Self(*bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; BLOCK] {
        &self.0
    }

    /// The id in the bytes of a block.
    pub(crate) fn id(bytes: &[u8; BLOCK]) -> &[u8] {
        &bytes[..usize::from(bytes[ID_LENGTH])]
    }

    fn read(&self) -> User<'_> {
        let text = std::str::from_utf8(&self.0).expect("all of it is a text");
        let (id, email) = text[..usize::from(self.0[LENGTH])].split_at(usize::from(self.0[ID_LENGTH]));
        User { id, email }
    }
}

/// Bytes of a block: a line of the processor's cache.
pub(crate) const BLOCK: usize = 64;
const ID_LENGTH: usize = BLOCK - 3;
const LENGTH: usize = BLOCK - 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_texts_are_read_back() {
        for (id, email) in
            [("", ""), ("ü", "ä@b"), (&"i".repeat(61), ""), (&"i".repeat(60), "ab"), ("i", &"e".repeat(400))]
        {
            let text = UserText::new(&SessionUser::new(id, email));
            assert_eq!(text.read(), User { id, email });
            assert_eq!(UserText::from_bytes(format!("{id}{email}").as_bytes(), id.len()), text);
            assert_eq!(matches!(text, UserText::Short(_)), id.len() + email.len() <= 61);
            if let UserText::Short(block) = text {
                assert_eq!(Block::from_bytes(block.bytes()).read(), User { id, email });
                assert_eq!(Block::id(block.bytes()), id.as_bytes());
                assert_eq!(block.bytes()[BLOCK - 1], 0);
            }
        }
    }
}
