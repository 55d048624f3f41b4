//! The guard that checks the CSRF token of a request.

use std::borrow::Cow;
use std::future::Future;

use ctutils::CtEq;
use http::header::{COOKIE, REFERER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use velox_rpc::procedure::{Credential, Demands, Guard};
use velox_rpc::{Context, Ctx, Error, Result};

use super::token::Flaw;
use super::{Csrf, Inner, binding};
use crate::cookie::header::{self, MAX_CANDIDATES};
use crate::rpc::middleware::{claim, cookie};
use crate::rpc::request::{here, only_reads, open};

/// The guard that checks CSRF tokens. [`Csrf::guard`] creates it.
#[derive(Clone, Debug)]
pub struct CsrfGuard(Csrf);

impl Csrf {
    /// Returns a guard that refuses mutations without a valid CSRF token. Queries pass.
    ///
    /// Add it to one procedure with [`guard`](velox_rpc::ProcedureBuilder::guard), or to all
    /// procedures of a router with [`Router::guard`](velox_rpc::Router::guard).
    ///
    /// A refused call gets 403 with the name `CsrfError` and the code of the first check that
    /// fails:
    ///
    /// | reason | code |
    /// | --- | --- |
    /// | another site sent the request, by the same check as for sessions; if no other header names the origin, `Referer` is checked | `CSRF_ORIGIN_MISMATCH` |
    /// | the cookie is missing | `CSRF_MISSING_COOKIE` |
    /// | the token is neither in the header `x-csrf-token` nor in the body's `_csrf` | `CSRF_MISSING_TOKEN` |
    /// | cookie and token differ; if several cookies have the name, the first four are compared | `CSRF_TOKEN_MISMATCH` |
    /// | the token is not signed with one of the secrets, or is [bound](super::CsrfBuilder::bind_to_session) to another session | `CSRF_INVALID_SIGNATURE` |
    /// | the token has expired | `CSRF_TOKEN_EXPIRED` |
    pub fn guard(&self) -> CsrfGuard {
        CsrfGuard(self.clone())
    }
}

impl<C: Ctx> Guard<C> for CsrfGuard {
    fn name(&self) -> &str {
        "csrf"
    }

    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send {
        self.0.0.check(ctx.base())
    }

    fn describe(&self, demands: &mut Demands) {
        let demands = demands.of_mutations();
        let (header, name) = (Credential::Header(HEADER.into()), &self.0.0.cookie);
        demands.require(header.clone());
        demands.explain(
            header,
            format!("The token in the cookie `{name}`. The field `_csrf` of a JSON body can carry it instead."),
        );
        for (_, message) in REFUSALS {
            demands.refuse(StatusCode::FORBIDDEN, message);
        }
        if let Some(session) = &self.0.0.session {
            claim(session, demands);
            demands.accept(cookie(session));
        }
    }
}

impl Inner {
    async fn check<S>(&self, ctx: &Context<S>) -> Result<()> {
        let request = ctx.request();
        if only_reads(request, ctx.procedure().kind()) {
            return Ok(());
        }
        let headers = request.headers();
        self.trusted.check(headers, || here(request), Some(&REFERER)).map_err(|error| {
            error.log(&self.cookie, &self.cross_site, self.clock.now());
            let (tag, text) = ORIGIN;
            refused((tag, error.message(text, ctx.scope().is_development()))).with_source(error)
        })?;
        let cookies = || header::values(headers.get_all(COOKIE), &self.cookie).take(MAX_CANDIDATES);
        if cookies().next().is_none() {
            return Err(refused(NO_COOKIE));
        }
        let token = match in_header(headers) {
            Some(token) => Cow::Borrowed(token),
            // The body is read only if the cookie is present, because only then can it contain a
            // valid token.
            None => ctx.input_json().await?.and_then(in_body).map(Cow::Owned).ok_or_else(|| refused(NO_TOKEN))?,
        };
        if !cookies().any(|cookie| cookie.ct_eq(&token[..]).into()) {
            return Err(refused(MISMATCH));
        }
        let open = match &self.session {
            Some(session) => Some(open(session, ctx.scope(), ctx.procedure().kind()).await?),
            None => None,
        };
        // A token is never bound to an id that is not known yet.
        let binding = binding(open.as_ref()).map_err(|error| refused(SIGNATURE).with_source(error))?;
        self.tokens.check(&token, self.clock.now(), &binding).map_err(|flaw| match flaw {
            Flaw::Signature => refused(SIGNATURE),
            Flaw::Expired => refused(EXPIRED),
        })
    }
}

fn in_header(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(HEADER).map(|value| value.as_bytes()).filter(|value| !value.is_empty())
}

fn in_body(body: &str) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "_csrf")]
        token: Option<String>,
    }
    serde_json::from_str::<Body>(body).ok()?.token.filter(|token| !token.is_empty()).map(String::into_bytes)
}

/// Returns a 403 as VeloxTS sends it.
fn refused((tag, message): (&'static str, impl Into<Cow<'static, str>>)) -> Error {
    Error::forbidden(message).with_name("CsrfError").with_code(tag)
}

/// The code and the message.
type Refusal = (&'static str, &'static str);

/// The header that holds the token.
const HEADER: &str = "x-csrf-token";

const ORIGIN: Refusal = ("CSRF_ORIGIN_MISMATCH", "Origin mismatch");
const NO_COOKIE: Refusal = ("CSRF_MISSING_COOKIE", "CSRF cookie not found");
const NO_TOKEN: Refusal = ("CSRF_MISSING_TOKEN", "CSRF token not found in request");
const MISMATCH: Refusal = ("CSRF_TOKEN_MISMATCH", "CSRF token mismatch");
const SIGNATURE: Refusal = ("CSRF_INVALID_SIGNATURE", "CSRF token has an invalid signature");
const EXPIRED: Refusal = ("CSRF_TOKEN_EXPIRED", "CSRF token has expired");
const REFUSALS: [Refusal; 6] = [ORIGIN, NO_COOKIE, NO_TOKEN, MISMATCH, SIGNATURE, EXPIRED];
