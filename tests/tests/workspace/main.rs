//! Tests the workspace itself: its layers, the links of its Markdown files, the code in its
//! README, and its template.

mod layers;
mod links;
mod readme;
mod template;
