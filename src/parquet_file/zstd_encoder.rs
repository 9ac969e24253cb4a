//! Stubs of zstd's encoder, in the wasm module alone.
//!
//! The Parquet crate makes an encoder beside each zstd decoder, so that all of the encoder's C code would be in the module,
//! which writes nothing with zstd. Its writer asks for the range of levels, which takes the rest of the bindings in where nothing is
//! optimised across crates: so all that those name is here. A symbol defined here is not looked for in the C library, whose objects that hold the encoder then
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

/// The functions that nothing calls: they fail, or know of nothing.
macro_rules! never {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $value:expr;)*) => {
        $(#[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) -> $result {
            $value
        })*
    };
}

never! {
    ZSTD_minCLevel() -> c_int = 1;
    ZSTD_maxCLevel() -> c_int = 22;
    ZSTD_CStreamInSize() -> usize = 0;
    ZSTD_CStreamOutSize() -> usize = 0;
    ZSTD_CCtx_reset(_context: *mut c_void, _what: c_int) -> usize = GENERIC_ERROR;
    ZSTD_CCtx_refCDict(_context: *mut c_void, _dictionary: *const c_void) -> usize = GENERIC_ERROR;
    ZSTD_CCtx_refPrefix(_context: *mut c_void, _prefix: *const c_void, _size: usize) -> usize = GENERIC_ERROR;
    ZSTD_CCtx_setPledgedSrcSize(_context: *mut c_void, _size: u64) -> usize = GENERIC_ERROR;
    ZSTD_initCStream(_context: *mut c_void, _level: c_int) -> usize = GENERIC_ERROR;
    ZSTD_compressStream2(_context: *mut c_void, _out: *mut c_void, _in: *mut c_void, _end: c_int) -> usize = GENERIC_ERROR;
    ZSTD_compress_usingCDict(
        _context: *mut c_void, _target: *mut c_void, _capacity: usize, _source: *const c_void, _size: usize, _dictionary: *const c_void
    ) -> usize = GENERIC_ERROR;
    ZSTD_createCDict(_dictionary: *const c_void, _size: usize, _level: c_int) -> *mut c_void = ptr::null_mut();
    ZSTD_freeCDict(_dictionary: *mut c_void) -> usize = 0;
    ZSTD_getDictID_fromCDict(_dictionary: *const c_void) -> u32 = 0;
    ZSTD_sizeof_CCtx(_context: *const c_void) -> usize = 0;
    ZSTD_sizeof_CDict(_dictionary: *const c_void) -> usize = 0;
}
