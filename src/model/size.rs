//! How large an input may be: what is larger is refused before it fills the memory.

use std::fmt;
use std::io::{self, Read};

/// More than anything of its kind has: reading it would only fill the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// How large it is, if that is known before reading (a pipe and a device do not say).
    pub size: Option<u64>,
    /// The most that is read.
    pub limit: u64,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = Size(self.limit);
        match self.size {
            Some(size) => write!(f, "its size is {}, and at most {limit} are read", Size(size)),
            None => write!(f, "it goes on after {limit}, and no more is read"),
        }
    }
}

impl std::error::Error for TooLarge {}

/// A number of octets in words: the largest unit that leaves a whole part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
        let Some((bits, unit)) = units.into_iter().find(|(bits, _)| self.0 >> bits > 0) else {
            return write!(f, "{} octets", self.0);
        };
        // One decimal, cut and not rounded: what is over a limit never looks like the limit.
        let tenths = (u128::from(self.0) * 10) >> bits;
        match tenths % 10 {
            0 if self.0.trailing_zeros() >= bits => write!(f, "{} {unit}", tenths / 10),
            tenth => write!(f, "{}.{tenth} {unit}", tenths / 10),
        }
    }
}

/// Reads an input to its end, if that comes within `limit` octets. `size` is what a file says of itself: one that is too
/// large is refused before anything is read; anything else is read to the limit and refused there. Errors:
/// [`TooLarge`] inside of an [`io::Error`], and those of reading.
pub fn read(input: impl Read, size: Option<u64>, limit: u64) -> io::Result<Vec<u8>> {
    if size.is_some_and(|size| size > limit) {
        return Err(io::Error::other(TooLarge { size, limit }));
    }
    let mut content = Vec::new();
    input.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::other(TooLarge { size: None, limit }));
    }
    Ok(content)
}

/// An input that is read as it comes, and refused ([`TooLarge`] inside of an [`io::Error`]) once it goes on after `limit`
/// octets.
#[derive(Debug)]
pub struct Limited<R> {
    input: R,
    limit: u64,
    left: u64,
}

impl<R: Read> Limited<R> {
    /// An input of which at most `limit` octets are read.
    pub const fn new(input: R, limit: u64) -> Self {
        Self { input, limit, left: limit }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(TooLarge { size: None, limit: self.limit }))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An input that a test must not read.
    struct Untouched;

    impl Read for Untouched {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("it was read")
        }
    }

    #[test]
    fn what_says_that_it_is_too_large_is_not_read() {
        let error = read(Untouched, Some(2 << 30), 64 << 20).unwrap_err();
        assert_eq!(error.to_string(), "its size is 2 GiB, and at most 64 MiB are read");
    }

    #[test]
    fn what_has_no_end_is_read_to_the_limit() {
        let error = read(io::repeat(0), None, 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it goes on after 1 MiB, and no more is read");
        // A file that grew while it was read, or a size that was not true.
        assert!(read(io::repeat(0), Some(3), 10).is_err());
        assert_eq!(read(io::repeat(7).take(10), None, 10).unwrap(), [7; 10]);
    }

    #[test]
    fn what_is_read_as_it_comes_is_refused_at_the_limit_too() {
        let read = |length: u64| io::copy(&mut Limited::new(io::repeat(7).take(length), 10), &mut io::sink());
        assert_eq!(read(10).unwrap(), 10);
        assert_eq!(read(11).unwrap_err().to_string(), "it goes on after 10 octets, and no more is read");
    }

    #[test]
    fn a_size_over_a_limit_never_looks_like_it() {
        let words = |octets: u64| Size(octets).to_string();
        assert_eq!([words(0), words(1023), words(1024), words(1536)], ["0 octets", "1023 octets", "1 KiB", "1.5 KiB"]);
        assert_eq!([words(64 << 20), words((64 << 20) + 1)], ["64 MiB", "64.0 MiB"]);
        assert_eq!(words(u64::MAX), "16777215.9 TiB");
    }
}
