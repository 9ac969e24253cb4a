//! Paths into JSON text. Pure.

use super::scan::{Entry, document, entries, unescaped};

/// A way from a value to a part of it, or to several.
#[derive(Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    /// An element counted from the end, where 1 is the last.
    FromEnd(usize),
    /// A key, or an index where it is in an array.
    Either(String),
    EveryKey,
    EveryElement,
}

impl Path {
    /// To the value itself.
    pub fn root() -> Path {
        Path(Vec::new())
    }

    /// To one element, counted from 0, or from the end where it is below 0.
    pub fn index(index: i64) -> Path {
        Path(vec![place(index)])
    }

    /// Reads a path as DuckDB does: `$.a."b c"[0][#-1]`, a pointer `/a/0`, or a key, dots and all. `None` where it is none.
    pub fn lenient(text: &str) -> Option<Path> {
        match text.chars().next() {
            None => Some(Path::root()),
            Some('$') => Path::parse(text),
            Some('/') => Some(Path::pointer(text)),
            Some(_) => Some(Path(vec![Step::Key(text.into())])),
        }
    }

    /// Reads a path as Spark reads those into variants: no wildcards, nothing counted from the end.
    pub fn strict(text: &str) -> Option<Path> {
        let plain = |path: &Path| path.0.iter().all(|step| matches!(step, Step::Key(_) | Step::Index(_)));
        Path::parse(text).filter(plain)
    }

    /// Whether it leads to several parts.
    pub fn is_wild(&self) -> bool {
        self.0.iter().any(|step| matches!(step, Step::EveryKey | Step::EveryElement))
    }

    fn pointer(text: &str) -> Path {
        let name = |part: &str| Step::Either(part.replace("~1", "/").replace("~0", "~"));
        Path(text.split('/').skip(1).map(name).collect())
    }

    fn parse(text: &str) -> Option<Path> {
        let mut rest = text.trim().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step;
            (step, rest) = match rest.strip_prefix('.') {
                Some(named) => self::named(named)?,
                None => bracketed(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
        }
        Some(Path(steps))
    }

    /// The part of `json` at the end of the path, as text, if it is there. An error where `json` is none.
    pub fn find<'a>(&self, json: &'a str) -> Result<Option<&'a str>, String> {
        let mut found = document(json)?;
        for step in &self.0 {
            match step.entry(found) {
                Some(entry) => found = entry.value,
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// All parts that a path with wildcards leads to.
    pub fn find_all<'a>(&self, json: &'a str) -> Result<Vec<&'a str>, String> {
        let mut found = vec![document(json)?];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.values(value)).collect();
        }
        Ok(found)
    }
}

impl Step {
    fn entry<'a>(&self, value: &'a str) -> Option<Entry<'a>> {
        let object = value.starts_with('{');
        let mut entries = entries(value);
        match self {
            Step::Key(name) if object => entries.find(|entry| named_so(entry, name)),
            Step::Index(index) if !object => entries.nth(*index),
            Step::FromEnd(back) if !object && *back > 0 => {
                entries.nth(self::entries(value).count().checked_sub(*back)?)
            }
            Step::Either(name) if object => entries.find(|entry| named_so(entry, name)),
            Step::Either(index) if index == "0" || !index.starts_with('0') => entries.nth(index.parse().ok()?),
            _ => None,
        }
    }

    fn values<'a>(&self, value: &'a str) -> Vec<&'a str> {
        let object = value.starts_with('{');
        match self {
            Step::EveryKey if object => entries(value).map(|entry| entry.value).collect(),
            Step::EveryElement if !object => entries(value).map(|entry| entry.value).collect(),
            Step::EveryKey | Step::EveryElement => Vec::new(),
            step => step.entry(value).map(|entry| entry.value).into_iter().collect(),
        }
    }
}

fn named_so(entry: &Entry<'_>, name: &str) -> bool {
    entry.key.is_some_and(|key| key == name || (key.contains('\\') && unescaped(key).is_some_and(|key| key == name)))
}

