//! What there is a page about.

use super::message::Message;
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;
use serde::{Serialize, Serializer};
use std::fmt;

/// Something that can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A finding of this tool.
    Finding(FindingCode),
    /// An error of the sync, by Microsoft's name.
    Error(MicrosoftError),
    /// Another message of Microsoft's.
    Message(Message),
}

impl Topic {
    /// Every topic.
    pub fn all() -> impl Iterator<Item = Self> {
        let findings = FindingCode::ALL.iter().copied().map(Self::Finding);
        let errors = MicrosoftError::ALL.iter().copied().map(Self::Error);
        findings.chain(errors).chain(Message::ALL.iter().copied().map(Self::Message))
    }

    /// Its code or name: what `matchplan explain` takes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finding(code) => code.as_str(),
            Self::Error(error) => error.as_str(),
            Self::Message(message) => message.as_str(),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
