//! Paths into JSON text. Pure.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A way from a value to a part of it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sql) struct Path(Vec<Step>);

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    /// To the value itself.
    pub(in crate::sql) fn root() -> Path {
        Path(Vec::new())
    }

    /// To the value of one key, whatever is in it.
    pub(in crate::sql) fn key(name: &str) -> Path {
        Path(vec![Step::Key(name.into())])
    }

    /// To one element, counted from 0.
    pub(in crate::sql) fn index(index: usize) -> Path {
        Path(vec![Step::Index(index)])
    }

    /// Reads `$.a['b c'][0]`; `None` where it is no path.
    pub(in crate::sql) fn parse(text: &str) -> Option<Path> {
        let mut rest = text.trim().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step;
            (step, rest) = match rest.strip_prefix('.') {
                Some(named) => {
                    let end = named.find(['.', '[']).unwrap_or(named.len());
                    let (name, rest) = named.split_at(end);
                    (Step::Key((!name.is_empty()).then(|| name.to_string())?), rest)
                }
                None => bracketed(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
        }
        Some(Path(steps))
    }

    /// The part of `json` at the end of the path, as text, if it is there. An error where `json` is none.
    pub(in crate::sql) fn find<'a>(&self, json: &'a str) -> Result<Option<&'a str>, String> {
        let mut found: &RawValue = serde_json::from_str(json).map_err(|error| format!("no JSON: {error}"))?;
        for step in &self.0 {
            let kind = found.get().as_bytes().first();
            if !matches!((step, kind), (Step::Key(_), Some(b'{')) | (Step::Index(_), Some(b'['))) {
                return Ok(None);
            }
            let mut parser = serde_json::Deserializer::from_str(found.get());
            match step.deserialize(&mut parser).map_err(|error| error.to_string())? {
                Some(part) => found = part,
                None => return Ok(None),
            }
        }
        Ok(Some(found.get()))
    }
}

/// How many elements a JSON array has; `None` of anything else.
pub(in crate::sql) fn elements(json: &str) -> Option<usize> {
    serde_json::from_str::<Vec<IgnoredAny>>(json).ok().map(|elements| elements.len())
}

/// The keys of a JSON object in their order; `None` of anything else.
pub(in crate::sql) fn keys(json: &str) -> Option<Vec<String>> {
    let mut parser = serde_json::Deserializer::from_str(json);
    parser.deserialize_map(Keys).ok()
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            keys.push(key);
        }
        Ok(keys)
    }
}

fn bracketed(text: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (name, rest) = quoted.split_once(quote)?;
            return Some((Step::Key(name.to_string()), rest.strip_prefix(']')?));
        }
    }
    let (index, rest) = text.split_once(']')?;
    Some((Step::Index(index.trim().parse().ok()?), rest))
}

impl<'de> DeserializeSeed<'de> for &Step {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Step {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(key) = map.next_key_seed(Name)? {
            match self {
                Step::Key(wanted) if *wanted == key && found.is_none() => found = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Self::Value, S::Error> {
        let mut found = None;
        let mut index = 0;
        while let Some(element) = elements.next_element()? {
            if matches!(self, Step::Index(wanted) if *wanted == index) {
                found = Some(element);
            }
            index += 1;
        }
        Ok(found)
    }
}

/// A key, borrowed where nothing in it is escaped.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_parts() {
        let json = r#"{"a":{"b c":[1,{"d":"x"}],"e":null},"a.b":2,"ä\"":3}"#;
        for (path, expected) in [
            ("$", Some(json)),
            ("$.a.e", Some("null")),
            ("$.a['b c'][0]", Some("1")),
            ("$.a[\"b c\"][1].d", Some("\"x\"")),
            ("$['a.b']", Some("2")),
            ("$['ä\"']", Some("3")),
            ("$.A", None),
            ("$.a[0]", None),
            ("$[0]", None),
            ("$.a['b c'][2]", None),
            ("$.a['b c'].d", None),
        ] {
            assert_eq!(Path::parse(path).unwrap().find(json), Ok(expected), "{path}");
        }
        for broken in ["", "a", "$a", "$.", "$..a", "$[", "$[a]", "$['a'", "$[-1]", "$[0]a"] {
            assert_eq!(Path::parse(broken), None, "{broken}");
        }
        assert!(Path::parse("$.a").unwrap().find("{\"a\":").is_err());
        assert!(Path::parse("$.a").unwrap().find(&"[".repeat(100_000)).is_err());
    }
}
