//! One request to Graph as data. Paths and options are built from parts that are encoded here and nowhere else.

use super::permission::Operation;
use crate::directory::cost;
use crate::directory::error::{DirectoryError, ErrorKind};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;
use url::Url;

/// Which of Graph's versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `/v1.0`.
    V1,
    /// `/beta`, for what v1.0 does not have.
    Beta,
}

/// A request: what is sent, and what is said about it if it fails.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method; everything but GET is a write, unless [`Self::harmless`] says otherwise.
    pub method: Method,
    /// The version.
    pub version: Version,
    /// The path's segments, not encoded.
    pub path: Vec<String>,
    /// OData options, values not encoded.
    pub options: Vec<(&'static str, String)>,
    /// Whether `ConsistencyLevel: eventual` is sent, as advanced queries demand.
    pub eventual: bool,
    /// The JSON body.
    pub body: Option<Value>,
    /// Whether it changes nothing though it is no GET: a `$batch` of reads.
    pub harmless: bool,
    /// What is needed to be allowed to do this.
    pub operation: Operation,
    /// What is tried, in words: "read user …".
    pub what: String,
}

/// What a query value keeps: RFC 3986's unreserved characters, and those that OData options are full of and that mean
/// nothing in a query. Everything else is encoded, `+`, `&`, `'` and `=` too.
const VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',').remove(b'(').remove(b')');

/// What a path segment does not keep: what would end it or begin an escape, and every control character. `Url` by itself
/// leaves tabs and line ends out of a path before it reads it (URL Standard section 4.4), which makes `..` of `.<tab>.`.
const SEGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'/').add(b'<').add(b'>').add(b'?').add(b'\\').add(b'`');

impl Request {
    /// A request without options or body.
    pub fn new(method: Method, operation: Operation, what: impl Into<String>, path: &[&str]) -> Self {
        Self {
            method,
            version: Version::V1,
            path: path.iter().map(ToString::to_string).collect(),
            options: Vec::new(),
            eventual: false,
            body: None,
            harmless: false,
            operation,
            what: what.into(),
        }
    }

    /// A GET.
    pub fn get(operation: Operation, what: impl Into<String>, path: &[&str]) -> Self {
        Self::new(Method::GET, operation, what, path)
    }

    /// On the beta endpoint.
    #[must_use]
    pub const fn beta(mut self) -> Self {
        self.version = Version::Beta;
        self
    }

    /// `$select`.
    #[must_use]
    pub fn select(mut self, members: &[&str]) -> Self {
        self.options.push(("$select", members.join(",")));
        self
    }

    /// `$top=999`, the most that directory objects allow per page.
    #[must_use]
    pub fn large_pages(mut self) -> Self {
        self.options.push(("$top", "999".to_owned()));
        self
    }

    /// `$top=1`: whether there is any, and whether it may be read.
    #[must_use]
    pub fn one(mut self) -> Self {
        self.options.retain(|(name, _)| *name != "$top");
        self.options.push(("$top", "1".to_owned()));
        self
    }

    /// `$expand`.
    #[must_use]
    pub fn expand(mut self, expand: &'static str) -> Self {
        self.options.push(("$expand", expand.to_owned()));
        self
    }

    /// `$filter`.
    #[must_use]
    pub fn filter(mut self, filter: &Filter) -> Self {
        self.options.push(("$filter", filter.0.clone()));
        self
    }

    /// With `ConsistencyLevel: eventual` alone, as `/$count` demands it.
    #[must_use]
    pub const fn eventually(mut self) -> Self {
        self.eventual = true;
        self
    }

    /// As an advanced query: `$count=true` and `ConsistencyLevel: eventual`.
    #[must_use]
    pub fn advanced(mut self) -> Self {
        self.options.push(("$count", "true".to_owned()));
        self.eventual = true;
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// What it costs of the tenant's resource units ([`cost::units`]).
    pub fn units(&self) -> u64 {
        let has = |name: &str| self.options.iter().any(|(option, _)| *option == name);
        let base = if !self.is_write() && self.path.first().is_some_and(|first| first == "users") { 2 } else { 1 };
        cost::units(base, has("$select"), has("$expand"), false)
    }

    /// Whether it changes something.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET && !self.harmless
    }

    /// Path and query below the version, as a `$batch` writes them: `/users?$select=id`. Errors as [`Self::url`].
    pub fn relative(&self) -> Result<String, DirectoryError> {
        // Any base will do: what is below the version does not depend on it.
        let url = self.url(
            &Url::parse("https://graph")
                .map_err(|e| DirectoryError::new(ErrorKind::Broken, self.what.clone(), e.to_string()))?,
        )?;
        let path = url.path().trim_start_matches('/');
        let below = path.find('/').map_or("", |at| &path[at..]);
        Ok(url.query().map_or_else(|| below.to_owned(), |query| format!("{below}?{query}")))
    }

