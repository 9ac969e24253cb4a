//! What flate2 and Lakeglass use of `crc32fast`: see this folder's `Cargo.toml`. Sixteen bytes at a time.

use std::sync::LazyLock;

/// The polynomial of gzip and zip, its lowest term first.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// In row `n`, what a byte does to the checksum of a text that goes on for `n` bytes.
static TABLE: LazyLock<Box<[[u32; 256]; 16]>> = LazyLock::new(|| {
    let mut table = Box::new([[0; 256]; 16]);
    for byte in 0..256 {
        let mut value = byte as u32;
        for _ in 0..8 {
            value = (value >> 1) ^ (POLYNOMIAL & (value & 1).wrapping_neg());
        }
        table[0][byte] = value;
    }
    for row in 1..16 {
        for byte in 0..256 {
            let value = table[row - 1][byte];
            table[row][byte] = (value >> 8) ^ table[0][(value & 255) as usize];
        }
    }
    table
});

/// The checksum of bytes.
pub fn hash(bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finalize()
}

/// A checksum that is not done.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    state: u32,
    length: u64,
}

impl Hasher {
    pub fn new() -> Hasher {
        Hasher::default()
    }

    pub fn update(&mut self, bytes: &[u8]) {
        let table = &**TABLE;
        let (blocks, rest) = bytes.as_chunks::<16>();
        self.length += bytes.len() as u64;
        let mut crc = !self.state;
        for block in blocks {
            let start = crc.to_le_bytes();
            crc = 0;
            for (at, byte) in block.iter().enumerate() {
                let byte = if at < 4 { byte ^ start[at] } else { *byte };
                crc ^= table[15 - at][byte as usize];
            }
        }
        for byte in rest {
            crc = (crc >> 8) ^ table[0][((crc ^ *byte as u32) & 255) as usize];
        }
        self.state = !crc;
    }

    pub fn finalize(self) -> u32 {
        self.state
    }

    pub fn reset(&mut self) {
        *self = Hasher::default();
    }

    /// The checksum of these bytes and those that follow.
    pub fn combine(&mut self, following: &Hasher) {
        for _ in 0..following.length {
            self.state = (self.state >> 8) ^ TABLE[0][(self.state & 255) as usize];
        }
        self.state ^= following.state;
        self.length += following.length;
    }
}
