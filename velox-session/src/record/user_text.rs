//! A user as one text: what a record keeps of who is logged in.

use serde_json::Value;

use super::content::User;
use super::reader::Reader;

/// A user as one text: the id, the e-mail address, and [the JSON](Self::json) of both where it is not what is written of them here.
/// A short one, as most are, is in here and not in a piece of memory of its own: with each request, one is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UserText {
    Short(Block),
    Long {
        id_length: usize,
        /// Of the id and the address.
        length: usize,
        text: Box<str>,
    },
}

impl UserText {
    pub(crate) fn new(User { id, email }: User<'_>) -> Self {
        match Block::new(id.as_bytes(), email.as_bytes()) {
            Some(block) => Self::Short(block),
            None => Self::long(id, email, ""),
        }
    }

    /// A user that is written as it was read: the JSON of the id and, if there is one, a comma and the member of the address.
    pub(super) fn as_read(User { id, email }: User<'_>, json: &str) -> Self {
        Self::long(id, email, json)
    }

    /// The user of a text in UTF-8, with the length of the id in it, and of the id and the address.
    pub(crate) fn from_bytes(text: &[u8], id_length: usize, length: usize) -> Self {
        match Block::new(&text[..id_length], &text[id_length..]) {
            Some(block) if length == text.len() => Self::Short(block),
            _ => {
                let text = String::from_utf8(text.to_vec()).expect("it was written as a text");
                Self::Long { id_length, length, text: text.into() }
            }
        }
    }

    /// The user who logs in where this one was. An id that is the same is written as it was: as a number, say.
    pub(super) fn followed_by(&self, user: User<'_>) -> Self {
        let json = self.json();
        if json.is_empty() || self.read().id != user.id {
            return Self::new(user);
        }
        let id = Reader::new(json).value().text;
        Self::as_read(user, &format!(r#"{id},"userEmail":{}"#, Value::from(user.email)))
    }

    pub(crate) fn read(&self) -> User<'_> {
        match self {
            Self::Short(block) => block.read(),
            Self::Long { id_length, length, text } => {
                let (id, email) = text[..*length].split_at(*id_length);
                User { id, email }
            }
        }
    }

    /// What stands after `"userId":` in the JSON of a user that is written as it was read; otherwise empty.
    pub(super) fn json(&self) -> &str {
        match self {
            Self::Short(_) => "",
            Self::Long { length, text, .. } => &text[*length..],
        }
    }

    /// The id, the address and the JSON.
    pub(super) fn parts(&self) -> [&str; 3] {
        let User { id, email } = self.read();
        [id, email, self.json()]
    }

    fn long(id: &str, email: &str, json: &str) -> Self {
        Self::Long { id_length: id.len(), length: id.len() + email.len(), text: [id, email, json].concat().into() }
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
    /// The block of an id and an address, if they are short.
    fn new(id: &[u8], email: &[u8]) -> Option<Self> {
        let mut bytes = [0; BLOCK];
        let (of_id, rest) = bytes[..ID_LENGTH].split_at_mut_checked(id.len())?;
        of_id.copy_from_slice(id);
        rest.get_mut(..email.len())?.copy_from_slice(email);
        bytes[ID_LENGTH] = u8::try_from(id.len()).ok()?;
        bytes[LENGTH] = u8::try_from(id.len() + email.len()).ok()?;
        Some(Self(bytes))
    }

    fn read(&self) -> User<'_> {
        let text = std::str::from_utf8(&self.0).expect("all of it is a text");
        let (id, email) = text[..usize::from(self.0[LENGTH])].split_at(usize::from(self.0[ID_LENGTH]));
        User { id, email }
    }
}

/// Bytes of a block: a line of the processor's cache.
const BLOCK: usize = 64;
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
            let text = UserText::new(User { id, email });
            assert_eq!((text.read(), text.json()), (User { id, email }, ""));
            let length = id.len() + email.len();
            assert_eq!(UserText::from_bytes(format!("{id}{email}").as_bytes(), id.len(), length), text);
            assert_eq!(matches!(text, UserText::Short(_)), length <= 61);
        }
    }
}
