//! A Graph request, taken apart: path segments, query options, headers, JSON body.

use super::answer::{Refusal, Trace};
use axum::http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Which of Graph's two versions is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `/v1.0`.
    V1,
    /// `/beta`, which knows `onPremisesObjectIdentifier`.
    Beta,
}

impl Version {
    /// As it stands in a path.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }

    /// Reads a path segment.
    pub fn from_segment(segment: &str) -> Option<Self> {
        [Self::V1, Self::Beta].into_iter().find(|v| v.segment().eq_ignore_ascii_case(segment))
    }
}

/// A request body.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// None.
    None,
    /// JSON, declared so.
    Json(Value),
    /// A body without `Content-Type: application/json`.
    Undeclared,
    /// Declared as JSON, but it is none.
    Malformed(String),
}

impl Payload {
    /// Reads a body.
    pub fn parse(octets: &[u8], content_type: Option<&str>) -> Self {
        if octets.is_empty() {
            return Self::None;
        }
        if !content_type.is_some_and(|t| t.to_ascii_lowercase().contains("json")) {
            return Self::Undeclared;
        }
        // serde_json limits the depth to 128, so a hostile body cannot exhaust the stack.
        serde_json::from_slice(octets).map_or_else(|e| Self::Malformed(e.to_string()), Self::Json)
    }
}

/// A Graph request, on its own or as a batch item.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The version.
    pub version: Version,
    /// Where this server is, such as `http://127.0.0.1:4711`.
    pub root: String,
    /// The path after the version, still escaped, with its leading `/`.
    pub path: String,
    /// The path's segments, unescaped; `users('x')` counts as two.
    pub segments: Vec<String>,
    /// The query options in order, unescaped. The names of system options are spelled `$select` and in lower case.
    pub query: Vec<(String, String)>,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Payload,
    /// The ids and the time.
    pub trace: Trace,
}

/// What may stand bare in a query value that we write into a link.
const IN_QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',').remove(b'/');

/// The system query options, in lower case.
const SYSTEM: [&str; 10] =
    ["$select", "$filter", "$top", "$expand", "$orderby", "$count", "$search", "$skip", "$skiptoken", "$deltatoken"];

fn unescape(text: &str) -> Result<String, Refusal> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Refusal::odata("The request URI is not valid UTF-8."))
}

/// Splits `users('x')` and `users(userPrincipalName='x')` into the set and the key; leaves `delta()` as `delta`.
fn split_key(segment: &str) -> Vec<String> {
    let Some((set, key)) = segment.split_once('(').and_then(|(set, rest)| Some((set, rest.strip_suffix(')')?))) else {
        return vec![segment.to_owned()];
    };
    if key.is_empty() {
        return vec![set.to_owned()];
    }
    let value = match key.split_once('=') {
        Some((name, value)) if !name.contains('\'') => value,
        _ => key,
    };
    let bare = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).map(|v| v.replace("''", "'"));
    vec![set.to_owned(), bare.unwrap_or_else(|| value.to_owned())]
}

/// The path's segments.
///
/// # Errors
/// An escape that is no UTF-8.
pub fn segments(path: &str) -> Result<Vec<String>, Refusal> {
    let mut segments = Vec::new();
    for raw in path.split('/').filter(|s| !s.is_empty()) {
        segments.extend(split_key(&unescape(raw)?));
    }
    Ok(segments)
}

/// The query options: `+` is a space, `%2B` a plus, `%24filter` is `$filter`, names compare without case.
///
/// # Errors
/// An option given twice, or an escape that is no UTF-8.
pub fn query(raw: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut options: Vec<(String, String)> = Vec::new();
    for part in raw.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (unescape(&name.replace('+', " "))?, unescape(&value.replace('+', " "))?);
        let lower = name.to_ascii_lowercase();
        let name = SYSTEM.iter().find(|s| **s == lower || s[1..] == lower).map_or(name, |s| (*s).to_owned());
        if options.iter().any(|(n, _)| *n == name) {
            return Err(Refusal::odata(format!(
                "Query option '{name}' was specified more than once, but it must be specified at most once."
            )));
        }
        options.push((name, value));
    }
    Ok(options)
}

