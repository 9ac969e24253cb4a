//! What a reply to a GET is worth: the bytes of the object it brings, or why it brings none. Pure.
//!
//! <https://www.rfc-editor.org/rfc/rfc9110#name-range-requests>. The rules, where hosts and CORS differ from it:
//!
//! - a 206 whose `Content-Range` CORS hides is valid, and taken to start where it was asked to;
//! - a visible `Content-Range` has to be what was asked for, shorter only where the object ends;
//! - a 200 brings the whole object, whatever was asked;
//! - `Content-Length` is not the object's size (of a compressed body it is less): the body's own length is.

use super::retry::Failure;
use super::transport::{Response, http_date};
use bytes::Bytes;
use std::ops::Range;

/// Bytes of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage) struct Reply {
    /// What of the object came, from `start` on. It is less than was asked for only where the object ends.
    pub bytes: Bytes,
    /// The position in the object of the first byte; never past what was asked for.
    pub start: u64,
    /// The object's size, where it is known.
    pub size: Option<u64>,
    /// In milliseconds since the Unix epoch, where the host says.
    pub last_modified: Option<i64>,
}

impl Reply {
    /// Where in the object these bytes are.
    pub fn span(&self) -> Range<u64> {
        self.start..self.start + self.bytes.len() as u64
    }

    /// The bytes of `range`, if all of them came.
    pub fn slice(&self, range: &Range<u64>) -> Option<Bytes> {
        let start = usize::try_from(range.start.checked_sub(self.start)?).ok()?;
        let end = usize::try_from(range.end.checked_sub(self.start)?).ok()?;
        (start <= end && end <= self.bytes.len()).then(|| self.bytes.slice(start..end))
    }
}

/// Judges the reply to a GET of `range` (`None`: of the whole object).
pub(in crate::storage) fn judge(range: Option<&Range<u64>>, response: Response) -> Result<Reply, Failure> {
    let last_modified = response.last_modified.as_deref().and_then(http_date);
    let reply = |bytes: Bytes, start, size| Reply { bytes, start, size, last_modified };
    match (response.status, range) {
        (200 | 203, _) => {
            let size = response.body.len() as u64;
            Ok(reply(response.body, 0, Some(size)))
        }
        (206, Some(range)) => {
            let size = judge_part(range, &response)?;
            Ok(reply(response.body, range.start, size))
        }
        (206, None) => Err(Failure::Contradiction("a part of the object came, all of it was asked for".into())),
        (416, Some(range)) => {
            let size = judge_unsatisfied(range, response.content_range.as_deref())?;
            Ok(reply(Bytes::new(), range.start, size))
        }
        (status, _) => Err(Failure::Status {
            status,
            retry_after: response.retry_after,
            // Enough for the error documents of the known hosts.
            body: response.body.slice(..response.body.len().min(4096)),
        }),
    }
}

/// The object's size, where a 206 tells it.
fn judge_part(asked: &Range<u64>, response: &Response) -> Result<Option<u64>, Failure> {
    let length = response.body.len() as u64;
    let Some(header) = response.content_range.as_deref() else {
        return judge_hidden_part(asked, length, response.content_length);
    };
    let contradiction = || Failure::Contradiction(format!("asked for bytes {asked:?}, Content-Range is \"{header}\""));
    let (Some(part), size) = parse_content_range(header).ok_or_else(contradiction)? else {
        return Err(contradiction());
    };
    let ends_right = part.end == asked.end || (part.end < asked.end && size == Some(part.end));
    if part.start != asked.start || !ends_right || size.is_some_and(|size| size < part.end) {
        return Err(contradiction());
    }
    match length.cmp(&(part.end - part.start)) {
        std::cmp::Ordering::Less => Err(short(length, part.end - part.start)),
        std::cmp::Ordering::Equal => Ok(size),
        std::cmp::Ordering::Greater => Err(contradiction()),
    }
}

/// The same without a `Content-Range`: a body that is shorter than asked for is either the object's end or a broken
/// connection. If it is as long as announced, the host meant it so.
fn judge_hidden_part(asked: &Range<u64>, length: u64, announced: Option<u64>) -> Result<Option<u64>, Failure> {
    let expected = asked.end - asked.start;
    if length == expected {
        Ok(None)
    } else if length < expected && announced == Some(length) {
        Ok(Some(asked.start + length))
    } else if length < expected {
        Err(short(length, expected))
    } else {
        Err(Failure::Contradiction(format!("asked for {expected} bytes, {length} came")))
    }
}

/// The object's size, as far as a 416 tells it. Only an object that ends before the range may answer so.
fn judge_unsatisfied(asked: &Range<u64>, content_range: Option<&str>) -> Result<Option<u64>, Failure> {
    match content_range.and_then(parse_content_range) {
        Some((_, Some(size))) if size > asked.start => {
            Err(Failure::Contradiction(format!("bytes {asked:?} of {size} were answered with status 416")))
        }
        Some((_, Some(size))) => Ok(Some(size)),
        // Nothing from the first byte on: an empty object.
        _ => Ok((asked.start == 0).then_some(0)),
    }
}

fn short(length: u64, expected: u64) -> Failure {
    Failure::Dropped(format!("the body ended after {length} of {expected} bytes"))
}

