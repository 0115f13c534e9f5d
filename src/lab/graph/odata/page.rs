//! `$skiptoken`: where the next page starts. Opaque to clients, as Graph's is.

use crate::lab::graph::answer::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The last item that the previous page showed: by id, and by place in case it is gone since.
#[derive(Serialize, Deserialize)]
pub struct SkipToken {
    /// The item's id.
    #[serde(rename = "a")]
    pub after: String,
    /// How many items came before the next page.
    #[serde(rename = "n")]
    pub seen: usize,
}

impl SkipToken {
    /// As it stands in a link.
    pub fn encode(&self) -> String {
        // A text and a number always serialise.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a token.
    ///
    /// # Errors
    /// A token that this server did not make.
    pub fn decode(text: &str) -> Result<Self, Refusal> {
        let octets = URL_SAFE_NO_PAD.decode(text).ok();
        octets.and_then(|o| serde_json::from_slice(&o).ok()).ok_or_else(|| {
            Refusal::coded(
                "Directory_ExpiredPageToken",
                "The specified page token value has expired and can no longer be included in your request.",
            )
        })
    }

    /// The place where the next page starts among the items of now.
    pub fn resume<'a>(&self, ids: impl Iterator<Item = &'a str>) -> usize {
        ids.into_iter().position(|id| id == self.after).map_or(self.seen, |at| at + 1)
    }
}
