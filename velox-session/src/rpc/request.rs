//! The session of a request: the first procedure that uses it opens it, the others share it, and it
//! is saved at the end.
//!
//! In a streamed reply, the headers do not wait for the queries. The session is loaded once for all
//! queries, so that the cookie of a renewed session is sent with the headers. After that each query
//! has a separate session, as if it were a separate request, and saves it before its line is sent.
//!
//! Under a [`SessionLayer`](crate::SessionLayer) of the same manager, the layer has already opened
//! the session. The layer then saves it and sends its cookie.

use std::sync::Arc;

use http::Method;
use tokio::sync::OnceCell;
use velox_rpc::call::Kind;
use velox_rpc::context::{Request, RequestScope, Slot};
use velox_rpc::procedure::{Outcome, Running};
use velox_rpc::{Error, Result};

use super::outward::{caused, cross_site, ended, full, of_call};
use crate::layer::opened_by_layer;
use crate::manager::{CallScope, Closing, CrossSiteError, End, OpenError, OpenSession, Watch, keep_out_of_caches};
use crate::origin::Here;
use crate::rejection::Reason;
use crate::{Manager, Session};

/// The part of the session that belongs to one call.
pub(super) struct SessionCall {
    scope: CallScope,
    /// Set if the call saves its own session, because the response headers do not wait for it.
    own: Option<Box<(Manager, OpenSession)>>,
    /// Set for a subscription, whose session may end earlier.
    watch: Option<Box<Watch>>,
}

impl SessionCall {
    /// Begins a call in the session that was [opened](open).
    pub(super) fn begin(open: &OpenSession, manager: &Manager, scope: &RequestScope, kind: Kind) -> Result<Self> {
        if kind == Kind::Query {
            scope.release_head();
        }
        if scope.holds_head() {
            let watch = if kind == Kind::Subscription { open.watch().map_err(full)?.map(Box::new) } else { None };
            return Ok(Self { scope: open.call(), own: None, watch });
        }
        let own = open.after_head().ok_or_else(|| Error::internal(NotHeld))?;
        Ok(Self { scope: own.call(), own: Some(Box::new((manager.clone(), own))), watch: None })
    }

    pub(super) fn session(&self) -> Session {
        self.scope.session()
    }

    /// Keeps the writes of the call unless it ended in a server error. If the scope is dropped, for
    /// example by a panic, only a finished login or logout is kept.
    ///
    /// A subscription lasts as long as its session. `over` creates the error that the client gets
    /// when the session is over. Without `over`, or if the session may continue under another id,
    /// the stream just ends and the client should reconnect.
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
                // Its cookie was sent with the headers, if it has one.
                let _ = own.0.close(&own.1).await.map_err(|error| caused((&error).into(), error))?;
                result
            }),
            _ => Running::ready(result),
        }
    }
}

/// The error for a session that was opened when its cookie could no longer be sent.
#[derive(Debug, thiserror::Error)]
#[error(
    "a session was opened after the head of a streamed reply was released: a wrapper of a session middleware must \
     forward `describe` to it, and must not release the head before it runs"
)]
struct NotHeld;

/// Opens the session of this request, which all of its calls share, even if they run concurrently.
/// Refuses a call that another site sent, unless the call only reads.
pub(crate) async fn open(manager: &Manager, scope: &RequestScope, kind: Kind) -> Result<OpenSession> {
    check_origin(manager, scope, kind)?;
    let slot = slot(manager, scope);
    if !scope.holds_head() && slot.open.get().is_none() {
        return Err(Error::internal(NotHeld));
    }
    let opening = || async {
        let request = scope.request();
        let opened = match opened_by_layer(request.extensions(), manager) {
            Some(session) => Opened { session, by_layer: true },
            None => {
                let session = manager.open_in_time(request.headers(), request.method() == Method::HEAD).await?;
                Opened { session, by_layer: false }
            }
        };
        if kind == Kind::Query && scope.is_streamed() {
            scope.reply().edit_headers(|headers| match opened.by_layer {
                true => keep_out_of_caches(headers),
                false => manager.renewal(&opened.session).apply(headers),
            });
        }
        Ok::<_, OpenError>(opened)
    };
    match slot.open.get_or_try_init(opening).await {
        Ok(open) => Ok(open.session.clone()),
        Err(error) => {
            scope.reply().edit_headers(keep_out_of_caches);
            Err(caused(Reason::NOT_LOADED, error))
        }
    }
}

