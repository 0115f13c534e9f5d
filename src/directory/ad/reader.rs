//! Values of an entry, read with errors that name the DN and the attribute.

use super::entry::Entry;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use crate::model::address::AddressSet;
use crate::model::dn::Dn;
use crate::model::id::AdGuid;
use std::str::FromStr;
use uuid::Uuid;

/// An entry under reading.
pub struct Reader<'a> {
    entry: &'a Entry,
}

impl<'a> Reader<'a> {
    /// Reads this entry.
    pub const fn new(entry: &'a Entry) -> Self {
        Self { entry }
    }

    /// `distinguishedName`.
    pub fn dn(&self) -> Result<Dn, DirectoryError> {
        Dn::parse(&self.entry.dn).map_err(|e| self.problem("distinguishedName", &e.to_string()))
    }

    /// `objectGUID`.
    pub fn guid(&self) -> Result<AdGuid, DirectoryError> {
        let octets = self.required("objectGUID")?;
        let reason = || format!("it has {} octets, not 16", octets.len());
        Uuid::from_slice_le(octets).map(AdGuid).map_err(|_| self.problem("objectGUID", &reason()))
    }

    /// `proxyAddresses`.
    pub fn addresses(&self) -> Result<AddressSet, DirectoryError> {
        let values = self.entry.values("proxyAddresses").iter().map(|value| self.text("proxyAddresses", value));
        Ok(values.collect::<Result<Vec<String>, _>>()?.into_iter().collect())
    }

    /// What is wrong with an attribute of this entry.
    pub fn problem(&self, attribute: &str, reason: &str) -> DirectoryError {
        let dn = one_line(&self.entry.dn);
        DirectoryError::new(ErrorKind::Broken, format!("read {attribute} of {dn}"), one_line(reason))
    }

    /// What every object has is not there.
    pub fn missing(&self, attribute: &str) -> DirectoryError {
        self.problem(attribute, "the domain controller did not send it, although every object of its kind has it")
            .with_hint(format!(
                "give the account that matchplan binds as the right to read {attribute}; \
             Authenticated Users have it unless somebody took it away"
            ))
    }

    /// The only value, or `None`.
    pub fn single(&self, attribute: &str) -> Result<Option<&'a [u8]>, DirectoryError> {
        match self.entry.values(attribute) {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            more => Err(self.problem(attribute, &format!("it has {} values and should have one", more.len()))),
        }
    }

    /// The only value, which must be there.
    pub fn required(&self, attribute: &str) -> Result<&'a [u8], DirectoryError> {
        self.single(attribute)?.ok_or_else(|| self.missing(attribute))
    }

    fn text(&self, attribute: &str, value: &[u8]) -> Result<String, DirectoryError> {
        String::from_utf8(value.to_vec()).map_err(|_| self.problem(attribute, "a value is not UTF-8 text"))
    }

    /// The only value as text.
    pub fn string(&self, attribute: &str) -> Result<Option<String>, DirectoryError> {
        self.single(attribute)?.map(|value| self.text(attribute, value)).transpose()
    }

    /// The only value as a number.
    pub fn integer<N: FromStr>(&self, attribute: &str) -> Result<Option<N>, DirectoryError> {
        let Some(text) = self.string(attribute)? else { return Ok(None) };
        let bits = size_of::<N>() * 8;
        text.parse().map(Some).map_err(|_| self.problem(attribute, &format!("{text:?} is not a {bits}-bit integer")))
    }
}