/// The headers by lower-case name; values that are no text are left out.
pub fn headers(map: &HeaderMap) -> BTreeMap<String, String> {
    map.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
}

impl Request {
    /// A query option's value.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// `ConsistencyLevel: eventual`, as a header or, as some clients do, as a query option.
    pub fn is_eventual(&self) -> bool {
        let option =
            self.query.iter().find(|(n, _)| n.eq_ignore_ascii_case("ConsistencyLevel")).map(|(_, v)| v.as_str());
        self.header("consistencylevel").or(option).is_some_and(|v| v.eq_ignore_ascii_case("eventual"))
    }

    /// `$count=true`.
    pub fn wants_count(&self) -> bool {
        self.option("$count").is_some_and(|v| v.eq_ignore_ascii_case("true"))
    }

    /// The URL that `@odata.context` starts with.
    pub fn metadata(&self) -> String {
        format!("{}/{}/$metadata", self.root, self.version.segment())
    }

    /// The path and the query options as they were meant, for telling this request from others.
    pub fn url_below_root(&self) -> String {
        let options = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let mark = if options.is_empty() { "" } else { "?" };
        format!("/{}{}{mark}{options}", self.version.segment(), self.path)
    }

    /// This request's URL with one option replaced.
    pub fn url_with(&self, option: &str, value: &str) -> String {
        let mut url = format!("{}/{}{}", self.root, self.version.segment(), self.path);
        let others = self.query.iter().filter(|(n, _)| n != option).map(|(n, v)| (n.as_str(), v.as_str()));
        for (i, (name, value)) in others.chain([(option, value)]).enumerate() {
            // A `$` stands bare in the name, as Graph writes it.
            let bare = name.strip_prefix('$');
            let _ = write!(
                url,
                "{}{}{}={}",
                if i == 0 { '?' } else { '&' },
                if bare.is_some() { "$" } else { "" },
                utf8_percent_encode(bare.unwrap_or(name), IN_QUERY),
                utf8_percent_encode(value, IN_QUERY)
            );
        }
        url
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// Graph's words for a body that is missing, undeclared, no JSON, or no object.
    pub fn json_object(&self) -> Result<&serde_json::Map<String, Value>, Refusal> {
        match &self.body {
            Payload::Json(Value::Object(object)) => Ok(object),
            Payload::None => Err(Refusal::odata("Empty Payload. JSON content expected.")),
            Payload::Undeclared => Err(Refusal::odata(
                "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
            )),
            Payload::Json(_) => Err(Refusal::odata("Unable to read JSON request payload. A JSON object is expected.")),
            Payload::Malformed(why) => Err(Refusal::odata(format!(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid \
                 JSON format. {why}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_space_and_an_escaped_one_is_a_plus() {
        let options = query("%24filter=a+eq+%27x%2By%27&select=id").unwrap();
        assert_eq!(options[0], ("$filter".to_owned(), "a eq 'x+y'".to_owned()));
        assert_eq!(options[1], ("$select".to_owned(), "id".to_owned()));
        assert!(query("$top=1&%24TOP=2").is_err());
    }

    #[test]
    fn keys_in_parentheses_are_segments() {
        assert_eq!(segments("/users('o''x%40contoso.com')").unwrap(), ["users", "o'x@contoso.com"]);
        assert_eq!(segments("/users(userPrincipalName='a@b.c')").unwrap(), ["users", "a@b.c"]);
        assert_eq!(segments("/users/delta()").unwrap(), ["users", "delta"]);
        assert_eq!(segments("/users/$count").unwrap(), ["users", "$count"]);
        assert!(segments("/users/%ff").is_err());
    }
}
