//! A user as one text: what a record keeps of who is logged in.

use super::content::User;
use crate::user::SessionUser;

/// A user as one text, the id followed by the e-mail address. A short one, as most are, is in here and not in a piece of memory of its own:
/// with each request, one is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UserText {
    Short { id_length: u8, length: u8, text: [u8; SHORT] },
    Long { id_length: usize, text: Box<str> },
}

impl UserText {
    pub(crate) fn new(user: &SessionUser) -> Self {
        let (id, email) = (&user.id, &user.email);
        let mut text = [0; SHORT];
        if let Some(room) = text.get_mut(..id.len() + email.len()) {
            let (first, second) = room.split_at_mut(id.len());
            first.copy_from_slice(id.as_bytes());
            second.copy_from_slice(email.as_bytes());
            return Self::Short { id_length: small(id.len()), length: small(id.len() + email.len()), text };
        }
        Self::Long { id_length: id.len(), text: format!("{id}{email}").into_boxed_str() }
    }

    /// The user of a short text, as [`short`](Self::short) gave it. `None` for bytes that it did not give.
    pub(crate) fn from_short(bytes: &[u8], id_length: u8) -> Option<Self> {
        std::str::from_utf8(bytes).ok()?.split_at_checked(id_length.into())?;
        let mut text = [0; SHORT];
        text.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self::Short { id_length, length: small(bytes.len()), text })
    }

    /// The text and the length of the id in it, if it is short.
    pub(crate) fn short(&self) -> Option<(&[u8], u8)> {
        match self {
            Self::Short { id_length, length, text } => Some((&text[..usize::from(*length)], *id_length)),
            Self::Long { .. } => None,
        }
    }

    pub(crate) fn read(&self) -> User<'_> {
        let (text, id_length) = match self {
            Self::Short { id_length, length, text } => {
                let text = std::str::from_utf8(&text[..usize::from(*length)]).expect("two texts were put in");
                (text, usize::from(*id_length))
            }
            Self::Long { id_length, text } => (&**text, *id_length),
        };
        let (id, email) = text.split_at(id_length);
        User { id, email }
    }
}

fn small(length: usize) -> u8 {
    u8::try_from(length).expect("it is at most SHORT")
}

/// Bytes of the longest text that is short. An id of 36 characters leaves 25 to the address.
pub(crate) const SHORT: usize = 61;

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
            assert_eq!(text.short().is_some(), id.len() + email.len() <= SHORT);
            if let Some((bytes, id_length)) = text.short() {
                assert_eq!(UserText::from_short(bytes, id_length), Some(text.clone()));
            }
        }
    }

    #[test]
    fn what_is_no_text_is_no_user() {
        assert_eq!(UserText::from_short(&[0xff], 1), None);
        assert_eq!(UserText::from_short("ü".as_bytes(), 1), None);
        assert_eq!(UserText::from_short(b"a", 2), None);
        assert_eq!(UserText::from_short(&[b'a'; SHORT + 1], 1), None);
    }
}
