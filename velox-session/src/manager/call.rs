//! The session as one call sees it: reads, writes, login and logout.
//!
//! A [`Session`] records what a call does, and the [`Manager`](crate::Manager) saves it when the
//! request ends. Only a few methods call the store at once: a flash message is for one reader, an
//! update returns what was saved, and a list shows the sessions that exist now.

use std::fmt;
use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::save::MAX_ATTEMPTS;
use super::shared::Shared;
use crate::clock::milliseconds;
use crate::cookie::COOKIE_LIFE;
use crate::id::SessionId;
use crate::record::{Content, USER, is_reserved};
use crate::session::op::Op;
use crate::session::state::{Loaded, Update};
use crate::session::value::{decode, encode};
use crate::session::view::View;
use crate::session::{DataKey, KeyName, SessionError, SessionHandle, SessionInfo};
use crate::user::{Authenticatable, SessionUser, UserLogin};

/// The session that a call reads and writes.
///
/// Clones share the same session. Its changes are saved once, when the request ends, unless the
/// call failed with a server error. A login, a logout and a regeneration are kept even then.
///
/// # Examples
///
/// ```
/// use velox_session::{Session, SessionError};
///
/// async fn add_to_cart(session: &Session, article: &str) -> Result<u32, SessionError> {
///     session.set("last", article)?;
///     session.flash("success", "Added to the cart")?;
///     session.update("articles", |count: Option<u32>| count.unwrap_or(0) + 1).await
/// }
/// ```
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    call: u32,
}

impl Session {
    pub(super) fn begin(shared: Arc<Shared>) -> Self {
        // No call has this number, so every use of it returns that the call has ended.
        let call = shared.with(|state| Ok(state.begin())).unwrap_or(u32::MAX);
        Self { shared, call }
    }

    /// Ends the call. Its writes are kept or discarded.
    pub(super) fn end_call(&self, keep: bool) {
        let ended = self.shared.with(|state| {
            state.end(self.call, keep);
            Ok(())
        });
        // If the session was closed before the call ended, nothing is left to keep or discard.
        ended.ok();
    }

    /// Makes the call see an anonymous visitor, because the account of the session's user was
    /// deleted. From now on, no handle of the call sees the user or the data.
    pub(crate) fn hide(&self) {
        // A call that has ended shows nothing anyway.
        self.shared.with(|state| state.hide(self.call)).ok();
    }

    /// Logs a user in. The session gets a new id and a new lifetime, and the old id is destroyed
    /// before the response is sent.
    ///
    /// The session keeps the data of an anonymous visitor and drops the data of another user. Pass
    /// a [`SessionUser`], or your own type that implements [`Authenticatable`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError, SessionUser};
    /// async fn log_in(session: &Session) -> Result<(), SessionError> {
    ///     session.login(SessionUser::new("u1", "ada@example.com")).await?;
    ///     assert!(session.is_logged_in());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The call has ended, the session would be too large, the user cannot be serialized to JSON, or
    /// has an empty id, which all such users would share.
    pub fn login<U: Authenticatable>(&self, user: U) -> Ready<Result<(), SessionError>> {
        // With an `async fn`, the compiler would report a type that is not a user three times.
        ready(self.log_in(&user, None))
    }

    /// Logs a user in with a lifetime other than that of the settings, for "remember me".
    ///
    /// The session lives for `max_age` without a request, and the browser keeps the cookie that
    /// long, even if the settings let it [expire with the
    /// browser](crate::SessionBuilder::expire_on_close). The next login uses the settings again.
    /// The [absolute timeout](crate::SessionBuilder::absolute_timeout) still applies.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use velox_session::{Session, SessionError, SessionUser};
    /// async fn log_in(session: &Session, user: SessionUser, remember: bool) -> Result<(), SessionError> {
    ///     match remember {
    ///         true => session.login_for(user, Duration::from_secs(30 * 86_400)).await,
    ///         false => session.login(user).await,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`login`](Self::login), and [`SessionError::Lifetime`] if
    /// `max_age` is less than one second or more than 400 days.
    pub fn login_for<U: Authenticatable>(&self, user: U, max_age: Duration) -> Ready<Result<(), SessionError>> {
        ready(self.log_in(&user, Some(max_age)))
    }

