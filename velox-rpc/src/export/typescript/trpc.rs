//! Writes the router type for tRPC's client, `createTRPCClient<AppRouter>()`.

use std::fmt;

use super::types::Style;
use super::{TypeScript, TypedProcedure, WideIntegers, write_nested};
use crate::call::Kind;

impl TypeScript {
    /// Returns the module `app-router.d.ts`, which exports the router type for tRPC's client. A
    /// front end passes the type to `createTRPCClient<AppRouter>()`. It needs the types of
    /// `@trpc/server` 11 to compile, but nothing of that package at run time.
    ///
    /// Write the module to a file in a binary, a build script or a test. The same manifest always
    /// gives the same text, so a test can compare it with the file that is checked in.
    ///
    /// If the application uses [superjson](crate::Trpc::superjson), the module has the types that
    /// superjson restores: `Date`, `bigint`, `Set` and `Map`. The TypeScript compiler then requires
    /// the `transformer` in the links of the client.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::export::TypeScript;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
    /// let service = App::new(()).router(health).trpc("/trpc").into_service()?;
    ///
    /// let module = TypeScript::of(service.manifest()).app_router().to_string();
    /// assert!(module.contains("getHealth: QueryOf<void, string>;"));
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    pub fn app_router(&self) -> AppRouter<'_> {
        AppRouter(self)
    }
}

/// The module `app-router.d.ts`, made by [`TypeScript::app_router`]. Its [`Display`](fmt::Display)
/// writes the text.
///
/// # Examples
///
/// See [`TypeScript::app_router`].
#[derive(Debug, Clone, Copy)]
pub struct AppRouter<'a>(&'a TypeScript);

impl fmt::Display for AppRouter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TypeScript { manifest, .. } = self.0;
        let of_superjson = manifest.has_superjson().then(|| TypeScript::with(manifest.clone(), Style::superjson()));
        let types = of_superjson.as_ref().unwrap_or(self.0);
        f.write_str(HEAD)?;
        f.write_str(&types.declarations)?;
        f.write_str("/** All procedures, by namespace and name. */\n")?;
        // Without a transformer, tRPC removes `bigint` from outputs, since JSON cannot express it.
        let transformer = types.style.wide == WideIntegers::BigInt;
        let root = format!("{{ ctx: object; meta: object; errorShape: ErrorShape; transformer: {transformer} }}");
        writeln!(f, "export type AppRouter = TRPCBuiltRouter<{root}, {{")?;
        write_nested(f, ";", manifest.trpc_root(), &types.procedures, |procedure| {
            let TypedProcedure { name, comment, input, output, takes_nothing, gives_nothing, is_tracked, .. } =
                procedure;
            let alias = match name.kind() {
                Kind::Query => "QueryOf",
                Kind::Mutation => "MutationOf",
                Kind::Subscription => "SubscriptionOf",
            };
            // An input is optional if a call without one is read as `null`. The input of a
            // subscription is also optional if it requires no fields and has `lastEventId`.
            let input = if *takes_nothing && input != "void" { format!("{input} | void") } else { input.clone() };
            // The reply to a procedure that returns `()` has no data.
            let output = if *gives_nothing { "undefined" } else { output };
            let output = if *is_tracked { format!("Tracked<{output}>") } else { output.to_owned() };
            Some((comment, format!("{alias}<{input}, {output}>")))
        })?;
        f.write_str("}>;\n")
    }
}

const HEAD: &str = "\
// Generated from the router by velox-rpc, for tRPC 11. Do not edit it.
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from \"@trpc/server\";

/** An issue of an invalid input. */
export interface FieldIssue {
  path: (string | number)[];
  message: string;
}

/** The shape of an error, with the fields that velox adds to `data`. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorShape[\"data\"] & {
    /** The issues of an invalid input. */
    issues?: FieldIssue[];
    /** The first issue of each field of an invalid input. */
    fields?: { [field: string]: string };
    /** The `code` that the same error has over REST, if it is more precise. */
    tag?: string;
    /** The id of the request in the log. */
    requestId?: string;
  };
}

/** An event with an id. The client sends the id of the last event when it reconnects. */
export interface Tracked<T> {
  id: string;
  data: T;
}

type QueryOf<I, O> = TRPCQueryProcedure<{ input: I; output: O; meta: object; errorShape: ErrorShape }>;
type MutationOf<I, O> = TRPCMutationProcedure<{ input: I; output: O; meta: object; errorShape: ErrorShape }>;
type SubscriptionOf<I, O> = TRPCSubscriptionProcedure<{
  input: I;
  output: AsyncIterable<O, void, any>;
  meta: object;
  errorShape: ErrorShape;
}>;

";
