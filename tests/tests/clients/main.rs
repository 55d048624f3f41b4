//! Other programs: clients of tRPC and REST, the compiler of TypeScript, browsers, and readers of the documents.

mod documents;
mod trpc;