    fn log_in(&self, user: &impl Authenticatable, max_age: Option<Duration>) -> Result<(), SessionError> {
        if max_age.is_some_and(|max_age| !COOKIE_LIFE.contains(&max_age)) {
            return Err(SessionError::Lifetime);
        }
        let (user, details) = match user.as_session_user() {
            Some(user) => (user, None),
            None => {
                let details = encode(USER, user)?;
                let email = details.get("email").and_then(Value::as_str).unwrap_or_default();
                (SessionUser::new(user.id(), email), Some(details))
            }
        };
        if user.id.is_empty() {
            return Err(SessionError::NoUserId);
        }
        let (max_age, at) = (max_age.map(milliseconds), self.shared.engine.now());
        self.push(Op::Login(Box::new(UserLogin { user, details, max_age, at })))
    }

    /// Logs the visitor out: ends the session in the store and removes the cookie. It does nothing
    /// if the visitor has no session.
    ///
    /// Later writes go into a new, anonymous session.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// async fn log_out(session: &Session) -> Result<(), SessionError> {
    ///     session.logout().await?;
    ///     session.flash("success", "See you")
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The call has ended.
    #[doc(alias = "flush")]
    pub async fn logout(&self) -> Result<(), SessionError> {
        let at = self.shared.engine.now();
        self.push(Op::Logout { at })
    }

    /// Ends this session and all others of its user, on all devices, when the request ends. If
    /// nobody is logged in, it is the same as [`logout`](Self::logout).
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// async fn log_out_everywhere(session: &Session) -> Result<(), SessionError> {
    ///     session.logout_all().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The call has ended, or another call has ended the session or changed its user. With a store
    /// that does not support lists of sessions, the request fails when it ends. If the store fails
    /// at the end of the request, all sessions may have ended, but nothing else was saved.
    pub async fn logout_all(&self) -> Result<(), SessionError> {
        self.logout_others().await?;
        self.logout().await
    }

    /// Ends all other sessions of the user when the request ends, and keeps this one. Use it after
    /// a change of password, for example. It does nothing if nobody is logged in.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// async fn password_changed(session: &Session) -> Result<(), SessionError> {
    ///     session.regenerate().await?;
    ///     session.logout_others().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`logout_all`](Self::logout_all).
    pub async fn logout_others(&self) -> Result<(), SessionError> {
        match self.known_user()? {
            Some(user) => self.push(Op::LogoutOthers { user }),
            None => Ok(()),
        }
    }

    /// Returns the live sessions of the logged-in user, the newest first. Use it for a page that
    /// shows where the user is logged in. The list is empty if nobody is logged in.
    ///
    /// # Errors
    ///
    /// The store failed or does not support lists of sessions, the call has ended, or another call
    /// has ended the session or changed its user.
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, SessionError> {
        let Some(user) = self.known_user()? else { return Ok(Vec::new()) };
        let current = self.shared.with(|state| Ok(state.loaded().map(|loaded| loaded.key.clone())))?;
        let listing = pin!(self.shared.engine.sessions_of(&user, current.as_ref()));
        self.shared.in_time(listing).await.map_err(SessionError::Unavailable)
    }

    /// Ends one session of the logged-in user at once, and returns whether it existed. It does not
    /// end a session of another user. For the current session it is the same as
    /// [`logout`](Self::logout).
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::session::SessionHandle;
    /// # use velox_session::{Session, SessionError};
    /// async fn log_out_there(session: &Session, handle: &SessionHandle) -> Result<bool, SessionError> {
    ///     session.end(handle).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`sessions`](Self::sessions). The session may still be there.
    pub async fn end(&self, handle: &SessionHandle) -> Result<bool, SessionError> {
        let Some(user) = self.known_user()? else { return Ok(false) };
        if self.handle().as_ref() == Some(handle) {
            return self.logout().await.map(|()| true);
        }
        let engine = &self.shared.engine;
        let ended = match self.shared.with(|state| Ok(state.is_read_only()))? {
            true => self.shared.in_time(pin!(engine.has(&user, handle))).await,
            false => self.shared.in_time(pin!(engine.end(&user, handle))).await,
        };
        ended.map_err(SessionError::Unavailable)
    }

    /// Returns the handle of this session in the list of its user's sessions. Returns `None` in the
    /// same cases as [`id`](Self::id).
    #[must_use]
    pub fn handle(&self) -> Option<SessionHandle> {
        self.loaded(|loaded| SessionHandle::of(&loaded.key, loaded.record.content()))
    }

    /// Gives the session a new id and keeps its data. Use it after any change of privilege other
    /// than a login.
    ///
    /// # Errors
    ///
    /// The call has ended.
    #[doc(alias = "cycle_id")]
    pub async fn regenerate(&self) -> Result<(), SessionError> {
        self.push(Op::Regenerate)
    }

