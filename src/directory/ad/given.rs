//! A search filter that a person gave, checked before it goes anywhere.

use std::fmt;

/// The longest filter that is taken; a domain controller takes no longer ones either in practice.
const LONGEST: usize = 8 * 1024;
/// How deep filters may nest: each level costs the parser and the server a call.
const DEEPEST: usize = 64;

/// A filter in the form of RFC 4515: one whole parenthesised expression, so that it can stand inside of another one
/// without reaching out of its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenFilter(String);

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It does not begin with `(`.
    #[error("it must begin with ( and end with )")]
    Bare,
    /// Not the grammar of RFC 4515.
    #[error("it is not of the form that RFC 4515 describes")]
    Malformed,
    /// Too long.
    #[error("it is longer than {LONGEST} octets")]
    TooLong,
    /// Nested too deep.
    #[error("it nests deeper than {DEEPEST} levels")]
    TooDeep,
}

impl GivenFilter {
    /// Checks a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(FilterError::TooLong);
        }
        if !text.starts_with('(') {
            return Err(FilterError::Bare);
        }
        // A parenthesis inside of a value is written `\28`, so that counting them is enough.
        let mut depth = 0_usize;
        for octet in text.bytes() {
            match octet {
                b'(' => depth += 1,
                b')' => depth = depth.checked_sub(1).ok_or(FilterError::Malformed)?,
                _ => {}
            }
            if depth > DEEPEST {
                return Err(FilterError::TooDeep);
            }
        }
        if depth != 0 {
            return Err(FilterError::Malformed);
        }
        // The very parser that the filter will go through on its way to the server; it takes whole texts only.
        ldap3::parse_filter(text).map_err(|()| FilterError::Malformed)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GivenFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_filters_are_taken() {
        for good in [
            "(mail=*)",
            " (&(objectClass=user)(!(mail=*@contoso.com))) ",
            "(cn=J\\c3\\bcrgen)",
            "(cn=Jürgen)",
            "(|(a=b)(c>=d)(memberOf:1.2.840.113556.1.4.1941:=CN=x,DC=y))",
        ] {
            assert_eq!(GivenFilter::parse(good).unwrap().as_str(), good.trim());
        }
    }

    #[test]
    fn what_could_reach_out_of_its_place_is_refused() {
        for (bad, why) in [
            ("", FilterError::Bare),
            ("mail=*", FilterError::Bare),
            ("(mail=*", FilterError::Malformed),
            ("(mail=*))", FilterError::Malformed),
            ("(mail=*)(cn=*)", FilterError::Malformed),
            ("(a=b))(|(c=d)", FilterError::Malformed),
            ("(&(mail=*)", FilterError::Malformed),
            ("(mail)", FilterError::Malformed),
            ("(cn=a\\zz)", FilterError::Malformed),
        ] {
            assert_eq!(GivenFilter::parse(bad), Err(why), "{bad}");
        }
        let deep = format!("{}(a=b){}", "(!".repeat(64), ")".repeat(64));
        assert_eq!(GivenFilter::parse(&deep), Err(FilterError::TooDeep));
        assert_eq!(GivenFilter::parse(&format!("(a={})", "b".repeat(LONGEST))), Err(FilterError::TooLong));
    }
}
