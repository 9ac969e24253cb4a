//! Bytes, damaged at random.

/// Numbers that are the same in every run (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// One of `0..end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub fn one_of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

const BYTES: [u8; 10] = [0, 1, 0x7f, 0x80, 0xff, b'{', b'}', b'"', b'0', b'-'];
const NUMBERS: [i64; 8] = [0, 1, -1, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN, 1 << 40];
/// What a JSON value may be instead.
const TOKENS: [&str; 18] = [
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "0",
    "1e400",
    "-0.0",
    "9223372036854775808",
    "-9223372036854775809",
    "2147483648",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[[[[]]]]",
    "{\"a\":{}}",
    "\"9999-99-99\"",
    "1.5",
];

/// Damages binary content in one to three places; `in_place` keeps its length.
pub fn binary(bytes: &[u8], in_place: bool, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + numbers.below(3) {
        if bytes.is_empty() {
            break;
        }
        // The ends of files are where their structure is.
        let at = match numbers.below(3) {
            0 => bytes.len() - 1 - numbers.below(bytes.len().min(300)),
            _ => numbers.below(bytes.len()),
        };
        match numbers.below(if in_place { 4 } else { 8 }) {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[at] = BYTES[numbers.below(BYTES.len())],
            2 => overwrite(
                &mut bytes,
                at,
                &NUMBERS[numbers.below(NUMBERS.len())].to_le_bytes()[..1 << (2 + numbers.below(2))],
            ),
            3 => {
                let from = numbers.below(bytes.len());
                let copy = bytes[from..(from + 1 + numbers.below(40)).min(bytes.len())].to_vec();
                overwrite(&mut bytes, at, &copy);
            }
            4 => bytes.truncate(at),
            5 => drop(bytes.drain(at..(at + 1 + numbers.below(50)).min(bytes.len()))),
            6 => bytes.insert(at, BYTES[numbers.below(BYTES.len())]),
            _ => {
                let copy = bytes[at..(at + 1 + numbers.below(50)).min(bytes.len())].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
    bytes
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    for (to, from) in bytes[at..].iter_mut().zip(with) {
        *to = *from;
    }
}

/// Damages JSON: a value is another, a key is gone or another, a line is twice there or gone; or as [`binary`] does.
pub fn json(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    match numbers.below(4) {
        0 => binary(bytes, false, numbers),
        1 => {
            let mut lines: Vec<&str> = text.lines().collect();
            let at = numbers.below(lines.len());
            match numbers.below(3) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at]),
                _ => lines.swap(0, at),
            }
            lines.join("\n").into_bytes()
        }
        _ => {
            // After a colon there is a value, up to a comma or a bracket: crude, and JSON most of the time.
            let colons: Vec<_> = text.match_indices(':').map(|(at, _)| at + 1).collect();
            if colons.is_empty() {
                return binary(bytes, false, numbers);
            }
            let start = colons[numbers.below(colons.len())];
            let length = text[start..].find([',', '}', ']']).unwrap_or(0);
            let token = match numbers.below(4) {
                0 => format!("\"{}\"", arbitrary_text(numbers).escape_default()),
                _ => TOKENS[numbers.below(TOKENS.len())].to_owned(),
            };
            // Inside of a string that holds JSON, quotes are escaped.
            let escaped = text[..start].ends_with("\\\":");
            let token = if escaped { token.replace('"', "\\\"") } else { token };
            format!("{}{token}{}", &text[..start], &text[start + length..]).into_bytes()
        }
    }
}

/// Short text that means something somewhere, or nothing anywhere.
pub fn arbitrary_text(numbers: &mut Numbers) -> String {
    let known = [
        "",
        " ",
        "null",
        "true",
        "-",
        "--1",
        "1e9",
        "NaN",
        "inf",
        "-Infinity",
        "99999999999999999999999999999999999999999",
        "0x10",
        "1.",
        ".5",
        "2024-02-30",
        "2024-02-29",
        "9999-12-31 23:59:59.9999999",
        "1970-01-01T00:00:00Z",
        "+292278-01-01",
        "-0001-01-01",
        "24:00:00",
        "%",
        "%zz",
        "\u{0}",
        "\u{1f600}",
        "../../etc/passwd",
        "/",
        "//host/x",
        "file:///",
        "s3://b/k",
        "a\\b",
    ];
    match numbers.below(3) {
        0 => (0..numbers.below(12)).map(|_| char::from_u32(numbers.below(0x250) as u32).unwrap_or('?')).collect(),
        _ => numbers.one_of(&known).to_owned(),
    }
}