/// The part and the size of `bytes 0-9/100`, `bytes 0-9/*`, `bytes */100`.
fn parse_content_range(header: &str) -> Option<(Option<Range<u64>>, Option<u64>)> {
    let (unit, rest) = header.trim().split_once(' ')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (part, size) = rest.trim().split_once('/')?;
    let size = if size == "*" { None } else { Some(size.parse().ok()?) };
    if part == "*" {
        return Some((None, size));
    }
    let (first, last) = part.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((Some(first..last.checked_add(1)?), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(body: &'static [u8], content_range: Option<&str>, content_length: Option<u64>) -> Response {
        Response {
            status: 206,
            content_range: content_range.map(str::to_owned),
            content_length,
            body: Bytes::from_static(body),
            ..Response::default()
        }
    }

    fn judged(range: Range<u64>, response: Response) -> Result<(Bytes, u64, Option<u64>), Failure> {
        judge(Some(&range), response).map(|reply| (reply.bytes, reply.start, reply.size))
    }

    fn is_contradiction(range: Range<u64>, response: Response) -> bool {
        matches!(judged(range, response), Err(Failure::Contradiction(_)))
    }

    fn is_dropped(range: Range<u64>, response: Response) -> bool {
        matches!(judged(range, response), Err(Failure::Dropped(_)))
    }

    #[test]
    fn a_visible_content_range_tells_the_size() {
        let body = Bytes::from_static(b"cdef");
        assert_eq!(judged(2..6, part(b"cdef", Some("bytes 2-5/10"), None)), Ok((body.clone(), 2, Some(10))));
        assert_eq!(judged(2..6, part(b"cdef", Some("bytes 2-5/*"), None)), Ok((body.clone(), 2, None)));
        assert_eq!(
            judged(2..9, part(b"cdef", Some("bytes 2-5/6"), None)),
            Ok((body, 2, Some(6))),
            "shorter at the end"
        );
    }

    #[test]
    fn a_visible_content_range_has_to_be_what_was_asked() {
        assert!(is_contradiction(2..6, part(b"abcd", Some("bytes 0-3/10"), None)), "other start");
        assert!(is_contradiction(2..6, part(b"cd", Some("bytes 2-3/10"), None)), "shorter before the end");
        assert!(is_contradiction(2..6, part(b"cd", Some("bytes 2-3/*"), None)), "shorter, the end unknown");
        assert!(is_contradiction(2..6, part(b"cdefgh", Some("bytes 2-7/10"), None)), "longer");
        assert!(is_contradiction(2..6, part(b"cdef", Some("bytes 2-5/4"), None)), "past the size");
        assert!(is_contradiction(2..6, part(b"cdef", Some("bytes */10"), None)));
        assert!(is_contradiction(2..6, part(b"cdef", Some("nonsense"), None)));
        assert!(is_contradiction(2..6, part(b"cdefg", Some("bytes 2-5/10"), None)), "a longer body");
        assert!(is_dropped(2..6, part(b"cd", Some("bytes 2-5/10"), None)), "a shorter body");
    }

    #[test]
    fn a_hidden_content_range_is_valid() {
        let body = Bytes::from_static(b"cdef");
        assert_eq!(judged(2..6, part(b"cdef", None, None)), Ok((body.clone(), 2, None)));
        assert_eq!(
            judged(2..6, part(b"cdef", None, Some(3))),
            Ok((body.clone(), 2, None)),
            "Content-Length is not trusted"
        );
        assert_eq!(
            judged(2..9, part(b"cdef", None, Some(4))),
            Ok((body, 2, Some(6))),
            "as announced: the object's end"
        );
        assert!(is_dropped(2..9, part(b"cdef", None, None)));
        assert!(is_dropped(2..9, part(b"cdef", None, Some(7))));
        assert!(is_contradiction(2..4, part(b"cdef", None, Some(4))));
    }

    #[test]
    fn a_200_is_the_whole_object_whatever_it_announces() {
        let response = Response {
            status: 200,
            content_length: Some(3),
            last_modified: Some("Wed, 21 Oct 2015 07:28:00 GMT".into()),
            body: Bytes::from_static(b"abcdef"),
            ..Response::default()
        };
        let reply = judge(Some(&(2..4)), response).unwrap();
        assert_eq!((reply.span(), reply.size), (0..6, Some(6)));
        assert_eq!(reply.last_modified, Some(1_445_412_480_000));
        assert_eq!(reply.slice(&(2..4)), Some(Bytes::from_static(b"cd")));
        assert_eq!(reply.slice(&(4..7)), None);
    }

    #[test]
    fn a_416_is_an_object_that_ends_before_the_range() {
        let unsatisfied = |content_range: Option<&str>| Response {
            status: 416,
            content_range: content_range.map(str::to_owned),
            ..Response::default()
        };
        assert_eq!(judged(0..9, unsatisfied(Some("bytes */0"))), Ok((Bytes::new(), 0, Some(0))));
        assert_eq!(judged(0..9, unsatisfied(None)), Ok((Bytes::new(), 0, Some(0))));
        assert_eq!(judged(5..9, unsatisfied(Some("bytes */5"))), Ok((Bytes::new(), 5, Some(5))));
        assert_eq!(judged(5..9, unsatisfied(None)), Ok((Bytes::new(), 5, None)));
        assert!(is_contradiction(5..9, unsatisfied(Some("bytes */6"))));
    }

    #[test]
    fn a_part_of_an_object_asked_for_whole_is_refused() {
        assert!(matches!(judge(None, part(b"ab", Some("bytes 0-1/9"), None)), Err(Failure::Contradiction(_))));
    }
}
