//! What the Parquet crate uses of `brotli`, without the encoder: see this folder's `Cargo.toml`.

use std::io::{Error, ErrorKind, Result, Write};
use std::marker::PhantomData;

pub use brotli_decompressor::Decompressor;

/// Refuses every byte.
pub struct CompressorWriter<W>(PhantomData<W>);

impl<W: Write> CompressorWriter<W> {
    /// The signature of the real one: sink, buffer size, quality, window size.
    pub fn new(_sink: W, _buffer_size: usize, _quality: u32, _window_size: u32) -> Self {
        CompressorWriter(PhantomData)
    }
}

impl<W: Write> Write for CompressorWriter<W> {
    fn write(&mut self, _bytes: &[u8]) -> Result<usize> {
        Err(Error::new(ErrorKind::Unsupported, "brotli is read here, not written"))
    }

    fn flush(&mut self) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "brotli is read here, not written"))
    }
}
