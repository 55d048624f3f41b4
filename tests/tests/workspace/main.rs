//! Tests the workspace itself: its layers, the links of its Markdown files, and its template.

mod layers;
mod links;
mod template;
