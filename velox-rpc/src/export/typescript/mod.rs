//! Makes the TypeScript types of every input and output.
//!
//! `types` writes a JSON Schema as a type, and `wide` finds integers that JavaScript would round.
//! This module puts the types together. `rest` and `trpc` write them as modules.

mod rest;
#[cfg(test)]
mod tests;
mod trpc;
mod types;
mod wide;

use std::fmt;

use http::Method;
use serde_json::Value;

pub use self::trpc::AppRouter;
use self::types::{Style, comment, key, type_of};
pub use self::wide::WideIntegers;
use crate::call::ProcedureName;
use crate::export::schemas::{Naming, Schemas, prose};
use crate::router::{Manifest, ManifestEntry, client_path};

/// Holds the TypeScript types of every input and output, by namespace.
///
/// Its [`Display`](fmt::Display) writes a module for REST, such as `api.ts`. The module contains
/// the types, with the method and path of each procedure. It also exports the methods and paths as
/// a value, `routes`, from which a front end can build its client. The
/// [overview](crate#rest-clients-in-typescript) has an example.
///
/// # Examples
///
/// ```
/// use velox_rpc::export::TypeScript;
/// use velox_rpc::{App, Call, Router, procedure, schema};
///
/// #[schema]
/// pub struct Greet { pub name: String, pub loud: Option<bool> }
///
/// let hello = procedure().input::<Greet>().query(|Call { input, .. }| Ok(input.name)).describe("Greets somebody.");
/// let service = App::new(()).router(Router::new("hello").procedure("greet", hello)).into_service()?;
///
/// let module = TypeScript::of(service.manifest()).to_string();
/// assert!(module.contains("export interface Greet {\n  name: string;\n  loud?: boolean | null | undefined;\n}"), "{module}");
/// assert!(module.contains(r#"    greet: Query<Greet, string> & Route<"GET", "/api/hello/greet">;"#));
/// assert!(module.contains(r#"    greet: { method: "GET", path: "/api/hello/greet" },"#));
/// # Ok::<(), velox_rpc::StartError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TypeScript {
    manifest: Manifest,
    style: Style,
    declarations: String,
    procedures: Vec<TypedProcedure>,
}

/// Describes a procedure with the types that [`TypeScript::declarations`] declares.
///
/// # Examples
///
/// See [`TypeScript::procedures`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedProcedure {
    name: ProcedureName,
    comment: String,
    input: String,
    output: String,
    takes_nothing: bool,
    gives_nothing: bool,
    is_tracked: bool,
    route: Option<(Method, String)>,
}

impl TypeScript {
    /// Makes the types of an application's procedures. The same manifest always gives the same
    /// types.
    pub fn of(manifest: &Manifest) -> Self {
        Self::with(manifest.clone(), Style::json(WideIntegers::default()))
    }

    /// Sets the type of integers with 64 bits or more, in inputs and in outputs. The default is
    /// `number`, which is exact up to 2^53. Each member that has such integers says so in its
    /// comment.
    ///
    /// Set it to the type that your client's JSON parser returns. velox always sends and reads
    /// these integers as JSON numbers. `JSON.parse` returns a `number` and rounds large ones. A
    /// lossless parser returns a `bigint` or a `string`, and has to write it as a number again.
    /// With [superjson](crate::Trpc::superjson) these integers are always `bigint`s.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::export::{TypeScript, WideIntegers};
    /// use velox_rpc::{App, Call, Router, procedure, schema};
    ///
    /// #[schema]
    /// struct Account { id: u64, age: u8 }
    ///
    /// let echo = procedure().input::<Account>().mutation(|Call { input, .. }| Ok(input));
    /// let service = App::new(()).router(Router::new("accounts").procedure("echo", echo)).into_service()?;
    ///
    /// let types = TypeScript::of(service.manifest());
    /// assert!(types.declarations().contains("  /** 64-bit integer, exact up to 2^53. */\n  id: number;\n  age: number;"));
    /// let types = types.wide_integers(WideIntegers::BigInt);
    /// assert!(types.declarations().contains("  /** 64-bit integer. */\n  id: bigint;\n  age: number;"));
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    #[must_use = "it returns the types as set"]
    pub fn wide_integers(self, wide: WideIntegers) -> Self {
        Self::with(self.manifest, Style::json(wide))
    }

    fn with(manifest: Manifest, style: Style) -> Self {
        let entries = manifest.entries();
        let schemas = Schemas::gather(entries, if style.superjson { &NAMING_WITH_CLASSES } else { &NAMING });
        let declarations = schemas.definitions.iter().map(|(name, schema)| declaration(name, schema, style)).collect();
        let types = schemas.inputs.iter().zip(&schemas.outputs);
        let procedures = entries.iter().zip(types).map(|(entry, (input, output))| {
            let note = |name: &str, schema: &Value| style.wide.note(schema).map(|note| format!("{name}: {note}"));
            let input_note = input.as_ref().and_then(|input| note("Input", input));
            let output_note = note("Output", output);
            let about = [entry.description().map(prose), input_note.as_deref(), output_note.as_deref()];
            TypedProcedure {
                name: entry.name().clone(),
                comment: comment(about, entry.deprecated(), MEMBER),
                input: input.as_ref().map_or_else(|| "void".to_owned(), |input| type_of(input, style, MEMBER)),
                output: type_of(output, style, MEMBER),
                takes_nothing: entry.is_input_optional(),
                gives_nothing: entry.gives_nothing(),
                is_tracked: entry.is_tracked(),
                route: entry.route().map(|(method, path)| (method.clone(), with_fields(entry, path))),
            }
        });
        let procedures = procedures.collect();
        Self { manifest, style, declarations, procedures }
    }

