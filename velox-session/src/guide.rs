//! Guides: how to build, test and run a service, with one page for each subject.
//!
//! | first steps | |
//! | --- | --- |
//! | [Getting started](mod@getting_started) | from an empty folder to a service with a login |
//! | [Procedures and routers](mod@procedures) | routes, state, databases, pagination, middlewares, guards, redirects, webhooks |
//! | [Validation](mod@validation) | `#[schema]`, rules, enums, and every construct of Zod |
//! | [Errors](mod@errors) | making errors, your own errors, error replies |
//! | [Testing](mod@testing) | calling procedures without a socket, with time set by hand |
//!
//! | sessions and security | |
//! | --- | --- |
//! | [Sessions](mod@sessions) | login, session data, flash messages, users, passwords, settings, stores |
//! | [Redis](mod@redis) | sessions and rate limits for several servers |
//! | [Using sessions with axum](mod@axum) | extractors, procedures in an axum application, serving a front end |
//! | [CSRF and CORS](mod@csrf_and_cors) | front ends on another origin |
//! | [Rate limiting](mod@rate_limiting) | by address, user or API key |
//! | [Security model](mod@security_model) | the attacks that velox protects against, and your responsibilities |
//!
//! | front ends | |
//! | --- | --- |
//! | [tRPC front ends](mod@trpc) | `@trpc/client`, batches, streams, types |
//! | [Live data](mod@live_data) | subscriptions, by tRPC and `EventSource` |
//! | [OpenAPI and TypeScript types](mod@openapi) | the page at `/docs`, a typed REST client |
//!
//! | in production | |
//! | --- | --- |
//! | [Deployment](mod@deployment) | limits, health checks, systemd, Docker, load balancers, several instances |
//! | [Behind a proxy](mod@proxies) | `X-Forwarded-*`, allowed hosts |
//! | [Observability](mod@observability) | logs, metrics, OpenTelemetry |
//!
//! | porting | |
//! | --- | --- |
//! | [Porting from VeloxTS](mod@from_veloxts) | construct by construct, and without logging anyone out |
//! | [Porting from tRPC](mod@from_trpc) | routers, context, procedures, base procedures |
//! | [Porting from Express](mod@from_express) | routes, `express-session`, middlewares, pages and forms |
//!
//! The tests compile all code in Rust, and run most of it. They also compile the TypeScript for
//! clients of velox.

// Links between guides, and from guides to items, work on a page of rustdoc and in a viewer of the
// repository: each guide defines them at its end, as files. `links.md` defines them before that, as
// modules and items, and Markdown takes the first definition of a link. rustdoc reports an example
// that fails at `links.md`, followed by the name of the guide's module.
// `tests/tests/workspace/links.rs` checks both.
macro_rules! guides {
    ($($(#[$cfg:meta])* $name:ident = $file:literal,)*) => {$(
        $(#[$cfg])*
        #[doc = include_str!("docs/links.md")]
        #[doc = include_str!($file)]
        pub mod $name {}
    )*};
}

guides! {
    getting_started = "docs/getting-started.md",
    procedures = "docs/procedures.md",
    validation = "docs/validation.md",
    errors = "docs/errors.md",
    testing = "docs/testing.md",
    sessions = "docs/sessions.md",
    #[cfg(feature = "redis")]
    redis = "docs/redis.md",
    #[cfg(feature = "axum")]
    axum = "docs/axum.md",
    csrf_and_cors = "docs/csrf-and-cors.md",
    rate_limiting = "docs/rate-limiting.md",
    security_model = "docs/security-model.md",
    trpc = "docs/trpc.md",
    live_data = "docs/live-data.md",
    openapi = "docs/openapi.md",
    #[cfg(feature = "redis")]
    deployment = "docs/deployment.md",
    proxies = "docs/proxies.md",
    observability = "docs/observability.md",
    #[cfg(feature = "redis")]
    from_veloxts = "docs/from-veloxts.md",
    from_trpc = "docs/from-trpc.md",
    #[cfg(feature = "axum")]
    from_express = "docs/from-express.md",
}