/// Returns the session of this request if a middleware has opened it.
pub(crate) fn opened(manager: &Manager, scope: &RequestScope) -> Option<OpenSession> {
    slot(manager, scope).open.get().map(|open| open.session.clone())
}

/// An application may have several kinds of sessions, each with its own manager.
fn slot(manager: &Manager, scope: &RequestScope) -> Arc<SessionSlot> {
    scope.slot(manager.address(), || SessionSlot {
        manager: manager.clone(),
        open: OnceCell::new(),
        is_alive: OnceCell::new(),
    })
}

/// Refuses mutations and calls with an unsafe method if another site sent them.
fn check_origin(manager: &Manager, scope: &RequestScope, kind: Kind) -> Result<()> {
    let request = scope.request();
    if only_reads(request, kind) {
        return Ok(());
    }
    manager.check_origin_at(request.headers(), || here(request)).map_err(|error| {
        scope.reply().edit_headers(keep_out_of_caches);
        cross_site(error, scope.is_development())
    })
}

/// Returns whether a call changes nothing, judging by its kind and its method.
pub(crate) fn only_reads(request: &Request, kind: Kind) -> bool {
    kind != Kind::Mutation && request.method().is_safe()
}

/// Returns the host and scheme of the application for a request. A proxy may have reported them.
pub(crate) fn here(request: &Request) -> Result<Here<'_>, CrossSiteError> {
    Ok(Here::at(request.host(), request.scheme()))
}

/// The session of a request, as velox-rpc keeps it.
struct SessionSlot {
    manager: Manager,
    open: OnceCell<Opened>,
    /// Holds Holds `true` if the session was still alive after the call waited for the body.
    is_alive: OnceCell<bool>,
}

/// An opened session.
struct Opened {
    session: OpenSession,
    /// Set if a layer around the service has opened the session. The layer saves it, too.
    by_layer: bool,
}

impl SessionSlot {
    /// Adds the headers of the closed session to the reply.
    fn send(&self, scope: &RequestScope, closing: Closing) {
        let request = scope.request();
        if closing.set_cookie().is_some()
            && scope.is_development()
            && !request.is_direct()
            && request.scheme() != Some("https")
            && request.header("x-forwarded-proto").is_none()
        {
            self.manager.warn_of_plain_http();
        }
        scope.reply().edit_headers(|headers| closing.apply(headers));
    }
}

impl Slot for SessionSlot {
    /// The session may have ended while a call waited for its body. A logout on another device also
    /// counts for this call.
    fn resume(self: Arc<Self>, scope: &RequestScope) -> Running<Result<()>> {
        let Some(open) = self.open.get().map(|open| open.session.clone()) else { return Running::ready(Ok(())) };
        let scope = scope.clone();
        Running::boxed(async move {
            // All calls of a batch wait for the same body.
            let error = match self.is_alive.get_or_try_init(|| self.manager.is_alive(&open)).await {
                Ok(true) => return Ok(()),
                Ok(false) => ended(),
                Err(error) => caused(Reason::NOT_LOADED, error),
            };
            scope.reply().edit_headers(keep_out_of_caches);
            Err(error)
        })
    }

    fn end(self: Arc<Self>, scope: &RequestScope) -> Running<Result<()>> {
        let Some(Opened { session: open, .. }) = self.open.get().filter(|open| scope.holds_head() && !open.by_layer)
        else {
            return Running::ready(Ok(()));
        };
        // This is the usual case, and needs no boxed future.
        if let Some(closing) = self.manager.close_at_once(open) {
            self.send(scope, closing);
            return Running::ready(Ok(()));
        }
        let (open, scope) = (open.clone(), scope.clone());
        Running::boxed(async move {
            match self.manager.close(&open).await {
                Ok(closing) => {
                    self.send(&scope, closing);
                    Ok(())
                }
                Err(error) => {
                    scope.reply().edit_headers(keep_out_of_caches);
                    Err(caused((&error).into(), error))
                }
            }
        })
    }
}