fn place(index: i64) -> Step {
    let places = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if index < 0 { Step::FromEnd(places) } else { Step::Index(places) }
}

/// What stands behind a dot: `name`, `"a name"` or `*`; and the rest of the path.
fn named(text: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = quoted.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        let name = unescaped(quoted.get(..end)?)?;
        return Some((Step::Key(name.into_owned()), quoted.get(end + 1..)?));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match name {
        "" => None,
        "*" => Some((Step::EveryKey, rest)),
        name => Some((Step::Key(name.into()), rest)),
    }
}

/// What stands behind an opening bracket: a quoted name, a number, `#-1` or `*`; and the rest of the path.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (name, rest) = quoted.split_once(quote)?;
            return Some((Step::Key(name.to_string()), rest.strip_prefix(']')?));
        }
    }
    let (index, rest) = text.split_once(']')?;
    let step = match (index.trim(), index.trim().strip_prefix('#')) {
        ("*", _) => Step::EveryElement,
        // Behind the last.
        (_, Some("")) => Step::FromEnd(0),
        (_, Some(back)) => place(back.parse().ok().filter(|back| *back < 0)?),
        (index, None) => place(index.parse().ok().filter(|_| !index.starts_with('+'))?),
    };
    Some((step, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"a":{"b c":[1,{"d":"x"}],"e":null},"a.b":2,"ä\"":3,"2024":4,"":5,"x/y":6}"#;

    #[test]
    fn paths_lead_to_parts() {
        for (path, expected) in [
            ("$", Some(JSON)),
            ("", Some(JSON)),
            ("$.a.e", Some("null")),
            ("$.a['b c'][0]", Some("1")),
            ("$.a[\"b c\"][1].d", Some("\"x\"")),
            ("$.a.\"b c\"[#-1].d", Some("\"x\"")),
            ("$.a.\"b c\"[-2]", Some("1")),
            ("$.a.\"b c\"[-3]", None),
            ("$.a.\"b c\"[#]", None),
            ("$['a.b']", Some("2")),
            ("$.\"a.b\"", Some("2")),
            ("a.b", Some("2")),
            ("$['ä\"']", Some("3")),
            ("$.\"ä\\\"\"", Some("3")),
            ("$.2024", Some("4")),
            ("2024", Some("4")),
            ("/2024", Some("4")),
            ("/", Some("5")),
            ("/x~1y", Some("6")),
            ("/a/b c/0", Some("1")),
            ("/a/b c/01", None),
            ("/a/b c/1/d", Some("\"x\"")),
            ("$.A", None),
            ("$.a[0]", None),
            ("$[0]", None),
            ("$.a['b c'][2]", None),
            ("$.a['b c'].d", None),
        ] {
            assert_eq!(Path::lenient(path).unwrap().find(JSON), Ok(expected), "{path}");
        }
        assert_eq!(Path::index(-1).find("[1, 2]"), Ok(Some("2")));
        for broken in ["$a", "$.", "$..a", "$[", "$[a]", "$['a'", "$[+1]", "$[#1]", "$[0]a", "$.\"a"] {
            assert_eq!(Path::lenient(broken), None, "{broken}");
        }
        for broken in ["", "a", "/a", "$[-1]", "$[*]", "$.*"] {
            assert_eq!(Path::strict(broken), None, "{broken}");
        }
        assert!(Path::parse("$.a").unwrap().find("{\"a\":").is_err());
        assert!(Path::parse("$.a").unwrap().find(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn wildcards_lead_to_every_part() {
        let all = |path: &str| Path::lenient(path).unwrap().find_all(JSON).unwrap();
        assert_eq!(all("$.a.*"), ["[1,{\"d\":\"x\"}]", "null"]);
        assert_eq!(all("$.a.\"b c\"[*]"), ["1", "{\"d\":\"x\"}"]);
        assert!(all("$.a[*]").is_empty() && all("$[*].x").is_empty());
        assert!(Path::lenient("$[*]").unwrap().is_wild() && !Path::root().is_wild());
    }
}
