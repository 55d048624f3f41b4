//! Tests the workspace itself: its layers and its template.

mod layers;
mod template;
