//! How work shares the event loop: a ground layer.
//!
//! A browser's thread does one thing at a time. Work runs in slices ([`time_slice`]), as tasks that go on while whoever asked for
//! them is paused ([`task`]), and what can wait does so until nobody is answered (`idle`).

#[cfg(target_arch = "wasm32")]
pub(crate) mod event_loop;
#[cfg(target_arch = "wasm32")]
pub mod idle;
pub(crate) mod task;
pub mod time_slice;
#[cfg(target_arch = "wasm32")]
pub(crate) mod timer;
