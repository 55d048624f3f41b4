//! The session of an exchange: opened by the first procedure that uses it, shared by the others, saved at the end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::COOKIE;
use tokio::sync::OnceCell;
use velox_rpc::Result;
use velox_rpc::call::Kind;
use velox_rpc::context::{Exchange, Slot};
use velox_rpc::procedure::Running;

use super::deadline::within;
use super::outward::{cross_site, ended, unopened, unsaved};
use crate::Manager;
use crate::clock::milliseconds;
use crate::manager::{CloseError, OpenError, keep_out_of_caches};
use crate::origin::Here;
use crate::session::OpenSession;

/// The session of this exchange; the same for all of its calls, also where they run at the same time. A call that another site
/// sent, and that may change something, does not get it.
pub(super) async fn open(manager: &Manager, exchange: &Exchange, kind: Kind) -> Result<OpenSession> {
    check_origin(manager, exchange, kind)?;
    // An application may have several kinds of sessions, each with a manager.
    let slot = exchange.slot(manager.address(), || SessionSlot {
        manager: manager.clone(),
        open: OnceCell::new(),
        is_alive: OnceCell::new(),
    });
    let opening = || async {
        // In a box: the future of the procedure would keep the room for it to its end.
        let request = exchange.request();
        let (cookies, read_only) = (request.headers().get_all(COOKIE), request.method() == Method::HEAD);
        if let Some(open) = manager.open_at_once(&cookies, read_only) {
            return Ok(open);
        }
        let mut opening = Box::pin(manager.open_as(cookies, read_only));
        let (opened, took) = within(manager.patience(), opening.as_mut()).await;
        let opened = opened.unwrap_or_else(|| Err(OpenError::Unavailable(manager.timed_out())))?;
        if !took.is_zero() {
            opened.shared().waited(milliseconds(took));
        }
        Ok(opened)
    };
    match slot.open.get_or_try_init(opening).await {
        Ok(open) => Ok(open.clone()),
        Err(error) => {
            exchange.reply().edit_headers(keep_out_of_caches);
            Err(unopened(error))
        }
    }
}

/// Refuses a mutation from another site, and a query too that is sent by a method for changes.
fn check_origin(manager: &Manager, exchange: &Exchange, kind: Kind) -> Result<()> {
    let request = exchange.request();
    if kind == Kind::Query && request.method().is_safe() {
        return Ok(());
    }
    manager.check_origin_at(request.headers(), || Ok(Here::of_request(request))).map_err(|error| {
        exchange.reply().edit_headers(keep_out_of_caches);
        cross_site(error)
    })
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
            let looking = || async {
                let (alive, took) = within(self.manager.patience(), pin!(self.manager.is_alive(&open))).await;
                open.shared().waited(milliseconds(took));
                alive.unwrap_or_else(|| Err(OpenError::Unavailable(self.manager.timed_out())))
            };
            // The calls of a batch wait for one body.
            let error = match self.is_alive.get_or_try_init(looking).await {
                Ok(true) => return Ok(()),
                Ok(false) => ended(),
                Err(error) => unopened(error),
            };
            exchange.reply().edit_headers(keep_out_of_caches);
            Err(error)
        })
    }

    fn end(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        let Some(open) = self.open.get() else { return Running::ready(Ok(())) };
        // As a rule: it needs no box to wait in.
        if let Some(closing) = self.manager.close_at_once(open) {
            exchange.reply().edit_headers(|headers| closing.apply(headers));
            return Running::ready(Ok(()));
        }
        let (open, exchange) = (open.clone(), exchange.clone());
        Running::boxed(async move {
            let left = self.manager.longest_wait().saturating_sub(Duration::from_millis(open.shared().waited(0)));
            let (closed, _) = within(left, pin!(self.manager.save(&open))).await;
            match closed.unwrap_or_else(|| Err(CloseError::Unavailable(self.manager.timed_out()))) {
                Ok(closing) => {
                    exchange.reply().edit_headers(|headers| closing.apply(headers));
                    Ok(())
                }
                Err(error) => {
                    exchange.reply().edit_headers(keep_out_of_caches);
                    Err(unsaved(error))
                }
            }
        })
    }
}