    /// Returns the declarations of all named types. Each of them is exported.
    pub fn declarations(&self) -> &str {
        &self.declarations
    }

    /// Returns the procedures in the order of the manifest. Use it to write your own exporter for
    /// clients that need procedures in another form.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::export::TypeScript;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
    /// let service = App::new(()).router(health).into_service()?;
    /// let types = TypeScript::of(service.manifest());
    /// let procedure = &types.procedures()[0];
    /// assert_eq!((procedure.input(), procedure.output()), ("void", "string"));
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    pub fn procedures(&self) -> &[TypedProcedure] {
        &self.procedures
    }
}

impl TypedProcedure {
    /// Returns the name of the procedure.
    pub fn name(&self) -> &ProcedureName {
        &self.name
    }

    /// Returns the type of the input, or `void` if the procedure takes none.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// Returns the type of the output. For a subscription, it is the type of the data of each
    /// event.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// Returns the REST method and the path, or `None` if the procedure has no REST route. The path
    /// includes the prefix, and its parameters are written as `:id`, by the names of their fields.
    pub fn route(&self) -> Option<(&Method, &str)> {
        self.route.as_ref().map(|(method, path)| (method, path.as_str()))
    }
}

/// Returns a path whose parameters have the names of fields, because a client fills them from the
/// input. The router may name a field by an alias.
fn with_fields(entry: &ManifestEntry, path: &str) -> String {
    let of_field = |part: &str| match part.strip_prefix(':') {
        Some(name) => format!(":{}", entry.input_field(name)),
        None => part.to_owned(),
    };
    path.split('/').map(of_field).collect::<Vec<_>>().join("/")
}

/// Writes procedures by namespace. `member` returns the comment of a procedure and the text behind
/// its name, or `None` to skip the procedure. `end` is written after each text and after each
/// namespace. The procedures of the namespace `root` are not nested.
fn write_nested<'a>(
    f: &mut fmt::Formatter<'_>,
    end: &str,
    root: Option<&str>,
    procedures: &'a [TypedProcedure],
    member: impl Fn(&'a TypedProcedure) -> Option<(&'a str, String)>,
) -> fmt::Result {
    let lines = procedures.iter().filter_map(|procedure| {
        let ((comment, text), name) = (member(procedure)?, key(procedure.name.name()));
        Some((client_path(&procedure.name, root), format!("{comment}{MEMBER}{name}: {text}{end}\n")))
    });
    let lines: Vec<_> = lines.collect();
    write_namespace(f, end, 0, lines.iter().map(|(path, lines)| (&**path, &**lines)).collect())
}

/// Writes the members of a namespace: the path of each inside this namespace, and its lines, which
/// are indented as [`MEMBER`]s.
fn write_namespace(f: &mut fmt::Formatter<'_>, end: &str, depth: usize, members: Vec<(&str, &str)>) -> fmt::Result {
    let mut inner: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    let indent = "  ".repeat(depth + 1);
    for (path, lines) in members {
        let Some((first, deeper)) = path.split_once('.') else {
            lines.lines().try_for_each(|line| writeln!(f, "{indent}{}", line.strip_prefix(MEMBER).unwrap_or(line)))?;
            continue;
        };
        match inner.iter_mut().find(|(name, _)| *name == first) {
            Some((_, members)) => members.push((deeper, lines)),
            None => inner.push((first, vec![(deeper, lines)])),
        }
    }
    inner.into_iter().try_for_each(|(name, members)| {
        writeln!(f, "{indent}{}: {{", key(name))?;
        write_namespace(f, end, depth + 1, members)?;
        writeln!(f, "{indent}}}{end}")
    })
}

/// Declares a named type. An object becomes an interface, since editors show interfaces by name.
fn declaration(name: &str, schema: &Value, style: Style) -> String {
    let description = schema.get("description").and_then(Value::as_str);
    let comment = comment([description, style.wide.note(schema).as_deref()], None, "");
    let text = type_of(schema, style, "");
    let is_interface = text.starts_with('{') && types::is_plain_object(schema);
    if is_interface {
        format!("{comment}export interface {name} {text}\n\n")
    } else {
        format!("{comment}export type {name} = {text};\n\n")
    }
}

/// The indentation of a procedure.
const MEMBER: &str = "    ";

const NAMING: Naming = Naming { is_allowed, taken: &[&TAKEN] };
const NAMING_WITH_CLASSES: Naming = Naming { is_allowed, taken: &[&TAKEN, &["Date", "Map", "Set"]] };

fn is_allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The names that the modules use themselves, built-in types, and words that cannot name a type.
#[rustfmt::skip]
const TAKEN: [&str; 68] = [
    "AsyncIterable", "Mutation", "Procedures", "Query", "Route", "Subscription",
    "AppRouter", "ErrorShape", "FieldIssue", "MutationOf", "QueryOf", "SubscriptionOf", "Tracked", "TRPCBuiltRouter", "TRPCDefaultErrorShape",
    "TRPCMutationProcedure", "TRPCQueryProcedure", "TRPCSubscriptionProcedure",
    "any", "bigint", "boolean", "never", "null", "number", "object", "string", "symbol", "undefined", "unknown", "void",
    "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "export",
    "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new", "return", "super", "switch", "this",
    "throw", "true", "try", "typeof", "var", "while", "with", "yield", "let", "static",
];