    /// Returns the value stored under `key`. The key is a string, or a [`Key`](crate::Key) that
    /// fixes the type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// fn theme(session: &Session) -> Result<String, SessionError> {
    ///     Ok(session.get("theme")?.unwrap_or_else(|| "light".to_owned()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The value is of another type, or the call has ended.
    pub fn get<T: DeserializeOwned>(&self, key: impl DataKey<T>) -> Result<Option<T>, SessionError> {
        let content = self.content()?;
        // The lock is released here, because `T` may do anything while it is deserialized.
        content.values.get(key.name()).map(|value| decode(key.name(), &value)).transpose()
    }

    /// Stores `value` under `key`.
    ///
    /// # Errors
    ///
    /// `key`, or a key within the value, is reserved; the value cannot be serialized to JSON; the
    /// session would be too large; or the call has ended.
    #[doc(alias = "insert")]
    pub fn set<T: Serialize>(&self, key: impl DataKey<T>, value: T) -> Result<(), SessionError> {
        checked(key.name())?;
        let value = encode(key.name(), &value)?;
        self.push(Op::Set { key: key.name().to_owned(), value })
    }

    /// Replaces the value under `key` with the result of `function`, saves it at once, and returns
    /// the saved value.
    ///
    /// Use it for counters, stock and other values that two requests may change at the same time.
    /// If another request has changed the session meanwhile, `function` is called again with the
    /// new value. The function should have no side effects and must not use the session.
    ///
    /// A returned value is saved, like a login, even if the call fails later. Values that the call
    /// has [`set`](Self::set) under other keys are saved when the request ends; `function` gets the
    /// value set under this key. After a login, logout or regeneration in the same request, the
    /// update is saved together with it. A `HEAD` request saves nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// async fn count(session: &Session) -> Result<u64, SessionError> {
    ///     session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`get`](Self::get) and [`set`](Self::set), and
    /// [`SessionError::Conflict`] if another request ended the session or gave it a new id, or if so
    /// many change it that this one is never first; then nothing is saved. If the store does not
    /// answer, the value may or may not have been saved.
    ///
    /// # Cancel safety
    ///
    /// If you drop the future, the value may or may not be saved.
    pub async fn update<T, F>(&self, key: impl DataKey<T>, function: F) -> Result<T, SessionError>
    where
        T: Serialize + DeserializeOwned,
        F: Fn(Option<T>) -> T,
    {
        let name = key.name().to_owned();
        drop(key);
        checked(&name)?;
        let now = || self.shared.engine.now();
        for _ in 0..MAX_ATTEMPTS {
            let began = now();
            let update = self.shared.with(|state| state.begin_update(self.call, &name))?;
            // The function runs without the lock, because it is foreign code that may take long or
            // panic.
            let present = update.present.as_ref().map(|value| decode(&name, value)).transpose()?;
            let updated = function(present);
            let value = encode(&name, &updated)?;
            if self.save_update(update, value).await? {
                return Ok(updated);
            }
            if !self.shared.may_wait(now().saturating_sub(began)) {
                break;
            }
        }
        Err(SessionError::Conflict)
    }

    /// Removes the value under `key` and returns whether it existed.
    ///
    /// # Errors
    ///
    /// The key is reserved, or the call has ended.
    pub fn remove(&self, key: impl KeyName) -> Result<bool, SessionError> {
        let key = key.name();
        checked(key)?;
        let present = self.content()?.values.contains(key);
        self.push(Op::Remove { key: key.to_owned() })?;
        Ok(present)
    }

    /// Returns whether the session has a value under `key`. Returns `false` once the call has
    /// ended.
    #[doc(alias = "has")]
    #[must_use]
    pub fn contains(&self, key: impl KeyName) -> bool {
        self.content().is_ok_and(|content| content.values.contains(key.name()))
    }

