//! The stand-ins of `.cargo` that do something: what they do is what those do that they stand in for.

use url::Url;

#[test]
fn hosts_are_spelled_in_ascii() {
    for (host, expected) in [
        ("Example.COM", Some("example.com")),
        ("bücher.example", Some("xn--bcher-kva.example")),
        ("BÜCHER.example", Some("xn--bcher-kva.example")),
        ("b%C3%BCcher.example", Some("xn--bcher-kva.example")),
        ("例え.テスト", Some("xn--r8jz45g.xn--zckzah")),
        ("xn--bcher-kva.example", Some("xn--bcher-kva.example")),
        ("127.1", Some("127.0.0.1")),
        ("a b", None),
        ("b%2Fü", None),
    ] {
        let url = Url::parse(&format!("https://{host}/table")).ok();
        assert_eq!(url.as_ref().and_then(Url::host_str), expected, "{host}");
    }
}

#[test]
fn checksums_are_crc_32() {
    assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
    let bytes: Vec<u8> = (0..300_u32).map(|number| ((number * number) >> 3) as u8).collect();
    for end in 0..bytes.len() {
        let (expected, (start, rest)) = (bit_by_bit(&bytes[..end]), bytes[..end].split_at(end / 3));
        assert_eq!(crc32fast::hash(&bytes[..end]), expected, "{end} bytes");
        let (mut whole, mut following) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
        whole.update(start);
        following.update(rest);
        let mut combined = whole.clone();
        combined.combine(&following);
        whole.update(rest);
        assert_eq!(whole.finalize(), expected, "{end} bytes in two parts");
        assert_eq!(combined.finalize(), expected, "{end} bytes of two checksums");
    }
}

fn bit_by_bit(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
