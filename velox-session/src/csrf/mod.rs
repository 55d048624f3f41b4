//! Protection against forged requests by a token that is sent twice, as VeloxTS has it: in a cookie, which a browser sends along whatever
//! page makes it, and in a header or the body, where only a page that can read the cookie puts it.
//!
//! Sessions need it not: their mutations are refused by what browsers say of where a request came from
//! ([`trusted_origins`](crate::SessionBuilder::trusted_origins)). It is for front ends that were written for it, and for browsers so old
//! that they say nothing.

mod config;
mod guard;
mod token;

use std::fmt;
use std::sync::Arc;

use http::header::SET_COOKIE;
use velox_rpc::context::{Exchange, Slot};
use velox_rpc::procedure::Running;
use velox_rpc::{Ctx, Error, Result};

use self::token::Tokens;
use crate::Manager;
use crate::caching::keep_private;
use crate::clock::Clock;
use crate::cookie::header::Writer;
use crate::event::Limit;
use crate::manager::OpenSession;
use crate::origin::TrustedOrigins;
use crate::rpc::exchange::opened;

pub use self::config::{CsrfBuilder, csrf};
pub use self::guard::CsrfGuard;

/// Gives out CSRF tokens and asks for them. Clones are the same.
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
///     /// The token, and the cookie with it.
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
    /// Requests of other sites that were refused.
    cross_site: Limit,
}

impl Csrf {
    /// Gives out a new token: puts its cookie into the reply, and returns it for the page. The page sends it back in the header
    /// `x-csrf-token`, or in the field `_csrf` of a JSON body.
    ///
    /// No cache keeps the reply, whatever the handler says; the browser's may if the handler says `private`.
    ///
    /// The cookie can be read by scripts, and holds the token that counts: a page in another tab may have asked for a newer one.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes, or the token is to be [bound](CsrfBuilder::bind_to_session) to a session that no middleware has
    /// opened: an internal error.
    pub fn issue(&self, ctx: &impl Ctx) -> Result<String> {
        let Inner { writer, tokens, clock, session, .. } = &*self.0;
        let open =
            session.as_ref().map(|session| opened(session, ctx.exchange()).ok_or_else(|| Error::internal(NO_SESSION)));
        let token = tokens.issue(clock.now(), &binding(open.transpose()?.as_ref()))?;
        let line = writer.line(&[token.as_bytes()], tokens.lifetime);
        ctx.reply().append(SET_COOKIE, line);
        ctx.exchange().slot(0, || Issued);
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

/// In an exchange that gives out a token: its reply is for one visitor. Said at the end, after all that the handler says.
struct Issued;

impl Slot for Issued {
    fn end(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        exchange.reply().edit_headers(keep_private);
        Running::ready(Ok(()))
    }
}

/// What a token is signed with beside its text, if it is bound to a session: the session's id, or that there is none.
fn binding(open: Option<&OpenSession>) -> Vec<u8> {
    let Some(open) = open else { return Vec::new() };
    let id = open.call().session().id();
    [&b"."[..], id.as_ref().map_or(&b""[..], |id| id.as_bytes())].concat()
}

const NO_SESSION: &str = "a CSRF token that is bound to a session is issued behind a middleware of that session: put `.use_(session.optional())` \
    before the handler";
