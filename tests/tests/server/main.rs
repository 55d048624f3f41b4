//! The server: sockets, limits, shutdown, and the programs of the examples.

mod few_files;
mod image;
mod program;
mod socket;
mod systemd;
mod tls;
