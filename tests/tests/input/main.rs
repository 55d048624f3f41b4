//! Tests inputs: which ones are accepted, and what callers learn about the others.

mod exact_input;
mod zod;
mod zoo;
