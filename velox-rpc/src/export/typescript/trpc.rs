//! The type of an application's router for tRPC's client: `createTRPCClient<AppRouter>()`.

use std::fmt;

use super::types::Style;
use super::{TypeScript, TypedProcedure, WideIntegers, write_nested};
use crate::call::Kind;

impl TypeScript {
    /// The type of the router for tRPC's client, as a module `app-router.d.ts`. A front end gives it to `createTRPCClient<AppRouter>()`, and
    /// needs the types of `@trpc/server` 11, but nothing of it at run time.
    ///
    /// A binary, a build script or a test of yours writes it to a file. The same manifest always gives the same text, so that a test can
    /// compare it with the file that is checked in.
    ///
    /// Where the application speaks [superjson](crate::Trpc::superjson), the types are those that superjson gives: `Date`, `bigint`, `Set` and
    /// `Map`. The compiler then asks for the `transformer` in the links of the client.
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

/// The module `app-router.d.ts`: made by [`TypeScript::app_router`], written by its [`Display`](fmt::Display).
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
        f.write_str("/** Every procedure, by namespace and name. */\n")?;
        // Without a transformer tRPC takes `bigint` out of outputs, as nothing that JSON has.
        let transformer = types.style.wide == WideIntegers::BigInt;
        let root = format!("{{ ctx: object; meta: object; errorShape: ErrorShape; transformer: {transformer} }}");
        writeln!(f, "export type AppRouter = TRPCBuiltRouter<{root}, {{")?;
        write_nested(f, ";", &types.procedures, |procedure| {
            let TypedProcedure { name, comment, input, output, takes_nothing, gives_nothing, is_tracked, .. } =
                procedure;
            let alias = match name.kind() {
                Kind::Query => "QueryOf",
                Kind::Mutation => "MutationOf",
                Kind::Subscription => "SubscriptionOf",
            };
            // A call without an input is read as `null`; a subscription also as one that has nothing to go on from.
            let input = if *takes_nothing && input != "void" { format!("{input} | void") } else { input.clone() };
            // What is `()` in Rust is left out of the reply.
            let output = if *gives_nothing { "undefined" } else { output };
            let output = if *is_tracked { format!("Tracked<{output}>") } else { output.to_owned() };
            Some((comment, format!("{alias}<{input}, {output}>")))
        })?;
        f.write_str("}>;\n")
    }
}

const HEAD: &str = "\
// Generated from the router by velox-rpc, for tRPC 11. Changes to it are lost.
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from \"@trpc/server\";

/** One thing that is wrong with an input. */
export interface FieldIssue {
  path: (string | number)[];
  message: string;
}

/** The shape of an error: `data` has more than tRPC's own. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorShape[\"data\"] & {
    /** What is wrong with the input. */
    issues?: FieldIssue[];
    /** The `code` of the same error over REST, where it says more than `code`. */
    tag?: string;
    /** Under which id the log has the failure. */
    requestId?: string;
  };
}

/** An event with an id, which the client sends back when it connects again. */
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
