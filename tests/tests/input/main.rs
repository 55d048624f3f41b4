//! Tests which inputs are accepted, and which issues callers get for the others.

mod exact_input;
mod zod;
mod zoo;
