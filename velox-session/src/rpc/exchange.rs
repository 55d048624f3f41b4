//! The session of an exchange: opened by the first procedure that uses it, shared by the others, saved at the end.
//!
//! In a streamed reply the queries do not hold the head back until they have ended. The session is loaded once for all of them, so that the
//! cookie of one that was renewed goes with the head; from there on each has a session of its own, as if it were a request of its own, and
//! saves it before its line leaves.
//!
//! Under a [`SessionLayer`](crate::SessionLayer) of the same manager there is an open session already: the layer saves it, and sends its cookie.

use std::sync::Arc;

use http::Method;
use tokio::sync::OnceCell;
use velox_rpc::call::Kind;
use velox_rpc::context::{Exchange, Request, Slot};
use velox_rpc::procedure::{Outcome, Running};
use velox_rpc::{Error, Result};

use super::outward::{caused, cross_site, ended, full, of_call};
use crate::layer::opened_by_layer;
use crate::manager::{CallScope, CrossSiteError, End, OpenSession, Watch, keep_out_of_caches};
use crate::origin::Here;
use crate::rejection::Reason;
use crate::{Manager, Session};

/// What a call has of the session of its exchange.
pub(super) struct SessionCall {
    scope: CallScope,
    /// The call saves for itself: the head of its reply does not wait for it.
    own: Option<Box<(Manager, OpenSession)>>,
    /// Of a subscription whose session may end before it.
    watch: Option<Watch>,
}

impl SessionCall {
    /// Begins a call in the session that was [opened](open).
    pub(super) fn begin(open: &OpenSession, manager: &Manager, exchange: &Exchange, kind: Kind) -> Result<Self> {
        if kind == Kind::Query {
            exchange.release_head();
        }
        if exchange.holds_head() {
            let watch = if kind == Kind::Subscription { open.watch().map_err(full)? } else { None };
            return Ok(Self { scope: open.call(), own: None, watch });
        }
        let own = open.after_head().ok_or_else(|| Error::internal(NotHeld))?;
        Ok(Self { scope: own.call(), own: Some(Box::new((manager.clone(), own))), watch: None })
    }

    pub(super) fn session(&self) -> Session {
        self.scope.session()
    }

    /// Keeps what the call wrote, unless it ended in a server error: a scope that is dropped, as by a panic, keeps nothing but a
    /// finished login or logout. A subscription goes on for as long as its session: `over` is what it is told when that is over. Without it,
    /// and where the session may go on under another id, its client is to come back.
    pub(super) fn end(self, result: Result<Outcome>, over: Option<fn() -> Error>) -> Running<Result<Outcome>> {
        let result = result.map_err(of_call).map(|output| match self.watch {
            Some(watch) => output.end_with(async move {
                match (watch.ended().await, over) {
                    (End::Over, Some(error)) => Err(error()),
                    (End::Over, None) | (End::Unclear, _) => Ok(()),
                }
            }),
            None => output,
        });
        match &result {
            Err(error) if error.status().is_server_error() => drop(self.scope),
            _ => self.scope.commit(),
        }
        match self.own {
            Some(own) if own.0.close_at_once(&own.1).is_none() => Running::boxed(async move {
                // Its cookie went with the head, where there is one.
                let _ = own.0.save_in_time(&own.1).await.map_err(|error| caused((&error).into(), error))?;
                result
            }),
            _ => Running::ready(result),
        }
    }
}

/// A session was opened where its cookie could not be sent.
#[derive(Debug, thiserror::Error)]
#[error(
    "a session was opened in a call that does not hold the head of its streamed reply: what wraps a session middleware must pass \
     `describe` on to it, and must not release the head before it"
)]
struct NotHeld;

