//! What the `url` crate uses of `idna`: see this folder's `Cargo.toml`.

use std::borrow::Cow;
use std::fmt::{Display, Formatter};

#[cfg(not(target_arch = "wasm32"))]
mod punycode;

/// No host, or none that can be spelled.
#[derive(Debug)]
pub struct Errors;

impl Display for Errors {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("no such domain name")
    }
}

impl std::error::Error for Errors {}

/// What no host has in it, besides controls and the space.
pub struct AsciiDenyList(&'static [u8]);

impl AsciiDenyList {
    /// The URL Standard's "forbidden domain code points".
    pub const URL: AsciiDenyList = AsciiDenyList(b"%#/:<>?@[\\]^|");

    fn has(&self, byte: u8) -> bool {
        byte <= b' ' || byte == 0x7f || self.0.contains(&byte)
    }
}

/// A host as it is asked for: in ASCII and small letters, `xn--` where it has others.
pub fn domain_to_ascii_from_cow(domain: Cow<'_, [u8]>, deny: AsciiDenyList) -> Result<Cow<'_, str>, Errors> {
    if domain.iter().any(|byte| deny.has(*byte)) {
        return Err(Errors);
    }
    let text = match domain {
        Cow::Borrowed(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).map_err(|_| Errors)?),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).map_err(|_| Errors)?),
    };
    let plain =
        |label: &str| label.is_ascii() && !label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    if !text.split('.').all(plain) {
        return spelled(&text).map(Cow::Owned);
    }
    Ok(if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { text })
}

/// The host of a URL that has no other parts. Nothing in `domain` ends a host: see [`AsciiDenyList::URL`].
#[cfg(target_arch = "wasm32")]
fn spelled(domain: &str) -> Result<String, Errors> {
    let url = web_sys::Url::new(&format!("https://{domain}/")).map_err(|_| Errors)?;
    Some(url.hostname()).filter(|host| !host.is_empty()).ok_or(Errors)
}

#[cfg(not(target_arch = "wasm32"))]
fn spelled(domain: &str) -> Result<String, Errors> {
    let labels = domain.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).map(|label| {
        let label = label.to_lowercase();
        if label.is_ascii() {
            Ok(label)
        } else {
            punycode::encode(&label).map(|code| format!("xn--{code}")).ok_or(Errors)
        }
    });
    Ok(labels.collect::<Result<Vec<_>, _>>()?.join("."))
}

/// A host as people write it: here as it is asked for.
pub fn domain_to_unicode(domain: &str) -> (String, Result<(), Errors>) {
    (domain.to_string(), Ok(()))
}
