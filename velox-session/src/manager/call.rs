//! The session as a call has it: reads, writes, login and logout.
//!
//! A [`Session`] notes down what a call does; the [`Manager`](crate::Manager) saves it when the exchange ends. Only what cannot wait asks
//! the store at once: a flash message is for one reader, and a list is of what there is.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::save::{Save, Saved};
use super::shared::Shared;
use super::write::MAX_ATTEMPTS;
use crate::clock::milliseconds;
use crate::cookie::COOKIE_LIFE;
use crate::id::SessionId;
use crate::record::{Content, USER, is_reserved};
use crate::session::op::Op;
use crate::session::plan::CookieOp;
use crate::session::state::{Loaded, Place, Update};
use crate::session::value::{decode, encode};
use crate::session::view::View;
use crate::session::{DataKey, KeyName, SessionError, SessionHandle, SessionInfo};
use crate::user::{Authenticatable, SessionUser, UserLogin};

/// The session of a call.
///
/// Clones are the same session. What is written through it is saved once, when the exchange ends, if the call has not
/// failed with a server error; a login, logout or regeneration is kept whatever becomes of the call.
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
        // A number that no call has: every use of it answers that the call has ended.
        let call = shared.with(|state| Ok(state.begin())).unwrap_or(u32::MAX);
        Self { shared, call }
    }

    /// Ends the call. Its writes are kept or dropped.
    pub(super) fn end_call(&self, keep: bool) {
        let ended = self.shared.with(|state| {
            state.end(self.call, keep);
            Ok(())
        });
        // The exchange was closed before the call ended: there is nothing left to keep or drop.
        ended.ok();
    }

    /// Makes the call a visitor's: the account of the session's user was deleted. All handles of the call see nobody and nothing from here on.
    pub(crate) fn hide(&self) {
        // A call that has ended shows nothing anyway.
        self.shared.with(|state| state.hide(self.call)).ok();
    }

    /// Logs a user in, under a new id and with a fresh lifetime. The old id is dead before the response leaves.
    ///
    /// What an anonymous visitor had gathered is kept; what another user had is dropped. The user is a [`SessionUser`], or a type of your own:
    /// see [`Authenticatable`].
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
    /// The call has ended, the record would be too large, or the user cannot be written as JSON.
    pub fn login<U: Authenticatable>(&self, user: U) -> Ready<Result<(), SessionError>> {
        // An `async fn` would tell three times of one type that is no user's.
        ready(self.log_in(&user, None))
    }

    /// Logs a user in for a lifetime that is chosen now, in place of that of the settings: "remember me". The session lives so long without a
    /// request, and the browser keeps the cookie for as long, also where the settings have it
    /// [end with the browser](crate::SessionBuilder::expire_on_close). The next login begins with the settings again.
    ///
    /// An [absolute time-out](crate::SessionBuilder::absolute_timeout) still holds.
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
    /// As for [`login`](Self::login); and [`SessionError::Lifetime`] if `max_age` is less than a second or more than 400 days.
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
        let (max_age, at) = (max_age.map(milliseconds), self.shared.engine.now());
        self.push(Op::Login(Box::new(UserLogin { user, details, max_age, at })))
    }

    /// Ends the session, in the store and in the browser. Without a session it does nothing.
    ///
    /// What is written afterwards begins a new session, of nobody.
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
    pub async fn logout(&self) -> Result<(), SessionError> {
        let at = self.shared.engine.now();
        self.push(Op::Logout { at })
    }

    /// Ends this session and all others of its user, wherever they are used, as soon as the exchange ends. Without a user it is a
    /// [`logout`](Self::logout).
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
    /// The call has ended, or another call has ended the session or changed its user. A store that lists no sessions fails the
    /// exchange.
    pub async fn logout_all(&self) -> Result<(), SessionError> {
        let (user, at) = (self.known_user()?, self.shared.engine.now());
        self.push(Op::LogoutAll { user, at })
    }

    /// Ends all other sessions of the user as soon as the exchange ends, and keeps this one: after a change of password, say.
    /// Without a user there are none.
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
    /// As for [`logout_all`](Self::logout_all).
    pub async fn logout_others(&self) -> Result<(), SessionError> {
        match self.known_user()? {
            Some(user) => self.push(Op::LogoutOthers { user }),
            None => Ok(()),
        }
    }

    /// The live sessions of the user who is logged in, the newest first: for a page that shows where somebody is logged in. Without
    /// a user there are none.
    ///
    /// # Errors
    ///
    /// The store could not be asked or lists no sessions, the call has ended, or another call has ended the session or changed its user.
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, SessionError> {
        let Some(user) = self.known_user()? else { return Ok(Vec::new()) };
        let current = self.shared.with(|state| Ok(state.loaded().map(|loaded| loaded.key.clone())))?;
        let engine = &self.shared.engine;
        engine.sessions_of(&user, current.as_ref()).await.map_err(SessionError::Unavailable)
    }

    /// Ends one session of the user who is logged in, at once; for this very session it is a [`logout`](Self::logout). Answers whether it was there:
    /// another user's is not.
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
    /// As for [`sessions`](Self::sessions). The session may still be there.
    pub async fn end(&self, handle: &SessionHandle) -> Result<bool, SessionError> {
        let Some(user) = self.known_user()? else { return Ok(false) };
        if self.handle().as_ref() == Some(handle) {
            return self.logout().await.map(|()| true);
        }
        let engine = &self.shared.engine;
        let ended = match self.shared.with(|state| Ok(state.is_read_only()))? {
            true => engine.find(&user, handle).await.map(|session| session.is_some()),
            false => engine.end(&user, handle).await,
        };
        ended.map_err(SessionError::Unavailable)
    }

    /// The handle of this session on the list of its user's. `None` as for [`id`](Self::id).
    #[must_use]
    pub fn handle(&self) -> Option<SessionHandle> {
        self.loaded(|loaded| SessionHandle::of(&loaded.key, loaded.record.content()))
    }

    /// Gives the session a new id and keeps what is in it: for any change of privilege other than a login.
    ///
    /// # Errors
    ///
    /// The call has ended.
    pub async fn regenerate(&self) -> Result<(), SessionError> {
        self.push(Op::Regenerate)
    }

    /// The value of a key: of a text, or of a [`Key`](crate::Key), which knows the type.
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
        // The lock is free again: `T` may do what it likes.
        content.values.get(key.name()).map(|value| decode(key.name(), &value)).transpose()
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    ///
    /// The key is reserved, or one within the value; the value cannot be written as JSON, the record would be too large, or the call has ended.
    pub fn set<T: Serialize>(&self, key: impl DataKey<T>, value: T) -> Result<(), SessionError> {
        checked(key.name())?;
        let value = encode(key.name(), &value)?;
        self.push(Op::Set { key: key.name().to_owned(), value })
    }

    /// Sets the value of a key to what `function` makes of the present one, saves it at once, and returns what was saved.
    ///
    /// Use it for counters, stock and whatever else two requests may change at the same time. Where another request has changed the session
    /// meanwhile, `function` is called again on the value that is there now. It should do nothing else, and must not use the session.
    ///
    /// A value that was returned is saved, like a login, even if the call fails later. Values of other keys that the call has
    /// [`set`](Self::set) before are saved when the exchange ends; one of this key is what `function` gets. After a login, logout or
    /// regeneration in the same exchange the update is saved together with it. In a `HEAD` request nothing is saved.
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
    /// As for [`get`](Self::get) and [`set`](Self::set). [`SessionError::Conflict`] if another request ended the session or gave it a new
    /// id; nothing is saved then. If the store does not answer, the value may be saved or not.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the value is saved or not.
    pub async fn update<T, F>(&self, key: impl DataKey<T>, function: F) -> Result<T, SessionError>
    where
        T: Serialize + DeserializeOwned,
        F: Fn(Option<T>) -> T,
    {
        let name = key.name().to_owned();
        drop(key);
        checked(&name)?;
        for _ in 0..MAX_ATTEMPTS {
            let update = self.shared.with(|state| state.begin_update(self.call, &name))?;
            // Not under the lock: this is foreign code, which may take its time or panic.
            let present = update.content.values.get(&name).map(|value| decode(&name, &value)).transpose()?;
            let updated = function(present);
            let value = encode(&name, &updated)?;
            if self.save_update(update, &name, value).await? {
                return Ok(updated);
            }
        }
        Err(SessionError::Conflict)
    }

    /// Removes a key. Answers whether it was there.
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

    /// Whether there is a value of this key. Once the call has ended there is none.
    #[doc(alias = "has")]
    #[must_use]
    pub fn contains(&self, key: impl KeyName) -> bool {
        self.content().is_ok_and(|content| content.values.contains(key.name()))
    }

    /// Leaves a message for a later request, where [`take_flash`](Self::take_flash) reads it once.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set), but that only keys within the value are reserved.
    pub fn flash<T: Serialize>(&self, key: impl DataKey<T>, value: T) -> Result<(), SessionError> {
        let value = encode(key.name(), &value)?;
        self.push(Op::Flash { key: key.name().to_owned(), value })
    }

    /// Takes a message that an earlier request left. Of many requests that read it, one gets it: it is taken out of the store
    /// at once, and put back when the exchange ends if the call failed with a server error. It is lost if the session cannot be saved then.
    /// A `HEAD` request reads the message and leaves it.
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
    /// The message is of another type (it stays then), the store could not be asked, or the call has ended.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the message is still there or is lost.
    #[doc(alias = "getFlash")]
    pub fn take_flash<T: DeserializeOwned>(
        &self,
        key: impl DataKey<T>,
    ) -> impl Future<Output = Result<Option<T>, SessionError>> + Send {
        let message = self.shared.with(|state| state.flash(self.call, key.name()));
        async move {
            let Some(message) = message? else { return Ok(None) };
            // One that is not of this type is not taken, and another value of it must not be held while this waits.
            drop(decode::<T>(&message.key, &message.value)?);
            if self.shared.with(|state| Ok(state.is_read_only()))? {
                return decode(&message.key, &message.value).map(Some);
            }
            if self.shared.engine.take_message(&self.shared, self.call, &message).await? {
                return decode(&message.key, &message.value).map(Some);
            }
            Ok(None)
        }
    }

    /// Returns a message that an earlier request left, and leaves it there.
    ///
    /// # Errors
    ///
    /// The message is of another type, or the call has ended.
    pub fn peek_flash<T: DeserializeOwned>(&self, key: impl DataKey<T>) -> Result<Option<T>, SessionError> {
        self.all_flash()?.get(key.name()).map(|value| decode(key.name(), value)).transpose()
    }

    /// Returns all messages that earlier requests left, by their keys, and leaves them there. Take each with
    /// [`take_flash`](Self::take_flash) once it is shown.
    ///
    /// # Errors
    ///
    /// The call has ended.
    #[doc(alias = "getAllFlash")]
    pub fn all_flash(&self) -> Result<Map<String, Value>, SessionError> {
        self.shared.with(|state| Ok(state.view(self.call)?.flash()))
    }

    /// Saves what the call has done so far, before the exchange ends: for instance before it waits for a service that reads the session.
    ///
    /// What is saved stands whatever becomes of the call. There is rarely a need for it: the session is saved before the response leaves.
    /// In a `HEAD` request nothing is saved.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::{Session, SessionError};
    /// async fn pay(session: &Session) -> Result<(), SessionError> {
    ///     session.set("order", "o-17")?;
    ///     session.save().await?;
    ///     // From here on the webhook of the payment finds the order.
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The session could not be saved; what was written may still be saved when the exchange ends. Or the call has ended, or another call
    /// has ended the session or changed its user.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may be saved or not.
    pub async fn save(&self) -> Result<(), SessionError> {
        let state = self.shared.with(|state| state.with_settled(self.call))?;
        if !state.is_written() {
            return Ok(());
        }
        let mut save = Save::new(&self.shared.engine, &self.shared, Box::new(state));
        let Saved { plan, left } = save.run().await?;
        let at = self.shared.engine.now();
        self.shared.with(|state| {
            state.saved_now(save.state(), left, plan.cookie == CookieOp::Remove, at);
            Ok(())
        })
    }

    /// Reads the session from the store again, so that the call sees what other requests have saved since it was opened. What this call
    /// has written and not saved stays on top of it.
    ///
    /// # Errors
    ///
    /// The store could not be asked, or the call has ended.
    pub async fn reload(&self) -> Result<(), SessionError> {
        let Some(key) = self.loaded(|loaded| loaded.key.clone()) else { return Ok(()) };
        let engine = &self.shared.engine;
        let record = engine.noted(engine.store().get(&key).await).map_err(SessionError::Unavailable)?;
        let present = engine.live(record, engine.now());
        self.shared.with(|state| {
            state.reload(&key, present);
            Ok(())
        })
    }

    /// The id of the session, as the request had it. `None` if there was none, and after a login, logout or regeneration:
    /// the new id is drawn when the session is saved.
    #[must_use]
    pub fn id(&self) -> Option<SessionId> {
        self.loaded(|loaded| loaded.key.id().cloned())?
    }

    /// Whether the request came without a live session.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.shared.with(|state| Ok(state.is_new(self.call))).unwrap_or(true)
    }

    /// Whether somebody is logged in.
    #[doc(alias = "check")]
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.read(|view| view.content().user().map(|_| ())).is_some()
    }

    /// Whether there is something to save: a write since the session was opened or [saved](Self::save), or a new id.
    #[doc(alias = "isModified")]
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.read(|view| view.is_written().then_some(())).is_some()
    }

    /// Whether the session that came with the request has ended, by this exchange or by another request, and no other began since.
    #[doc(alias = "isDestroyed")]
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.shared.with(|state| state.is_ended(self.call)).unwrap_or(true)
    }

    /// Who is logged in.
    #[must_use]
    pub fn user(&self) -> Option<SessionUser> {
        self.read(|view| view.content().user().map(SessionUser::from))
    }

    /// Returns who is logged in, as the type that was given to [`login`](Self::login). `None` if nobody is.
    ///
    /// # Errors
    ///
    /// A user of another type is logged in, for instance by an earlier version of the application; or the call has ended.
    pub fn user_as<U: DeserializeOwned>(&self) -> Result<Option<U>, SessionError> {
        let content = self.content()?;
        let Some(user) = content.user() else { return Ok(None) };
        let user = content.user_details().unwrap_or_else(|| json!({ "id": user.id, "email": user.email }));
        decode(USER, &user).map(Some)
    }

    /// The id of the user who is logged in.
    #[must_use]
    pub fn user_id(&self) -> Option<String> {
        self.read(|view| view.content().user().map(|user| user.id.to_owned()))
    }

    /// All values that the application has set.
    ///
    /// # Errors
    ///
    /// The call has ended.
    pub fn data(&self) -> Result<Map<String, Value>, SessionError> {
        Ok(self.content()?.data())
    }

    /// `false` if the update is to be made again, of another value.
    async fn save_update(&self, update: Update, name: &str, value: Value) -> Result<bool, SessionError> {
        if let Place::Log = update.place {
            return self.shared.with(|state| state.update(self.call, update, name, value));
        }
        self.shared.engine.save_update(&self.shared, &update, name, value).await
    }

    fn content(&self) -> Result<Arc<Content>, SessionError> {
        self.shared.with(|state| Ok(Arc::clone(state.view(self.call)?.content())))
    }

    fn known_user(&self) -> Result<Option<String>, SessionError> {
        self.shared.with(|state| state.known_user(self.call))
    }

    /// What `read` sees of the user. To a visitor without a session it is nothing, and no view is made.
    fn read<T>(&self, read: impl FnOnce(&View) -> Option<T>) -> Option<T> {
        let seen = self.shared.with(|state| if state.is_blank() { Ok(None) } else { Ok(read(state.view(self.call)?)) });
        seen.ok().flatten()
    }

    /// Of the session that was loaded, if it still is this call's.
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
