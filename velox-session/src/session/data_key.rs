//! The keys of session values: a string, or a [`Key`] that fixes the type of the value.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::record::is_reserved;

/// A session key that fixes the type of its values, so that you read the type that you wrote.
///
/// Otherwise it behaves like its name as a string. [`Session::flash`](crate::Session::flash)
/// accepts a `Key` as well.
///
/// # Examples
///
/// ```
/// use velox_session::{Key, Session, SessionError};
///
/// const CART: Key<Vec<String>> = Key::new("cart");
///
/// async fn add(session: &Session, article: &str) -> Result<usize, SessionError> {
///     let cart = session.update(CART, |cart| {
///         let mut cart = cart.unwrap_or_default();
///         cart.push(article.to_owned());
///         cart
///     });
///     Ok(cart.await?.len())
/// }
///
/// fn first(session: &Session) -> Result<Option<String>, SessionError> {
///     Ok(session.get(CART)?.and_then(|cart| cart.into_iter().next()))
/// }
/// ```
///
/// A value of another type does not compile:
///
/// ```compile_fail,E0308
/// # use velox_session::{Key, Session, SessionError};
/// # const CART: Key<Vec<String>> = Key::new("cart");
/// fn empty(session: &Session) -> Result<(), SessionError> {
///     session.set(CART, 0)
/// }
/// ```
pub struct Key<T> {
    name: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// Returns the key with this name.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::Key;
    ///
    /// const THEME: Key<String> = Key::new("theme");
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the name is empty or reserved. Names that start with `_`, `userId` and `userEmail`
    /// are reserved. In a `const`, the panic becomes a compile error:
    ///
    /// ```compile_fail,E0080
    /// # use velox_session::Key;
    /// const ID: Key<String> = Key::new("userId");
    /// # let _ = ID;
    /// ```
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(!name.is_empty(), "a session key must not be empty");
        assert!(!is_reserved(name), "this session key is reserved: it starts with `_`, or is `userId` or `userEmail`");
        Self { name, of: PhantomData }
    }
}

// `derive` would require the same traits of `T`, but a key contains no `T`.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

/// The name of a session value: a string or a [`Key`].
///
/// # Examples
///
/// ```
/// use velox_session::{Key, session::KeyName};
///
/// const CART: Key<Vec<String>> = Key::new("cart");
/// assert_eq!(CART.name(), "cart".name());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session key",
    label = "not a session key",
    note = "a key is a string, such as `\"cart\"`, or a `Key<T>` whose values are of type `T`"
)]
pub trait KeyName {
    /// Returns the name.
    fn name(&self) -> &str;
}

/// A key that can hold a value of type `T`. A string can hold any value, a [`Key`] only values of
/// its type.
///
/// # Examples
///
/// This type of keys holds numbers:
///
/// ```
/// use velox_session::session::{DataKey, KeyName};
/// use velox_session::{Session, SessionError};
///
/// enum Counter {
///     Visits,
///     Orders,
/// }
///
/// impl KeyName for Counter {
///     fn name(&self) -> &str {
///         match self {
///             Self::Visits => "visits",
///             Self::Orders => "orders",
///         }
///     }
/// }
///
/// impl DataKey<u64> for Counter {}
///
/// async fn count(session: &Session, counter: Counter) -> Result<u64, SessionError> {
///     session.update(counter, |count| count.unwrap_or(0) + 1).await
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session key for a value of type `{T}`",
    label = "not a key for a value of type `{T}`",
    note = "a key is a string, such as `\"cart\"`, or a `Key<T>` whose values are of type `T` and no other"
)]
pub trait DataKey<T>: KeyName {}

impl<T> KeyName for Key<T> {
    fn name(&self) -> &str {
        self.name
    }
}

impl<T> DataKey<T> for Key<T> {}

#[diagnostic::do_not_recommend]
impl<K: KeyName + ?Sized> KeyName for &K {
    fn name(&self) -> &str {
        (**self).name()
    }
}

#[diagnostic::do_not_recommend]
impl<T, K: DataKey<T> + ?Sized> DataKey<T> for &K {}

macro_rules! text_is_a_key {
    ($($text:ty),*) => {$(
        impl KeyName for $text {
            fn name(&self) -> &str {
                self
            }
        }

        impl<T> DataKey<T> for $text {}
    )*};
}

// The types that hold a string. They worked as keys before this trait existed.
text_is_a_key!(str, String, Box<str>, Arc<str>, Cow<'_, str>);
