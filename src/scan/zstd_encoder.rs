//! Stubs of zstd's encoder, in the wasm module alone.
//!
//! The Parquet crate makes an encoder beside each zstd decoder, so that all of the encoder's C code would be in the module,
//! which writes nothing. A symbol defined here is not looked for in the C library, whose objects that hold the encoder then
//! stay out. Creating and configuring an encoder succeeds; compressing fails with an error code.

#![allow(unsafe_code, reason = "symbols that C code has elsewhere; none of them reads or writes through a pointer")]

use std::ffi::{c_int, c_void};
use std::ptr;

/// `ZSTD_error_GENERIC`, as zstd's functions return it.
const GENERIC_ERROR: usize = 1_usize.wrapping_neg();

#[unsafe(no_mangle)]
extern "C" fn ZSTD_createCCtx() -> *mut c_void {
    ptr::dangling_mut::<u64>().cast()
}

#[unsafe(no_mangle)]
extern "C" fn ZSTD_freeCCtx(_context: *mut c_void) -> usize {
    0
}

#[unsafe(no_mangle)]
extern "C" fn ZSTD_CCtx_setParameter(_context: *mut c_void, _parameter: c_int, _value: c_int) -> usize {
    0
}

#[unsafe(no_mangle)]
extern "C" fn ZSTD_CCtx_loadDictionary(_context: *mut c_void, _dictionary: *const c_void, _size: usize) -> usize {
    0
}

#[unsafe(no_mangle)]
extern "C" fn ZSTD_compress2(
    _context: *mut c_void,
    _target: *mut c_void,
    _capacity: usize,
    _source: *const c_void,
    _size: usize,
) -> usize {
    GENERIC_ERROR
}

#[unsafe(no_mangle)]
extern "C" fn ZSTD_compressBound(_size: usize) -> usize {
    0
}
