//! The actions of one request, as a server runs them, and its records for the oracle.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use velox_session::clock::{Clock, ManualClock};
use velox_session::manager::CloseError;
use velox_session::{Manager, Session, SessionError, SessionUser};

use crate::model::case::{Act, COUNT};
use crate::model::oracle::{Content, Deed, next};
use crate::model::stepped::Turns;

pub(crate) struct Script {
    pub(crate) number: usize,
    pub(crate) manager: Manager,
    pub(crate) turns: Turns,
    pub(crate) clock: ManualClock,
    pub(crate) cookie: Option<String>,
    pub(crate) acts: Vec<Act>,
    pub(crate) fails: bool,
}

/// The notes of a request. Times are those of the test's clock.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) opening_at: u64,
    /// The content of the session that it opened, or `Some(None)` if it got no session.
    pub(crate) opened: Option<Option<Seen>>,
    /// `true` if it has begun with its acts.
    pub(crate) acting: bool,
    /// The message that it is about to take.
    pub(crate) taking: Option<&'static str>,
    pub(crate) deeds: Vec<Deed>,
    /// The content that it saw after its own acts.
    pub(crate) seen: Option<Seen>,
    pub(crate) closing_at: u64,
    /// The number of store calls it had made by then.
    pub(crate) calls: u64,
}

/// The content of a session as a call sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) user: Option<String>,
    pub(crate) data: BTreeMap<String, Value>,
}

impl Seen {
    pub(crate) fn of(content: &Content) -> Self {
        Self { user: content.user.clone(), data: content.data.clone() }
    }
}

pub(crate) type Closed = Result<Sent, CloseError>;

/// A running request.
pub(crate) type Exchange = Pin<Box<dyn Future<Output = Closed>>>;

/// The effect of a response on the cookie.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sent {
    Nothing,
    Removal,
    Cookie { value: String, max_age: u64 },
}

impl Script {
    pub(crate) fn start(self) -> (Rc<RefCell<Notes>>, Exchange) {
        let notes = Rc::new(RefCell::default());
        (Rc::clone(&notes), Box::pin(self.run(notes)))
    }

    async fn run(self, notes: Rc<RefCell<Notes>>) -> Closed {
        notes.borrow_mut().opening_at = self.clock.now();
        let exchange = self.manager.open(&self.headers()).await.expect("the store answers");
        let call = exchange.call();
        let session = call.session();
        notes.borrow_mut().opened = Some((!session.is_new()).then(|| see(&session)));
        self.turns.wait().await;
        notes.borrow_mut().acting = true;
        for (index, act) in self.acts.iter().enumerate() {
            if let Act::Take(key) = *act {
                notes.borrow_mut().taking = Some(key);
            }
            let deed = self.act(&session, *act, index).await;
            notes.borrow_mut().deeds.push(deed);
        }
        notes.borrow_mut().seen = Some(see(&session));
        if self.fails {
            drop(call)
        } else {
            call.commit()
        }
        self.turns.wait().await;
        notes.borrow_mut().closing_at = self.clock.now();
        notes.borrow_mut().calls = self.turns.calls();
        let closing = self.manager.close(&exchange).await?;
        let mut headers = HeaderMap::new();
        closing.apply(&mut headers);
        let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert!(lines.len() <= 1, "A17: {lines:?}");
        Ok(lines.first().map_or(Sent::Nothing, |line| sent(line)))
    }

    async fn act(&self, session: &Session, act: Act, index: usize) -> Deed {
        // Each value names the owner of the session, so that a check can find values in wrong
        // hands.
        let owner = session.user_id().unwrap_or_else(|| NOBODY.to_owned());
        let text = format!("{owner}#{}.{index}", self.number);
        let (mut delivered, mut counted) = (None, None);
        let done = match act {
            Act::Set(key) => session.set(key, &text),
            Act::Remove(key) => session.remove(key).map(drop),
            Act::Count => match session.update(COUNT, |count: Option<Value>| next(count.as_ref())).await {
                Err(SessionError::Conflict) => Ok(()),
                answer => answer.map(|count| counted = Some(count)),
            },
            Act::Flash(key) => session.flash(key, &text),
            Act::Take(key) => session.take_flash::<Value>(key).await.map(|message| delivered = message),
            Act::Login(user) => session.login(SessionUser::new(user, format!("{user}@example.com"))).await,
            Act::Logout => session.logout().await,
            Act::Regenerate => session.regenerate().await,
        };
        done.expect("it is the only call of its request");
        let value = if act == Act::Count { counted.unwrap_or(Value::Null) } else { text.into() };
        Deed { act, at: self.clock.now(), value, delivered, given: None, anew: false, failed: false }
    }

    fn headers(&self) -> HeaderMap {
        let cookie = self.cookie.as_ref().map(|value| format!("session={value}"));
        let line = cookie.map(|cookie| (COOKIE, HeaderValue::try_from(cookie).expect("text")));
        line.into_iter().collect()
    }
}

fn see(session: &Session) -> Seen {
    let data = session.data().expect("a read");
    Seen { user: session.user_id(), data: data.into_iter().collect() }
}

fn sent(line: &HeaderValue) -> Sent {
    let line = line.to_str().expect("text");
    let part = |name: &str| line.split("; ").find_map(|part| part.strip_prefix(name)).expect("it is there").to_owned();
    let (value, max_age) = (part("session="), part("Max-Age=").parse().expect("a number"));
    if max_age == 0 {
        assert_eq!(value, "", "{line}");
        return Sent::Removal;
    }
    Sent::Cookie { value, max_age }
}

/// The owner named in values of a visitor who was not logged in.
pub(crate) const NOBODY: &str = "nobody";