    /// The address below `base`. Errors: a segment that is empty, `.` or `..`, which would name another resource.
    pub fn url(&self, base: &Url) -> Result<Url, DirectoryError> {
        let unusable = |reason: String| DirectoryError::new(ErrorKind::Broken, self.what.clone(), reason);
        if let Some(bad) = self.path.iter().find(|segment| matches!(segment.as_str(), "" | "." | "..")) {
            return Err(unusable(format!("{bad:?} is no id")));
        }
        let mut url = base.clone();
        let version = match self.version {
            Version::V1 => "v1.0",
            Version::Beta => "beta",
        };
        if url.cannot_be_a_base() {
            return Err(unusable(format!("{base} is no base of a web address")));
        }
        let segments = self.path.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, SEGMENT)));
        url.set_path(&format!("{}/{version}{}", base.path().trim_end_matches('/'), segments.collect::<String>()));
        if !self.options.is_empty() {
            let options =
                self.options.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)));
            url.set_query(Some(&options.collect::<Vec<_>>().join("&")));
        }
        Ok(url)
    }
}

/// An OData `$filter` expression (OData 4.01 URL conventions, section 5.1.1). Values get in as literals only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// `property eq 'value'`; a `'` in the value is doubled, so that it cannot end the literal.
    pub fn eq(property: &'static str, value: &str) -> Self {
        Self(format!("{property} eq '{}'", value.replace('\'', "''")))
    }

    /// `property in ('a','b')`. Without a value, nothing.
    pub fn is_in(property: &'static str, values: &[&str]) -> Self {
        let quoted: Vec<String> = values.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
        Self(format!("{property} in ({})", quoted.join(",")))
    }

    /// `collection/any(v:v eq 'value')`.
    pub fn any_eq(collection: &'static str, value: &str) -> Self {
        Self(format!("{collection}/any(v:v eq '{}')", value.replace('\'', "''")))
    }

    /// `startswith(property,'value')`.
    pub fn starts_with(property: &'static str, value: &str) -> Self {
        Self(format!("startswith({property},'{}')", value.replace('\'', "''")))
    }

    /// Any of them; `None` without one.
    pub fn any_of(filters: impl IntoIterator<Item = Self>) -> Option<Self> {
        filters.into_iter().reduce(|one, other| Self(format!("{} or {}", one.0, other.0)))
    }

    /// `property eq true`.
    pub fn is_true(property: &'static str) -> Self {
        Self(format!("{property} eq true"))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self(format!("{} and {}", self.0, other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        "http://127.0.0.1:8080/".parse().unwrap()
    }

    #[test]
    fn values_stay_in_their_place() {
        let hostile = Filter::eq("onPremisesImmutableId", "a+/=' or 1 eq 1&$top=1");
        let url =
            Request::get(Operation::ReadUsers, "x", &["users"]).select(&["id", "mail"]).filter(&hostile).url(&base());
        assert_eq!(
            url.unwrap().as_str(),
            "http://127.0.0.1:8080/v1.0/users?$select=id,mail&\
             $filter=onPremisesImmutableId%20eq%20%27a%2B%2F%3D%27%27%20or%201%20eq%201%26%24top%3D1%27"
        );
    }

    #[test]
    fn lists_of_values_stay_lists() {
        assert_eq!(Filter::is_in("mail", &["a", "b'c"]).0, "mail in ('a','b''c')");
        let either = Filter::any_of(["x", "y'"].map(|value| Filter::any_eq("proxyAddresses", value))).unwrap();
        assert_eq!(either.0, "proxyAddresses/any(v:v eq 'x') or proxyAddresses/any(v:v eq 'y''')");
        assert_eq!(Filter::any_of([]), None);
    }

    #[test]
    fn segments_cannot_climb_or_split() {
        let path = |id: &str| Request::get(Operation::ReadUsers, "x", &["users", id]).beta().url(&base());
        assert_eq!(path("a/b?c#d%").unwrap().as_str(), "http://127.0.0.1:8080/beta/users/a%2Fb%3Fc%23d%25");
        for bad in ["", ".", ".."] {
            assert!(path(bad).is_err());
        }
        // A URL's own rules would leave tabs and line ends out, and make two dots of the second.
        assert_eq!(path("a\tb\r\n").unwrap().path(), "/beta/users/a%09b%0D%0A");
        assert_eq!(path(".\t.").unwrap().path(), "/beta/users/.%09.");
        assert_eq!(path("%2e%2e").unwrap().path(), "/beta/users/%252e%252e");
    }
}
