//! CSRF protection with a token that the client sends twice, as in VeloxTS: in a cookie, which the
//! browser sends with every request, and in a header or the body, which only a page that can read
//! the cookie can set.
//!
//! With sessions you do not need CSRF tokens: velox checks `Sec-Fetch-Site` and `Origin` and
//! answers cross-site mutations with 403 (see
//! [`trusted_origins`](crate::SessionBuilder::trusted_origins)). Use tokens for front ends that
//! already send them, and for browsers that are too old to send those headers.

mod config;
mod guard;
mod token;

use std::fmt;
use std::sync::Arc;

use http::header::SET_COOKIE;
use velox_rpc::context::{RequestScope, Slot};
use velox_rpc::procedure::Running;
use velox_rpc::{Ctx, Error, Result};

use self::token::Tokens;
use crate::Manager;
use crate::caching::keep_private;
use crate::clock::Clock;
use crate::cookie::header::Writer;
use crate::event::Event;
use crate::manager::{OpenSession, UnknownId};
use crate::origin::TrustedOrigins;
use crate::rpc::request::opened;

pub use self::config::{CsrfBuilder, csrf};
pub use self::guard::CsrfGuard;

/// Issues and checks CSRF tokens. Clones share the same settings.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Call, Mutation, Query, procedure, router};
/// use velox_session::{Csrf, csrf};
///
/// struct Forms {
///     csrf: Csrf,
/// }
///
/// #[router("forms")]
/// impl Forms {
///     /// Returns a token and sets its cookie.
///     fn get_token(&self) -> Query<(), String> {
///         let csrf = self.csrf.clone();
///         procedure().query(move |Call { ctx, .. }| csrf.issue(&ctx))
///     }
///
///     fn submit(&self) -> Mutation<(), ()> {
///         procedure().guard(self.csrf.guard()).mutation(|_| Ok(()))
///     }
/// }
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let forms = Forms { csrf: csrf("a development secret of 32 bytes or more").build()? };
/// # let _ = forms;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Csrf(Arc<Inner>);

struct Inner {
    cookie: String,
    writer: Writer,
    tokens: Tokens,
    trusted: TrustedOrigins,
    clock: Arc<dyn Clock>,
    /// The sessions that tokens are bound to.
    session: Option<Manager>,
    /// Counts and limits the log lines about refused requests of other sites.
    cross_site: Event,
}

impl Csrf {
    /// Issues a new token: sets its cookie in the reply and returns the token for the page.
    ///
    /// The page sends the token back in the header `x-csrf-token`, or in the field `_csrf` of a
    /// JSON body. It must match the token in the cookie, which scripts can read. The token in the
    /// cookie is newer than the returned one if a page in another tab has asked for a token since.
    ///
    /// No shared cache stores the reply, even if the handler sets other cache headers. The browser
    /// may store it if the handler sets `private`.
    ///
    /// # Errors
    ///
    /// Returns an internal error if the system provides no random bytes, or if the token has to be
    /// [bound](CsrfBuilder::bind_to_session) to a session that no middleware has opened, or whose
    /// id is not known yet. A session gets its id when it is saved, so after a login call
    /// [`Session::save`](crate::Session::save) first.
    pub fn issue(&self, ctx: &impl Ctx) -> Result<String> {
        let Inner { writer, tokens, clock, session, .. } = &*self.0;
        let open =
            session.as_ref().map(|session| opened(session, ctx.scope()).ok_or_else(|| Error::internal(NO_SESSION)));
        let token = tokens.issue(clock.now(), &binding(open.transpose()?.as_ref())?)?;
        let line = writer.line(&[token.as_bytes()], Some(tokens.lifetime));
        ctx.reply().append(SET_COOKIE, line);
        ctx.scope().slot(0, || Issued);
        Ok(token)
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csrf")
            .field("cookie", &self.0.cookie)
            .field("lifetime", &self.0.tokens.lifetime)
            .finish_non_exhaustive()
    }
}

/// Marks a request that issues a token, because its reply is for one visitor. The headers are set
/// at the end, after all that the handler sets.
struct Issued;

impl Slot for Issued {
    fn end(self: Arc<Self>, scope: &RequestScope) -> Running<Result<()>> {
        scope.reply().edit_headers(keep_private);
        Running::ready(Ok(()))
    }
}

/// Returns the bytes that are signed together with the token if it is bound to a session: the id of
/// the session, or a mark that no session exists.
fn binding(open: Option<&OpenSession>) -> Result<Vec<u8>, UnknownId> {
    let Some(open) = open else { return Ok(Vec::new()) };
    let id = open.id_after()?;
    Ok([&b"."[..], id.as_ref().map_or(&b""[..], |id| id.as_bytes())].concat())
}

const NO_SESSION: &str = "a CSRF token that is bound to a session needs a middleware of that session: add \
    `.use_(session.optional())` before the handler";