/// The session of this exchange; the same for all of its calls, also where they run at the same time. A call that another site
/// sent, and that may change something, does not get it.
pub(crate) async fn open(manager: &Manager, exchange: &Exchange, kind: Kind) -> Result<OpenSession> {
    check_origin(manager, exchange, kind)?;
    let slot = slot(manager, exchange);
    if !exchange.holds_head() && slot.open.get().is_none() {
        return Err(Error::internal(NotHeld));
    }
    let told = |open| {
        if kind == Kind::Query && exchange.is_streamed() {
            exchange.reply().edit_headers(|headers| match is_of_layer(manager, exchange) {
                true => keep_out_of_caches(headers),
                false => manager.renewal(&open).apply(headers),
            });
        }
        open
    };
    let opening = || async {
        let request = exchange.request();
        if let Some(open) = opened_by_layer(request.extensions(), manager) {
            return Ok(told(open));
        }
        manager.open_in_time(request.headers(), request.method() == Method::HEAD).await.map(told)
    };
    match slot.open.get_or_try_init(opening).await {
        Ok(open) => Ok(open.clone()),
        Err(error) => {
            exchange.reply().edit_headers(keep_out_of_caches);
            Err(caused(Reason::NOT_LOADED, error))
        }
    }
}

/// The session of this exchange, if a middleware has opened it.
pub(crate) fn opened(manager: &Manager, exchange: &Exchange) -> Option<OpenSession> {
    slot(manager, exchange).open.get().cloned()
}

/// An application may have several kinds of sessions, each with a manager.
fn slot(manager: &Manager, exchange: &Exchange) -> Arc<SessionSlot> {
    exchange.slot(manager.address(), || SessionSlot {
        manager: manager.clone(),
        open: OnceCell::new(),
        is_alive: OnceCell::new(),
    })
}

/// Whether a layer around the service saves the session.
fn is_of_layer(manager: &Manager, exchange: &Exchange) -> bool {
    opened_by_layer(exchange.request().extensions(), manager).is_some()
}

/// Refuses a mutation from another site, and other calls too that are sent by a method for changes.
fn check_origin(manager: &Manager, exchange: &Exchange, kind: Kind) -> Result<()> {
    let request = exchange.request();
    if only_reads(request, kind) {
        return Ok(());
    }
    manager.check_origin_at(request.headers(), || here(request)).map_err(|error| {
        exchange.reply().edit_headers(keep_out_of_caches);
        cross_site(error, exchange.is_development())
    })
}

/// Whether a call changes nothing, by what it is and by how it was sent.
pub(crate) fn only_reads(request: &Request, kind: Kind) -> bool {
    kind != Kind::Mutation && request.method().is_safe()
}

/// Where the application answers a request, which a proxy may have said.
pub(crate) fn here(request: &Request) -> Result<Here<'_>, CrossSiteError> {
    Ok(Here::at(request.host(), request.scheme()))
}

/// The session of an exchange, as the exchange holds it.
struct SessionSlot {
    manager: Manager,
    open: OnceCell<OpenSession>,
    /// Whether it still lived after the body was waited for.
    is_alive: OnceCell<bool>,
}

impl Slot for SessionSlot {
    /// While a call waited for its body, the session may have ended: a logout elsewhere counts for it too.
    fn resume(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        let Some(open) = self.open.get().cloned() else { return Running::ready(Ok(())) };
        let exchange = exchange.clone();
        Running::boxed(async move {
            // The calls of a batch wait for one body.
            let error = match self.is_alive.get_or_try_init(|| self.manager.is_alive_in_time(&open)).await {
                Ok(true) => return Ok(()),
                Ok(false) => ended(),
                Err(error) => caused(Reason::NOT_LOADED, error),
            };
            exchange.reply().edit_headers(keep_out_of_caches);
            Err(error)
        })
    }

    fn end(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        let is_saved_here = exchange.holds_head() && !is_of_layer(&self.manager, exchange);
        let Some(open) = self.open.get().filter(|_| is_saved_here) else { return Running::ready(Ok(())) };
        // As a rule: it needs no box to wait in.
        if let Some(closing) = self.manager.close_at_once(open) {
            exchange.reply().edit_headers(|headers| closing.apply(headers));
            return Running::ready(Ok(()));
        }
        let (open, exchange) = (open.clone(), exchange.clone());
        Running::boxed(async move {
            match self.manager.save_in_time(&open).await {
                Ok(closing) => {
                    exchange.reply().edit_headers(|headers| closing.apply(headers));
                    Ok(())
                }
                Err(error) => {
                    exchange.reply().edit_headers(keep_out_of_caches);
                    Err(caused((&error).into(), error))
                }
            }
        })
    }
}