    /// Stores a flash message for a later request, which reads it once with
    /// [`take_flash`](Self::take_flash).
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`set`](Self::set), except that only keys within the value are
    /// reserved.
    pub fn flash<T: Serialize>(&self, key: impl DataKey<T>, value: T) -> Result<(), SessionError> {
        let value = encode(key.name(), &value)?;
        self.push(Op::Flash { key: key.name().to_owned(), value })
    }

    /// Returns the flash message that an earlier request stored under `key`, and removes it.
    ///
    /// The message is removed from the store at once, so that only one of several concurrent
    /// requests gets it. If the call fails with a server error, the message is put back when the
    /// request ends. It is lost if the session cannot be saved then. A `HEAD` request reads the
    /// message but does not remove it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// async fn banner(session: &Session) -> Result<Option<String>, SessionError> {
    ///     session.take_flash("success").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The message has another type (it is not removed then), the store failed, or the call has
    /// ended.
    ///
    /// # Cancel safety
    ///
    /// If you drop the future, the message may still be there or may be lost.
    #[doc(alias = "getFlash")]
    pub fn take_flash<T: DeserializeOwned>(
        &self,
        key: impl DataKey<T>,
    ) -> impl Future<Output = Result<Option<T>, SessionError>> + Send {
        let message = self.shared.with(|state| state.flash(self.call, key.name()));
        async move {
            let Some(message) = message? else { return Ok(None) };
            // A message of another type is not taken. The decoded value is dropped, so that it is
            // not held while this waits.
            drop(decode::<T>(&message.key, &message.value)?);
            if self.shared.with(|state| Ok(state.is_read_only()))? {
                return decode(&message.key, &message.value).map(Some);
            }
            let Some(state) = self.shared.with(|state| state.without_message(self.call, &message))? else {
                return Ok(None);
            };
            let taken = self.shared.save_now(state, |state, epoch| {
                state.message_taken(self.call, message.clone(), epoch);
                Ok(())
            });
            match taken.await {
                // Another request has taken the message, or the session is gone. Otherwise the
                // message is still there, and other requests were always faster.
                Err(SessionError::Conflict) => match self.shared.with(|state| state.flash(self.call, &message.key))? {
                    Some(present) if present == message => Err(SessionError::Conflict),
                    _ => Ok(None),
                },
                Err(error) => Err(error),
                Ok(_) => decode(&message.key, &message.value).map(Some),
            }
        }
    }

    /// Returns the flash message that an earlier request stored under `key`, without removing it.
    ///
    /// # Errors
    ///
    /// The message has another type, or the call has ended.
    pub fn peek_flash<T: DeserializeOwned>(&self, key: impl DataKey<T>) -> Result<Option<T>, SessionError> {
        self.all_flash()?.get(key.name()).map(|value| decode(key.name(), value)).transpose()
    }

    /// Returns all flash messages that earlier requests stored, without removing them. Remove each
    /// with [`take_flash`](Self::take_flash) once you have shown it.
    ///
    /// # Errors
    ///
    /// The call has ended.
    #[doc(alias = "getAllFlash")]
    pub fn all_flash(&self) -> Result<Map<String, Value>, SessionError> {
        self.shared.with(|state| state.all_flash(self.call))
    }

    /// Saves what the call has done so far, before the request ends. Use it before you wait for
    /// another service that reads the session, for example.
    ///
    /// The saved changes stay even if the call fails later. You rarely need this method, because
    /// the session is saved before the response is sent anyway. A `HEAD` request saves nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// async fn pay(session: &Session) -> Result<(), SessionError> {
    ///     session.set("order", "o-17")?;
    ///     session.save().await?;
    ///     // From here on, the webhook of the payment provider finds the order.
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The session could not be saved; the changes may still be saved when the request ends. Or the
    /// call has ended, or another call has ended the session or changed its user.
    ///
    /// # Cancel safety
    ///
    /// If you drop the future, the session may or may not be saved.
    pub async fn save(&self) -> Result<(), SessionError> {
        for _ in 0..MAX_ATTEMPTS {
            let state = self.shared.with(|state| state.with_settled(self.call))?;
            if !state.is_written() || self.shared.save_now(state, |_, _| Ok(())).await?.is_some() {
                return Ok(());
            }
        }
        Err(SessionError::Conflict)
    }

    /// Loads the session from the store again, so that the call sees what other requests have saved
    /// since it began. Unsaved changes of this call are kept on top.
    ///
    /// # Errors
    ///
    /// The store failed, or the call has ended.
    pub async fn reload(&self) -> Result<(), SessionError> {
        let key = self.shared.with(|state| Ok(state.loaded_of(self.call)?.map(|loaded| loaded.key.clone())))?;
        let Some(key) = key else { return Ok(()) };
        let engine = &self.shared.engine;
        let record = self.shared.in_time(pin!(engine.get(&key))).await.map_err(SessionError::Unavailable)?;
        let present = engine.live(record, engine.now());
        self.shared.with(|state| {
            let mut told = state.clone();
            told.rebase(present);
            state.adopt(&told, &key);
            Ok(())
        })
    }

    /// Returns the id of the stored session. Returns `None` for a visitor whose session was not
    /// saved yet, and after a login, logout or regeneration, because the new id is generated when
    /// the session is saved.
    #[must_use]
    pub fn id(&self) -> Option<SessionId> {
        self.loaded(|loaded| loaded.key.id().cloned())?
    }

    /// Returns whether the request came without a live session.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.shared.with(|state| Ok(state.is_new(self.call))).unwrap_or(true)
    }

    /// Returns whether a user is logged in.
    #[doc(alias = "check")]
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.read(|view| view.content().user_id().map(|_| ())).is_some()
    }

    /// Returns whether the session has something to save: a write since it was opened or
    /// [saved](Self::save), or a new id.
    #[doc(alias = "isModified")]
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.read(|view| view.is_written().then_some(())).is_some()
    }

    /// Returns whether the session that came with the request has ended and no other has begun
    /// since. Either this request or another one may have ended it.
    #[doc(alias = "isDestroyed")]
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.shared.with(|state| state.is_ended(self.call)).unwrap_or(true)
    }

    /// Returns the user who is logged in.
    #[must_use]
    pub fn user(&self) -> Option<SessionUser> {
        self.read(|view| view.content().user())
    }

    /// Returns the user who is logged in, as the type that was passed to [`login`](Self::login).
    /// Returns `None` if nobody is logged in.
    ///
    /// # Errors
    ///
    /// The stored user has another type, for example because an earlier version of the application
    /// logged the user in; or the call has ended.
    pub fn user_as<U: DeserializeOwned>(&self) -> Result<Option<U>, SessionError> {
        let content = self.content()?;
        let Some(user) = content.user() else { return Ok(None) };
        let user = content.user_details().unwrap_or_else(|| json!({ "id": user.id, "email": user.email }));
        decode(USER, &user).map(Some)
    }

    /// Returns the id of the user who is logged in.
    #[must_use]
    pub fn user_id(&self) -> Option<String> {
        self.read(|view| view.content().user_id().map(str::to_owned))
    }

    /// Returns all values that the application has set.
    ///
    /// # Errors
    ///
    /// The call has ended.
    pub fn data(&self) -> Result<Map<String, Value>, SessionError> {
        Ok(self.content()?.data())
    }

    /// Saves an update. Returns `false` if the value has changed and the update has to be repeated.
    async fn save_update(&self, update: Update, value: Value) -> Result<bool, SessionError> {
        if update.is_deferred {
            return self.shared.with(|state| state.update(self.call, &update, value));
        }
        let at = self.shared.engine.now();
        let state = self.shared.with(|state| state.with_update(self.call, &update, value, at))?;
        match self.shared.save_now(state, |state, epoch| state.updated(&update, epoch)).await {
            // If the session is gone, the next attempt reports it.
            Err(SessionError::Conflict) => Ok(false),
            saved => saved.map(|saved| saved.is_some()),
        }
    }

    /// Returns the user as the type that was logged in, or `None` if the session holds another type,
    /// which is logged.
    pub(crate) fn stored_user<U: DeserializeOwned>(&self) -> Option<U> {
        self.user_as().inspect_err(|error| self.shared.engine.other_user(error)).ok().flatten()
    }

    fn content(&self) -> Result<Arc<Content>, SessionError> {
        self.shared.with(|state| Ok(Arc::clone(state.view(self.call)?.content())))
    }

    fn known_user(&self) -> Result<Option<String>, SessionError> {
        self.shared.with(|state| state.known_user(self.call))
    }

    /// Returns the result of `read` on the view of the call. A visitor without a session has no
    /// user, so no view is computed.
    fn read<T>(&self, read: impl FnOnce(&View) -> Option<T>) -> Option<T> {
        let seen = self.shared.with(|state| if state.is_blank() { Ok(None) } else { Ok(read(state.view(self.call)?)) });
        seen.ok().flatten()
    }

    /// Reads the loaded session if it still belongs to this call.
    fn loaded<T>(&self, read: impl FnOnce(&Loaded) -> T) -> Option<T> {
        self.shared.with(|state| Ok(state.loaded_of(self.call)?.map(read))).ok().flatten()
    }

    fn push(&self, op: Op) -> Result<(), SessionError> {
        self.shared.with(|state| state.push(self.call, op))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

fn checked(name: &str) -> Result<(), SessionError> {
    if is_reserved(name) { Err(SessionError::ReservedKey { key: name.to_owned() }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
