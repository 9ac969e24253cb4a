//! Whether there is a NaN or a negative zero among floats: every float of a scan is looked at.

#[cfg(target_arch = "wasm32")]
use std::arch::wasm32::{
    f32x4_ne, f64x2_ne, i32x4_eq, i32x4_splat, i64x2_eq, i64x2_splat, v128, v128_any_true, v128_load, v128_or,
};

pub fn doubles(values: &[f64]) -> bool {
    let (vectors, rest) = values.as_chunks::<2>();
    #[cfg(target_arch = "wasm32")]
    let found = any(vectors, |vector| v128_or(f64x2_ne(vector, vector), i64x2_eq(vector, i64x2_splat(i64::MIN))));
    #[cfg(not(target_arch = "wasm32"))]
    let found = vectors.iter().flatten().fold(false, |found, value| found | double(*value));
    found || rest.iter().any(|value| double(*value))
}

pub fn singles(values: &[f32]) -> bool {
    let (vectors, rest) = values.as_chunks::<4>();
    #[cfg(target_arch = "wasm32")]
    let found = any(vectors, |vector| v128_or(f32x4_ne(vector, vector), i32x4_eq(vector, i32x4_splat(i32::MIN))));
    #[cfg(not(target_arch = "wasm32"))]
    let found = vectors.iter().flatten().fold(false, |found, value| found | single(*value));
    found || rest.iter().any(|value| single(*value))
}

fn double(value: f64) -> bool {
    value.is_nan() | (value.to_bits() == 1 << 63)
}

fn single(value: f32) -> bool {
    value.is_nan() | (value.to_bits() == 1 << 31)
}

/// Whether a bit of `suspects` is set for one of `vectors`, which are 16 bytes each. Spelled in the instructions themselves: at
/// the level that the module is optimised for, the compiler makes none of a loop.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "a load of 16 bytes that a reference vouches for, at any alignment")]
fn any<T, const N: usize>(vectors: &[[T; N]], suspects: impl Fn(v128) -> v128) -> bool {
    const { assert!(size_of::<[T; N]>() == size_of::<v128>()) };
    let none = i64x2_splat(0);
    let found = vectors.iter().fold(none, |found, vector| {
        let vector = unsafe { v128_load(std::ptr::from_ref(vector).cast()) };
        v128_or(found, suspects(vector))
    });
    v128_any_true(found)
}
