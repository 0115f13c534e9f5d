//! The numbers that a seed gives: SHA-256 of the seed and of what is decided. It is the same on every machine and with
//! every version of Rust, which the standard library's hashes are not.

use ring::digest::{Context, SHA256};

/// Numbers of one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A number below `end` for the `nth` decision of this `purpose` about `subject`.
    pub fn below(self, end: u32, purpose: &str, subject: &str, nth: u32) -> u32 {
        let mut context = Context::new(&SHA256);
        context.update(&self.0.to_be_bytes());
        context.update(&nth.to_be_bytes());
        for text in [purpose, subject] {
            // The length keeps two texts apart that only together are the same.
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        let digest = context.finish();
        let octets = digest.as_ref().first_chunk().copied().unwrap_or_default();
        // 64 bits modulo a small number: what is uneven about it is far below anything that a rate can tell.
        u32::try_from(u64::from_be_bytes(octets) % u64::from(end.max(1))).unwrap_or_default()
    }

    /// The kind that a draw from a thousand falls on.
    pub fn choose<K: Copy>(self, rates: &[(K, u16)], purpose: &str, subject: &str, nth: u32) -> Option<K> {
        let mut drawn = self.below(1000, purpose, subject, nth);
        for (kind, per_mille) in rates {
            let width = u32::from(*per_mille);
            if drawn < width {
                return Some(*kind);
            }
            drawn -= width;
        }
        None
    }
}
